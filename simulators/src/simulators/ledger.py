"""The append-only record of what happened, which is also the simulator's memory."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Self

from pydantic import BaseModel, ConfigDict, JsonValue, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from simulators.errors import SimulatorError

Fields = Mapping[str, JsonValue]
_line = TypeAdapter(dict[str, JsonValue])


class Record(BaseModel):
    """Something worth remembering; camelCase on the wire and in the ledger."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True)

    def fields(self) -> dict[str, JsonValue]:
        return self.model_dump(by_alias=True, mode="json")


class Entry(BaseModel):
    """One line: its number (1…n), when, what kind, and the fields of that kind."""

    model_config = ConfigDict(frozen=True)

    sequence: int
    at: datetime
    kind: str
    fields: dict[str, JsonValue]

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        fields = _line.validate_json(line)
        return cls.model_validate(
            {name: fields.pop(name, None) for name in ("sequence", "at", "kind")}
            | {"fields": fields}
        )

    def flat(self) -> dict[str, JsonValue]:
        at = self.at.isoformat(timespec="microseconds").replace("+00:00", "Z")
        return {"sequence": self.sequence, "at": at, "kind": self.kind, **self.fields}


class Ledger:
    """In memory; with a file also on disk, one JSON object a line, fsynced before `record` returns.

    A simulator rebuilds its state from the entries at start, so it survives kill -9.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._entries: list[Entry] = []
        self._file = None if path is None else _open_locked(path)
        if self._file is not None and path is not None:
            self._entries.extend(_replay(self._file, path))

    @property
    def entries(self) -> Sequence[Entry]:
        return self._entries

    def record(self, kind: str, fields: Fields | Record) -> Entry:
        plain = fields.fields() if isinstance(fields, Record) else dict(fields)
        entry = Entry(
            sequence=len(self._entries) + 1, at=datetime.now(UTC), kind=kind, fields=plain
        )
        if self._file is not None:
            _append(self._file, entry)
        self._entries.append(entry)
        return entry

    def of_kind(self, *kinds: str) -> Iterator[Entry]:
        return (entry for entry in self._entries if entry.kind in kinds)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def _open_locked(path: Path) -> IO[bytes]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+b", buffering=0)
    except OSError as error:
        raise SimulatorError(
            f"cannot write the ledger file {path}: {error.strerror}; "
            "choose a writable path with --ledger-file"
        ) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise SimulatorError(
            f"the ledger file {path} is used by another running simulator; "
            "stop that one or choose another --ledger-file"
        ) from error
    return file


def _append(file: IO[bytes], entry: Entry) -> None:
    """All of the line or none of it: a torn line in the middle would hide what follows."""
    start = os.fstat(file.fileno()).st_size
    line = json.dumps(entry.flat(), ensure_ascii=False).encode() + b"\n"
    try:
        written = file.write(line)
        os.fsync(file.fileno())
    except OSError:
        file.truncate(start)
        raise
    if written != len(line):
        file.truncate(start)
        raise OSError("the disk took only a part of the line")


def _replay(file: IO[bytes], path: Path) -> Iterator[Entry]:
    file.seek(0)
    intact = 0
    for number, line in enumerate(file.readlines(), start=1):
        if not line.endswith(b"\n"):  # cut by a kill: nobody was told that it is recorded
            break
        try:
            yield Entry.from_line(line)
        except ValidationError as error:
            raise SimulatorError(
                f"line {number} of the ledger file {path} is damaged; "
                "move the file away to start with an empty ledger"
            ) from error
        intact += len(line)
    file.truncate(intact)
