"""What the tests of the contracts share: golden records, one of them at hand."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from motcua_contracts.envelope import Record

GOLDEN = Path(__file__).parents[1] / "golden"

ReadGolden = Callable[[Path], Record]


@pytest.fixture(scope="session")
def read_golden() -> ReadGolden:
    """Gives the record that a golden file describes."""

    def read(path: Path) -> Record:
        golden: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        headers = tuple((name, text.encode()) for name, text in golden["headers"].items())
        return Record(golden["key"].encode(), golden["value"].encode(), headers)

    return read


@pytest.fixture(scope="session")
def record(read_golden: ReadGolden) -> Record:
    """A dossier was received: a record without a fault."""
    return read_golden(GOLDEN / "vn.motcua.dossier.received.v1" / "0.1.0.json")
