"""The agency's own small store: what was seen, what is worked on, what is to be sent.

Seen mark, work and answers are one transaction, so a crash at any point repeats nothing.
"""

import json
import sqlite3
from contextlib import AbstractContextManager
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from motcua_contracts.agency import AgencyEvent
from motcua_contracts.consumer import deduplication_key
from motcua_contracts.envelope import Event, EventData, Record, encode
from motcua_contracts.topics import agency_source
from motcua_contracts.writer import uuid7

_TABLES = """
CREATE TABLE IF NOT EXISTS seen (source TEXT, id TEXT, PRIMARY KEY (source, id));
CREATE TABLE IF NOT EXISTS work (
    reference INTEGER PRIMARY KEY, dossier TEXT UNIQUE, stage TEXT, correlation TEXT, cause TEXT
);
CREATE TABLE IF NOT EXISTS answers (
    number INTEGER PRIMARY KEY, dossier TEXT, sequence INTEGER, headers TEXT, value BLOB,
    sent INTEGER DEFAULT 0, UNIQUE (dossier, sequence)
);
"""


class Stage(StrEnum):
    """Where the agency's work on one dossier stands."""

    NEW = "new"
    WAITING = "waiting for a supplement"
    DECIDING = "deciding"
    DECIDED = "decided"
    CLOSED = "closed without a decision"


class Work(NamedTuple):
    """The agency's file on one dossier; `cause` is the event that it is worked on for, and
    `correlation` what that event belongs to.
    """

    reference: str
    dossier: str
    stage: Stage
    correlation: str
    cause: str


class Step(NamedTuple):
    """The stage that comes next, and the facts to tell motcua on the way."""

    stage: Stage
    facts: tuple[AgencyEvent, ...] = ()


class Store:
    """One SQLite file of the agency with this code."""

    def __init__(self, path: str, agency: str) -> None:
        self.agency = agency
        self._database = sqlite3.connect(path)
        self._database.executescript(_TABLES)
        self._run = self._database.execute

    def transaction(self) -> AbstractContextManager[object]:
        """All or nothing: commits at the end of the block, rolls back on any error."""
        return self._database

    def note(self, event: Event[EventData]) -> Work | None:
        """The work that the event asks for, begun if there was none; None if it was seen before."""
        seen = "INSERT OR IGNORE INTO seen VALUES (?, ?)"
        if not self._run(seen, deduplication_key(event)).rowcount:
            return None
        fresh = (event.subject, Stage.NEW, event.correlation_id, event.id)
        self._run("INSERT OR IGNORE INTO work VALUES (NULL, ?, ?, ?, ?)", fresh)
        [work] = self._works("dossier", event.subject)
        return work._replace(correlation=event.correlation_id, cause=event.id)

    def undecided(self) -> list[Work]:
        """Work that waits for its decision."""
        return self._works("stage", Stage.DECIDING)

    def _works(self, column: str, value: str) -> list[Work]:
        rows = self._run(f"SELECT * FROM work WHERE {column} = ?", (value,))  # noqa: S608 - ours
        return [
            Work(f"{self.agency}/{number}", dossier, Stage(stage), correlation, cause)
            for number, dossier, stage, correlation, cause in rows.fetchall()
        ]

    def record(self, work: Work, step: Step, *, at: datetime) -> None:
        """Move the work on and put its facts among the answers, numbered 1…n per dossier."""
        if step.stage is not work.stage:
            move = "UPDATE work SET stage = ?, correlation = ?, cause = ? WHERE dossier = ?"
            self._run(move, (step.stage, work.correlation, work.cause, work.dossier))
        for fact in step.facts:
            self._append(work, fact, at=at)

    def _append(self, work: Work, fact: AgencyEvent, *, at: datetime) -> None:
        count = "SELECT count(*) FROM answers WHERE dossier = ?"
        sequence = self._run(count, (work.dossier,)).fetchone()[0] + 1
        event = Event(
            id=uuid7(at),
            source=agency_source(self.agency),
            type=fact.type,
            time=at,
            subject=work.dossier,
            sequence=sequence,
            correlation_id=work.correlation,
            causation_id=work.cause,
            data_schema=fact.data_schema(),
            data=fact,
        )
        _, value, headers = encode(event)
        text = json.dumps([(name, (header or b"").decode()) for name, header in headers])
        append = "INSERT INTO answers (dossier, sequence, headers, value) VALUES (?, ?, ?, ?)"
        self._run(append, (work.dossier, sequence, text, value))

    def unsent(self) -> list[tuple[int, Record]]:
        """What is still to be sent, in order; the same ids and bytes after every restart."""
        rows = self._run("SELECT number, dossier, headers, value FROM answers WHERE NOT sent")
        return [
            (number, Record(dossier.encode(), value, _headers(text)))
            for number, dossier, text, value in rows.fetchall()
        ]

    def mark_sent(self, number: int) -> None:
        """The broker has it."""
        with self.transaction():
            self._run("UPDATE answers SET sent = 1 WHERE number = ?", (number,))


def _headers(text: str) -> tuple[tuple[str, bytes], ...]:
    return tuple((name, value.encode()) for name, value in json.loads(text))
