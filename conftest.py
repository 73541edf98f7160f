"""The engines of a test run: real Kafka and real PostgreSQL, started once and shared by every
test.
"""

from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import structlog
from pydantic import SecretStr
from xdist.scheduler import LoadScopeScheduling

from chassis.settings import KafkaSettings
from chassis.testing.postgres import Databases
from motcua_local.engines import EngineEndpoints, Engines
from motcua_local.processes import DetachedProcess

# Before their tests: these folders have their names.
for package in ("chaos", "checker", "documents", "operations", "simulators"):
    import_module(package)

# With a space, as somebody's path will have.
FOLDER = Path(__file__).parent / "var" / "test engines"


_RAN_BEFORE = pytest.StashKey[bool]()

# Else each logged error is drawn with all local variables, which takes seconds.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)


def pytest_sessionstart(session: pytest.Session) -> None:
    session.config.stash[_RAN_BEFORE] = DetachedProcess("kafka", FOLDER).running() is not None


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop the engines, once all workers are done, unless a developer had them running before."""
    is_worker = hasattr(session.config, "workerinput")
    if not is_worker and not session.config.stash[_RAN_BEFORE]:
        Engines(FOLDER).stop()


class _OneStack(LoadScopeScheduling):
    """The tests of the whole stack share one stack and run in one worker, all else by file."""

    def _split_scope(self, nodeid: str) -> str:
        return "tests" if nodeid.startswith("tests/") else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:  # noqa: ANN401 - xdist's own
    return _OneStack(config, log)


@pytest.fixture(scope="session")
def engines() -> EngineEndpoints:
    """Both engines, shared by the workers of a run."""
    return Engines(FOLDER).start()


@pytest.fixture(scope="session")
async def databases(engines: EngineEndpoints) -> AsyncIterator[Databases]:
    databases = Databases(engines.postgres_url)
    yield databases
    await databases.close()


@pytest.fixture(scope="session")
def kafka_settings(engines: EngineEndpoints) -> KafkaSettings:
    """Kafka as its administrator."""
    return KafkaSettings(
        bootstrap_servers=engines.bootstrap,
        security_protocol="SASL_PLAINTEXT",
        username=engines.kafka_username,
        password=SecretStr(engines.kafka_password),
    )
