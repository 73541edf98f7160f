"""One pair of engines for all tests here, in a folder with a space in its name."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from motcua_local.checkout import TOPICS_FILE
from motcua_local.engines import Engines
from motcua_local.kafka_topics import Plan, read_plan


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A folder that every user may pass, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="một cửa, "))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def engines(open_folder: Path) -> Iterator[Engines]:
    engines = Engines(open_folder / "engines", short_lived=True)
    try:
        engines.start()
        yield engines
    finally:
        engines.stop()


@pytest.fixture(scope="session")
def plan() -> Plan:
    return read_plan(TOPICS_FILE)


@pytest.fixture(scope="session")
def applied(engines: Engines, plan: Plan) -> list[str]:
    """What the first application of the real plan changed."""
    return engines.apply_topics(plan)
