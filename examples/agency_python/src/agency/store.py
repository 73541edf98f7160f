"""The agency's own books: what was seen, what waits for a decision, what is answered.

All that an event brings is one transaction, so a crash at any point repeats nothing.
"""

import json
import sqlite3
from typing import cast

from motcua_contracts.agency import AgencyEvent
from motcua_contracts.consumer import decode, deduplication_key
from motcua_contracts.dossier import DossierEvent
from motcua_contracts.envelope import Event, EventData, Record, encode
from motcua_contracts.topics import agency_source
from motcua_contracts.writer import answer

_TABLES = """
CREATE TABLE IF NOT EXISTS seen (source TEXT, id TEXT, PRIMARY KEY (source, id));
CREATE TABLE IF NOT EXISTS undecided (dossier TEXT PRIMARY KEY, headers TEXT, value BLOB);
CREATE TABLE IF NOT EXISTS answers (
    number INTEGER PRIMARY KEY, dossier TEXT, headers TEXT, value BLOB, sent INTEGER DEFAULT 0
);
"""


class Store:
    """One SQLite file of the agency with this code."""

    def __init__(self, path: str, agency: str) -> None:
        self.agency = agency
        self._database = sqlite3.connect(path)
        self._database.executescript(_TABLES)
        self._run = self._database.execute

    def has_seen(self, event: Event[EventData]) -> bool:
        """Whether the event has had its effect; it may be delivered more than once."""
        seen = "SELECT 1 FROM seen WHERE (source, id) = (?, ?)"
        return self._run(seen, deduplication_key(event)).fetchone() is not None

    def answered(self, dossier: str) -> int:
        """How often the agency has spoken about a dossier: where its work on it stands."""
        count = "SELECT count(*) FROM answers WHERE dossier = ?"
        return self._run(count, (dossier,)).fetchone()[0]

    def keep(self, event: Event[EventData], *answers: AgencyEvent, undecided: bool = False) -> None:
        """Mark an event as seen, keep the answers to it as they will be sent, numbered 1…n per
        dossier, and whether the dossier waits for a decision now.
        """
        source, first = agency_source(self.agency), self.answered(event.subject) + 1
        with self._database:
            self._run("INSERT OR IGNORE INTO seen VALUES (?, ?)", deduplication_key(event))
            self._run("DELETE FROM undecided WHERE dossier = ?", (event.subject,))
            if undecided:
                self._run("INSERT INTO undecided VALUES (?, ?, ?)", _row(event))
            for sequence, facts in enumerate(answers, first):
                row = _row(answer(event, facts, source=source, sequence=sequence))
                self._run("INSERT INTO answers (dossier, headers, value) VALUES (?, ?, ?)", row)

    def undecided(self) -> list[Event[DossierEvent]]:
        """The events that wait for a decision."""
        rows = self._run("SELECT * FROM undecided").fetchall()
        return [cast("Event[DossierEvent]", decode(_record(*row))) for row in rows]

    def unsent(self) -> list[tuple[int, Record]]:
        """What is still to be sent, in order; the same ids and bytes after every restart."""
        unsent = (
            "SELECT number, dossier, headers, value FROM answers WHERE NOT sent ORDER BY number"
        )
        return [(number, _record(*row)) for number, *row in self._run(unsent).fetchall()]

    def mark_sent(self, number: int) -> None:
        """The broker has it."""
        with self._database:
            self._run("UPDATE answers SET sent = 1 WHERE number = ?", (number,))


def _row(event: Event[EventData]) -> tuple[str, str, bytes | None]:
    _, value, headers = encode(event)
    text = json.dumps([(name, (header or b"").decode()) for name, header in headers])
    return event.subject, text, value


def _record(dossier: str, headers: str, value: bytes) -> Record:
    pairs = tuple((name, text.encode()) for name, text in json.loads(headers))
    return Record(dossier.encode(), value, pairs)
