"""One scene per test, on a fresh database of the real PostgreSQL."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from certification.app import build
from certification.settings import Settings
from certification.subscribers import SUBSCRIPTIONS
from certification.work import CertificationWork, Signatory
from chassis import access, migrations
from chassis.consumer import Consumer
from chassis.database import Database
from chassis.encryption import Keyring
from chassis.settings import KafkaSettings, OidcSettings
from chassis.testing.access import Issuer
from chassis.testing.postgres import Databases

from .fake_signer import FakeSigner
from .samples import AGENCY, CLERK, KEYRING_JSON, SIGNER
from .scene import Scene, StoppedClock, files_of

SIGNERS = {
    SIGNER: Signatory("minh", "Trần Văn Minh", "Phó Giám đốc Sở"),
    "signer-hoa": Signatory("hoa", "Lê Thị Hoa", "Giám đốc Sở"),
    CLERK: Signatory("lan", "Phạm Thị Lan", "Trưởng phòng"),
}


@pytest.fixture
async def database(databases: Databases) -> AsyncGenerator[Database]:
    async with databases.fresh(
        "certification", lambda engine: migrations.upgrade(engine, "certification")
    ) as database:
        yield database


@pytest.fixture
def settings(database: Database, kafka_settings: KafkaSettings, tmp_path: Path) -> Settings:
    told: dict[str, Any] = {
        "database_url": database.url,
        "http_port": 1,
        "kafka": kafka_settings,
        "oidc": OidcSettings(issuer="https://identity.test", audience="motcua"),
        "files_folder": tmp_path / "copies",
        "encryption_keys": Keyring.parse(KEYRING_JSON),
        "public_url": "https://chung-thuc.test/",
        "agency": AGENCY,
        "agency_name": "Sở Tư pháp tỉnh Khánh Hòa",
        "place": "Nha Trang",
        "signers": SIGNERS,
        "tsa_url": "http://tsa.test",
        "trust_roots": tmp_path / "roots.pem",
        "keys": {"folder": tmp_path / "keys", "passphrase": "secret"},
        "signing_seconds": 5,
    }
    return Settings(**told)


@pytest.fixture
async def scene(settings: Settings) -> AsyncGenerator[Scene]:
    signer, clock, issuer = FakeSigner(), StoppedClock(), Issuer(settings.oidc)
    service = build(settings, signer=signer, clock=clock)
    access.install(service.http, issuer.tokens())
    consumer = Consumer[CertificationWork](
        "certification.dossiers", SUBSCRIPTIONS[0], transaction=service.transaction, clock=clock
    )
    transport = httpx2.ASGITransport(service.http)
    async with httpx2.AsyncClient(transport=transport, base_url="http://certification") as http:
        yield Scene(service, consumer, http, signer, clock, issuer, files_of(settings))
    await service.database.close()
