"""One scene per test, on a fresh database of the real PostgreSQL."""

from collections.abc import AsyncGenerator

import httpx2
import pytest

from chassis import access, migrations
from chassis.consumer import Consumer
from chassis.database import Database
from chassis.settings import KafkaSettings, OidcSettings
from chassis.testing.access import Issuer
from chassis.testing.postgres import Databases
from payment.app import build
from payment.gateways.vnpay import Vnpay
from payment.inquiries import Inquiries
from payment.settings import Settings, VnpaySettings
from payment.subscribers import SUBSCRIPTIONS

from .scene import SECRET, TERMINAL, FakeVnpay, Scene, StoppedClock


@pytest.fixture
async def database(databases: Databases) -> AsyncGenerator[Database]:
    async with databases.fresh(
        "payment", lambda engine: migrations.upgrade(engine, "payment")
    ) as database:
        yield database


@pytest.fixture
def settings(database: Database, kafka_settings: KafkaSettings) -> Settings:
    return Settings(
        database_url=database.engine.url.render_as_string(hide_password=False),
        http_port=1,
        kafka=kafka_settings,
        oidc=OidcSettings(issuer="https://identity.test", audience="motcua"),
        public_url="https://motcua.test",  # pyright: ignore[reportArgumentType] - read as a URL
        vnpay=VnpaySettings.model_validate(
            {
                "url": "https://vnpay.test/paymentv2/vpcpay.html",
                "api_url": "https://vnpay.test/merchant_webapi/api/transaction",
                "tmn_code": TERMINAL,
                "hash_secret": SECRET,
            }
        ),
    )


@pytest.fixture
async def scene(settings: Settings) -> AsyncGenerator[Scene]:
    vnpay, clock, issuer = FakeVnpay(), StoppedClock(), Issuer(settings.oidc)
    client = httpx2.AsyncClient(transport=httpx2.MockTransport(vnpay))
    service = build(settings, client=client, clock=clock)
    access.install(service.http, issuer.tokens())
    consumer = Consumer(
        "payment.dossiers", SUBSCRIPTIONS[0], transaction=service.transaction, clock=clock
    )
    gateways = {"vnpay": Vnpay(settings.vnpay_account(), client, clock)}
    transport = httpx2.ASGITransport(service.http)
    async with httpx2.AsyncClient(transport=transport, base_url="http://payment") as http:
        inquiries = Inquiries(service, gateways)
        yield Scene(service, consumer, inquiries, http, vnpay, clock, issuer)
    await service.database.close()
