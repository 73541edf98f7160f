"""One service for the run, on the real PostgreSQL; each test finds it empty, in the morning.

To make a service and its database takes 0.4 s, to empty them nothing, and there are many small
tests here.
"""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx2
import pytest

from chassis import access, migrations
from chassis.app import Service
from chassis.consumer import Consumer
from chassis.database import Database
from chassis.encryption import Keyring
from chassis.settings import KafkaSettings, OidcSettings
from chassis.testing.access import Issuer
from chassis.testing.kafka import make_topics
from chassis.testing.postgres import Databases
from intake.app import build
from intake.settings import Settings
from intake.subscribers import CERTIFIED_COPIES, PAYMENTS, decisions
from intake.work import IntakeWork
from motcua_contracts.topics import (
    CERTIFICATION_EVENTS,
    DOSSIER_EVENTS,
    DOSSIER_RECIPIENTS,
    PAYMENT_EVENTS,
    agency_decisions,
)

from .scene import JUSTICE, PLANNING, Scene, StoppedClock


@pytest.fixture(scope="session")
async def migrated(databases: Databases) -> AsyncGenerator[Database]:
    async with databases.fresh(
        "intake", lambda engine: migrations.upgrade(engine, "intake")
    ) as database:
        yield database


@pytest.fixture(scope="session")
def settings(
    migrated: Database, kafka_settings: KafkaSettings, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    return Settings(
        database_url=migrated.url,
        http_port=1,
        kafka=kafka_settings,
        oidc=OidcSettings(issuer="https://identity.test", audience="motcua"),
        files_folder=tmp_path_factory.mktemp("files"),
        files_most_bytes=100_000,
        encryption_keys=Keyring("k1", {"k1": b"1" * 32}, b"i" * 32),
        recipients_keys=Keyring("r1", {"r1": b"2" * 32}, b"i" * 32),
    )


@asynccontextmanager
async def opened(settings: Settings) -> AsyncGenerator[Scene]:
    clock, issuer = StoppedClock(), Issuer(settings.oidc)
    service = build(settings, clock=clock)
    access.install(service.http, issuer.tokens())
    payments, agencies, copies = (
        Consumer(f"intake.{s.purpose}", s, transaction=service.transaction, clock=clock)
        for s in (PAYMENTS, decisions((JUSTICE, PLANNING)), CERTIFIED_COPIES)
    )
    transport = httpx2.ASGITransport(service.http)
    async with httpx2.AsyncClient(transport=transport, base_url="http://intake") as http:
        yield Scene(service, payments, agencies, copies, http, clock, issuer, settings)
    await service.database.close()


def running(service: Service[IntakeWork]) -> AbstractAsyncContextManager[object]:
    """Relay, consumers and sweeps of a service."""
    return service.http.router.lifespan_context(service.http)


@pytest.fixture(scope="session")
async def shared_scene(settings: Settings) -> AsyncGenerator[Scene]:
    async with opened(settings) as scene:
        yield scene


@pytest.fixture
async def database(migrated: Database, settings: Settings) -> AsyncGenerator[Database]:
    """Empty, as is the folder for files."""
    yield migrated
    async with migrated.engine.begin() as connection:
        tables = await connection.exec_driver_sql(
            "SELECT tablename FROM pg_tables "
            "WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        )
        await connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        for table in tables.scalars().all():
            await connection.exec_driver_sql(f"DELETE FROM {table}")
    for path in settings.files_folder.rglob("*"):
        if path.is_file():
            path.unlink()


@pytest.fixture
def scene(shared_scene: Scene, database: Database) -> Scene:
    shared_scene.clock.reset()
    return shared_scene


@pytest.fixture
async def running_scene(
    settings: Settings, database: Database, kafka_settings: KafkaSettings
) -> AsyncGenerator[Scene]:
    """A service of its own that runs as in production, on the real Kafka."""
    topics = (DOSSIER_EVENTS, DOSSIER_RECIPIENTS, PAYMENT_EVENTS, CERTIFICATION_EVENTS)
    await make_topics(kafka_settings, *(topic.name for topic in topics), partitions=12)
    answers = (agency_decisions(agency).name for agency in (JUSTICE, PLANNING))
    await make_topics(kafka_settings, *answers, partitions=6)
    async with opened(settings) as scene, running(scene.service):
        yield scene
