"""A saved run: each of its parts is read when it is first asked for, and kept."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from checker.contract import AGENCY_TOPIC, SERVICES, Consumer
from checker.history import History
from checker.reading import MissingPart, Row, read_lines, read_object
from checker.records import (
    Event,
    EventKey,
    Record,
    event_of_answer,
    event_of_row,
    record_of_line,
)

Handled = Mapping[EventKey, str]
"""When a consumer handled each event, by the events."""


class Database:
    """The tables of one service, as they were at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tables: dict[str, list[Row]] = {}
        self._groups: dict[tuple[str, str], dict[str, list[Row]]] = {}

    def table(self, name: str) -> list[Row]:
        if name not in self._tables:
            self._tables[name] = list(self.lines(name))
        return self._tables[name]

    def lines(self, name: str) -> Iterator[Row]:
        """The rows of a table that is not to be kept in memory."""
        return read_lines(self._folder / f"{name}.jsonl")

    def groups(self, table: str, column: str) -> Mapping[str, list[Row]]:
        """The rows of a table by the value of a column."""
        if (table, column) not in self._groups:
            grouped: dict[str, list[Row]] = defaultdict(list)
            for row in self.table(table):
                grouped[row[column]].append(row)
            self._groups[table, column] = dict(grouped)
        return self._groups[table, column]

    def find(self, table: str, value: str | None, column: str = "id") -> Row | None:
        found = self.groups(table, column).get(value or "")
        return found[0] if found else None

    @cached_property
    def events(self) -> list[Event]:
        """What was published, in the order of publishing."""
        return [event_of_row(row) for row in self.lines("event_log")]

    @cached_property
    def pending(self) -> list[Event]:
        """What was not yet published."""
        return [event_of_row(row) for row in self.lines("outbox")]

    @property
    def announced(self) -> Sequence[Event]:
        """Published or not: what was committed, in that order."""
        return [*self.events, *self.pending]

    @cached_property
    def inbox(self) -> Mapping[str, Handled]:
        handled: dict[str, dict[EventKey, str]] = defaultdict(dict)
        for row in self.lines("inbox"):
            handled[row["consumer"]][row["source"], row["event_id"]] = row["received_at"]
        return handled

    @cached_property
    def by_subject(self) -> Mapping[str, list[Event]]:
        """All events of the service about one dossier, published ones first."""
        grouped: dict[str, list[Event]] = defaultdict(list)
        for event in self.announced:
            grouped[event.subject].append(event)
        return grouped

    def facts_about(self, subject: str, *facts: str) -> list[Event]:
        return [event for event in self.by_subject.get(subject, ()) if event.fact in facts]


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency's own books."""

    code: str
    answers: Sequence[Event]
    unsent: Sequence[Event]
    seen: frozenset[EventKey]


@dataclass(frozen=True, slots=True)
class Reading:
    """One topic as one reader saw it, in one generation."""

    generation: int
    reader: str
    topic: str
    path: Path

    def __str__(self) -> str:
        return f"{self.topic} (generation {self.generation}, reader {self.reader})"


class Run:
    """Everything that was saved of a run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.intake, self.payment, self.certification, self.notification = (
            Database(folder / "databases" / service) for service in SERVICES
        )
        self._records: dict[Reading, list[Record]] = {}
        self._ledgers: dict[str, list[Row]] = {}
        self._files: dict[str, dict[str, Row]] = {}

    @cached_property
    def about(self) -> Row:
        return read_object(self.folder / "run.json")

    @cached_property
    def history(self) -> History:
        return History(self.folder / "history.jsonl")

    @property
    def databases(self) -> Mapping[str, Database]:
        found = (self.intake, self.payment, self.certification, self.notification)
        return dict(zip(SERVICES, found, strict=True))

    def consumed_by(self, consumer: Consumer) -> Handled:
        return self.databases[consumer.service].inbox.get(consumer.name, {})

    def ledger(self, name: str) -> list[Row]:
        """What an outsider wrote down; kinds are in `kind`."""
        if name not in self._ledgers:
            self._ledgers[name] = list(read_lines(self.folder / "ledgers" / f"{name}.jsonl"))
        return self._ledgers[name]

    def files(self, service: str) -> Mapping[str, Row]:
        """The stored files of a service, by their names, which are their digests."""
        if service not in self._files:
            lines = read_lines(self.folder / "files" / f"{service}.jsonl")
            self._files[service] = {Path(line["name"]).name: line for line in lines}
        return self._files[service]

    @cached_property
    def agencies(self) -> Mapping[str, Agency]:
        return {code: self._agency(code) for code in self.about["agencies"]}

    def _agency(self, code: str) -> Agency:
        folder, topic = self.folder / "agencies" / code, AGENCY_TOPIC.format(code=code)
        rows = list(read_lines(folder / "answers.jsonl"))
        seen = read_lines(folder / "seen.jsonl")
        return Agency(
            code,
            answers=[event_of_answer(topic, row) for row in rows],
            unsent=[event_of_answer(topic, row) for row in rows if not row["sent"]],
            seen=frozenset((row["source"], row["id"]) for row in seen),
        )

    @cached_property
    def written(self) -> Mapping[EventKey, Event]:
        """Every event that its writer committed."""
        events: dict[EventKey, Event] = {}
        for database in self.databases.values():
            events.update((event.key, event) for event in database.announced)
        for agency in self.agencies.values():
            events.update((event.key, event) for event in agency.answers)
        return events

    @cached_property
    def readings(self) -> Sequence[Reading]:
        """Every saved topic."""
        folder = self.folder / "topics"
        if not folder.is_dir():
            raise MissingPart("topics are not in the saved run")
        return [
            Reading(int(path.parts[-3]), path.parts[-2], path.stem, path)
            for path in sorted(folder.glob("*/*/*.jsonl"))
        ]

    @cached_property
    def last_readings(self) -> Mapping[str, Reading]:
        """The newest generation of each topic, as its first reader saw it (not an agency, unless
        nobody else did).
        """
        best: dict[str, Reading] = {}
        for reading in self.readings:
            rank = (reading.generation, not reading.reader.startswith("agency-"))
            known = best.get(reading.topic)
            if not known or rank > (known.generation, not known.reader.startswith("agency-")):
                best[reading.topic] = reading
        return best

    def records(self, reading: Reading) -> list[Record]:
        """In the order of offsets within each partition."""
        if reading not in self._records:
            lines = (record_of_line(line) for line in read_lines(reading.path))
            self._records[reading] = sorted(lines, key=lambda record: record.place)
        return self._records[reading]
