"""Whatever was ever published stays readable, and stays as it was."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from motcua_contracts.consumer import decode
from motcua_contracts.envelope import EventData, Part, Record, encode
from motcua_contracts.registry import EVENTS

GOLDEN = Path(__file__).parents[1] / "golden"
ReadGolden = Callable[[Path], Record]
FILES = sorted(GOLDEN.rglob("*.json"))


def version_of(path: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in path.stem.split("."))


def newest(event: type[EventData]) -> Path:
    return max((GOLDEN / event.type).glob("*.json"), key=version_of)


def test_golden_payloads_are_never_edited() -> None:
    lines = (GOLDEN / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    recorded = {name: digest for digest, name in (line.split("  ") for line in lines)}
    found = {
        path.relative_to(GOLDEN).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in FILES
    }

    assert found == recorded, "a new version gets a new file and a new line; old ones stay"


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_todays_code_reads_every_golden_payload(read_golden: ReadGolden, path: Path) -> None:
    event = decode(read_golden(path))

    assert event.type == path.parent.name


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_the_newest_golden_payload_is_what_todays_code_writes_byte_for_byte(
    read_golden: ReadGolden, event: type[EventData]
) -> None:
    record = read_golden(newest(event))

    assert encode(decode(record)) == record


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_the_newest_golden_payload_shows_every_field(
    read_golden: ReadGolden, event: type[EventData]
) -> None:
    decoded = decode(read_golden(newest(event)))

    assert unset_fields(decoded.data) == set()


def unset_fields(facts: EventData | Part) -> set[str]:
    """Fields that no example shows: unset here, or unset in every part of a list."""
    values = {name: getattr(facts, name) for name in type(facts).model_fields}
    unset = {name for name, value in values.items() if value in (None, ())}
    for value in values.values():
        if isinstance(value, tuple):
            unset |= unset_in_every_part(cast("tuple[object, ...]", value))
    return unset


def unset_in_every_part(parts: tuple[object, ...]) -> set[str]:
    missing = [unset_fields(part) for part in parts if isinstance(part, Part)]
    return set[str].intersection(*missing) if missing else set()
