"""A service as a whole: HTTP, relay, consumer and sweeps on the real engines."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from socket import socket

import httpx2
import pytest
from fastapi import APIRouter

from chassis.app import Service
from chassis.consumer import Subscription
from chassis.database import Database
from chassis.settings import KafkaSettings, OidcSettings, ServiceSettings
from chassis.testing.dossiers import dossier_id, received
from chassis.testing.kafka import make_topics, read
from motcua_contracts.dossier import DossierReceived
from motcua_contracts.topics import DOSSIER_EVENTS, PAYMENT_EVENTS

from .conftest import VisitWork, handle_received


def free_port() -> int:
    with socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture
def settings(database: Database, kafka_settings: KafkaSettings) -> ServiceSettings:
    return ServiceSettings(
        database_url=database.engine.url.render_as_string(hide_password=False),
        http_port=free_port(),
        kafka=kafka_settings,
        oidc=OidcSettings(issuer="http://127.0.0.1:1", audience="motcua"),
    )


@asynccontextmanager
async def serving(service: Service[VisitWork]) -> AsyncGenerator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(service.http)
    async with (
        service.http.router.lifespan_context(service.http),
        httpx2.AsyncClient(transport=transport, base_url="http://service") as client,
    ):
        yield client


async def test_an_event_goes_from_http_through_kafka_to_a_handler(
    settings: ServiceSettings, kafka_settings: KafkaSettings, database: Database
) -> None:
    await make_topics(kafka_settings, DOSSIER_EVENTS.name, PAYMENT_EVENTS.name, partitions=12)
    intake = Service("intake", settings, work=VisitWork)
    router = APIRouter()

    @router.post("/receive/{dossier}")
    async def receive(dossier: str) -> None:
        async with intake.request() as work:
            work.announce(received(dossier))

    intake.route(router)
    intake.subscribe(
        Subscription(
            f"visits-{settings.http_port}", (DOSSIER_EVENTS,), {DossierReceived: handle_received}
        )
    )
    dossier = dossier_id()
    async with serving(intake) as client:
        answer = await client.post(
            f"/receive/{dossier}", headers={"X-Correlation-ID": "from-outside"}
        )
        assert answer.status_code == 200
        headers = await _headers(kafka_settings, PAYMENT_EVENTS.name, dossier)
        assert headers["ce_correlationid"] == b"from-outside"
        assert (await client.get("/livez")).status_code == 200
        ready = await client.get("/readyz")
        assert ready.json()["database"] == ready.json()["broker"] == "ok"
        text = (await client.get("/metrics")).text
        assert (
            f'motcua_messages_total{{consumer="intake.visits-{settings.http_port}",outcome="handled"}}'
            in text
        )


async def test_what_a_service_holds_open_is_closed_when_it_stops(settings: ServiceSettings) -> None:
    closed: list[str] = []

    async def close() -> None:
        closed.append("a")

    async def fail() -> None:
        raise OSError

    service = Service("intake", settings, work=VisitWork)
    service.closing(fail, close)
    async with serving(service):
        assert closed == []
    assert closed == ["a"]


@pytest.mark.parametrize(
    ("table", "aged"),
    [
        ("inbox (consumer, source, event_id, received_at)", "'c', 's', 'e-' || days"),
        (
            "idempotency_keys (principal, operation, key, request_hash, created_at)",
            "'p', 'POST /v1/things', 'k-' || days, ''",
        ),
    ],
    ids=["inbox", "idempotency keys"],
)
async def test_what_nobody_sends_again_is_forgotten_after_thirty_days(
    settings: ServiceSettings, database: Database, table: str, aged: str
) -> None:
    name = table.partition(" ")[0]
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(
            f"INSERT INTO {table} SELECT {aged}, now() - days * interval '1 day' "
            "FROM unnest(ARRAY[0, 29, 31, 365]) AS days"
        )
    async with serving(Service("intake", settings, work=VisitWork)), asyncio.timeout(10):
        while await _count(database, name) == 4:  # noqa: ASYNC110 - it is in the database
            await asyncio.sleep(0.01)
    assert await _count(database, name) == 2


async def _count(database: Database, table: str) -> int:
    async with database.engine.connect() as connection:
        counted = await connection.exec_driver_sql(f"SELECT count(*) FROM {table}")
        return counted.scalar_one()


async def test_a_broker_that_is_away_takes_readiness_and_leaves_life(
    settings: ServiceSettings, kafka_settings: KafkaSettings
) -> None:
    """Else an outage of the broker would restart every service that starts meanwhile."""
    settings.kafka = kafka_settings.model_copy(update={"bootstrap_servers": "127.0.0.1:1"})
    service = Service("intake", settings, work=VisitWork)
    service.subscribe(Subscription("visits", (DOSSIER_EVENTS,), {DossierReceived: handle_received}))
    async with serving(service) as client:
        assert (await client.get("/livez")).status_code == 200
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["broker"]) == (503, "KafkaConnectionError")


async def _headers(settings: KafkaSettings, topic: str, dossier: str) -> dict[str, bytes | None]:
    for count in range(1, 10_000):
        records = await read(settings, topic, count)
        for record in records:
            if record.key == dossier.encode():
                return dict(record.headers)
    raise AssertionError("unreachable")
