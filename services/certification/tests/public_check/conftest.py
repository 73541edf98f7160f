"""A scene per test, on a fresh database of the real PostgreSQL; one authority for all of them."""

from collections.abc import AsyncGenerator, Callable
from functools import partial
from pathlib import Path

import pytest

from certification.domain import CopyState
from certification.rate_limit import CheckSettings
from certification.sealing import Sealing
from certification.work import CertificationWork
from chassis import migrations
from chassis.app import Service
from chassis.database import Database
from chassis.encryption import Keyring
from chassis.settings import KafkaSettings, OidcSettings, ServiceSettings
from chassis.testing.postgres import Databases

from .scene import OFFICE, Scene, SignedFile, signed_file
from .signed_copies import Authority

LINK = "k7m29xq4t0ad"
_KEY = bytes(range(32))


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority("Gốc của chúng ta")


@pytest.fixture(scope="session")
def stranger() -> Authority:
    """Somebody else's, whom nobody here trusts, with the same names on its certificates."""
    return Authority("Gốc của chúng ta")


@pytest.fixture(scope="session")
async def file(authority: Authority) -> SignedFile:
    """A copy as it leaves the office."""
    return await signed_file(authority, LINK)


@pytest.fixture
async def database(databases: Databases) -> AsyncGenerator[Database]:
    async with databases.fresh(
        "certification", lambda engine: migrations.upgrade(engine, "certification")
    ) as database:
        yield database


MakeScene = Callable[[CheckSettings], Scene]


@pytest.fixture
async def make_scene(
    database: Database, kafka_settings: KafkaSettings, authority: Authority, tmp_path: Path
) -> AsyncGenerator[MakeScene]:
    settings = ServiceSettings(
        database_url=database.url,
        http_port=1,
        kafka=kafka_settings,
        oidc=OidcSettings(issuer="https://identity.test", audience="motcua"),
    )
    sealing = Sealing(Keyring("k", {"k": _KEY}, _KEY))
    work = partial(CertificationWork, office=OFFICE, sealing=sealing, wake=lambda: None)
    made: list[Scene] = []

    def make(limits: CheckSettings) -> Scene:
        service = Service("certification", settings, work=work)
        made.append(Scene(service, tmp_path, authority, sealing, limits))
        return made[-1]

    yield make
    for scene in made:
        await scene.client.aclose()
        await scene.service.database.close()


@pytest.fixture
async def scene(make_scene: MakeScene, file: SignedFile) -> Scene:
    """With one certified copy, and nobody asking too often."""
    scene = make_scene(CheckSettings(links_per_minute=100_000, files_per_minute=100_000))
    await scene.add(file, CopyState.CERTIFIED)
    return scene
