"""JSON lines and times, as the files of a saved run hold them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Row = dict[str, Any]
"""One JSON object; what is in it depends on who wrote it."""


class MissingPart(Exception):  # noqa: N818 - names what is the matter
    """The saved run lacks a file that something is decided by."""


def read_lines(path: Path) -> Iterator[Row]:
    """The objects of a file. A last line that a crash cut short was never told to anybody, and is
    passed over. Raises `MissingPart`.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise MissingPart(f"{path.parent.name}/{path.name} is not in the saved run") from None
    with file:
        for line in file:
            if line.endswith(b"\n") and line.strip():
                yield json.loads(line)


def read_object(path: Path) -> Row:
    """Raises `MissingPart`."""
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        raise MissingPart(f"{path.name} is not in the saved run") from None


def instant(text: str) -> datetime:
    """A time as ISO 8601 or RFC 3339 says it; without a zone it is UTC."""
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def same_instant(one: str | None, other: str | None) -> bool:
    """Whether two texts mean one moment, or both none."""
    if one is None or other is None:
        return one is other
    return instant(one) == instant(other)
