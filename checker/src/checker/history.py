"""The history of a run: commands with what came of them, faults, and notes."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checker.reading import Row, read_lines


@dataclass(frozen=True, slots=True)
class Command:
    """Something that was asked for. Without an outcome nobody knows what came of it."""

    id: str
    name: str
    asked: Mapping[str, Any]
    """The fields of its invoke line."""
    outcome: str
    """`ok`, `fail` (nothing happened, and that is sure) or `unknown`."""
    told: Mapping[str, Any]
    """The fields of its outcome's line."""

    @property
    def key(self) -> str | None:
        """Its Idempotency-Key: two with the same one are one command, sent twice."""
        return self.asked.get("key")

    @property
    def possible(self) -> bool:
        """Whether it may have had its effect."""
        return self.outcome != "fail"

    def __str__(self) -> str:
        return f"{self.name} {self.id}"


class History:
    """Everything that `history.jsonl` says."""

    def __init__(self, path: Path) -> None:
        self.faults: list[Row] = []
        self.heals: dict[str, Row] = {}
        self._notes: dict[str, list[Row]] = defaultdict(list)
        invoked: dict[str, Row] = {}
        ended: dict[str, Row] = {}
        for line in read_lines(path):
            match line["kind"]:
                case "invoke":
                    invoked[line["commandId"]] = line
                case "ok" | "fail" | "unknown":
                    ended[line["commandId"]] = line
                case "fault":
                    self.faults.append(line)
                case "heal":
                    self.heals.setdefault(line["faultId"], line)
                case "note":
                    self._notes[line["note"]].append(line)
                case _:
                    pass
        self.commands = [_command(line, ended.get(id_)) for id_, line in invoked.items()]
        self._named: dict[str, list[Command]] = defaultdict(list)
        for command in self.commands:
            self._named[command.name].append(command)

    def named(self, *names: str) -> Iterator[Command]:
        for name in names:
            yield from self._named.get(name, ())

    def ok(self, *names: str) -> Iterator[Command]:
        return (command for command in self.named(*names) if command.outcome == "ok")

    def notes(self, what: str) -> list[Row]:
        return self._notes.get(what, [])


def _command(line: Row, end: Row | None) -> Command:
    outcome = end["kind"] if end else "unknown"
    return Command(line["commandId"], line["command"], line, outcome, end or {})
