"""The engines of a test run: real Kafka and real PostgreSQL, started once and shared by every
test.
"""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from pydantic import SecretStr

from chassis.settings import KafkaSettings
from chassis.testing.postgres import Databases
from motcua_local.engines import EngineEndpoints, Engines
from motcua_local.processes import DetachedProcess

import_module("simulators")  # before its tests: their folder has the name of the package

FOLDER = (
    Path(__file__).parent / "var" / "test engines"
)  # with a space, as somebody's path will have


@pytest.fixture(scope="session")
def engines() -> Iterator[EngineEndpoints]:
    """Both engines; left running when they ran before, so that a developer's second run starts at
    once.
    """
    engines = Engines(FOLDER)
    ran_before = DetachedProcess("kafka", FOLDER).running()
    yield engines.start()
    if not ran_before:
        engines.stop()


@pytest.fixture(scope="session")
def databases(engines: EngineEndpoints) -> Databases:
    return Databases(engines.postgres_url)


@pytest.fixture(scope="session")
def kafka_settings(engines: EngineEndpoints) -> KafkaSettings:
    """Kafka as its administrator."""
    return KafkaSettings(
        bootstrap_servers=engines.bootstrap,
        security_protocol="SASL_PLAINTEXT",
        username=engines.kafka_username,
        password=SecretStr(engines.kafka_password),
    )
