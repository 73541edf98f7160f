"""Part of a service's event log: what was published, in the order in which it was."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from datetime import datetime

import asyncpg

PAGE = 500

_SELECTED = """
FROM event_log AS e JOIN unnest($1::text[], $2::timestamptz[]) AS wanted (topic, since)
    ON e.topic = wanted.topic AND (wanted.since IS NULL OR e.published_at >= wanted.since)
WHERE e.position BETWEEN $3 AND $4 AND ($5::timestamptz IS NULL OR e.published_at < $5)
AND ($6::text IS NULL OR e.subject = $6)
"""
_PAGE = (
    "SELECT e.position, e.topic, e.subject, e.headers::text AS headers, e.value, e.published_at"
    f"{_SELECTED} ORDER BY e.position LIMIT {PAGE}"
)
_EXTENTS = (
    "SELECT e.topic, count(*) AS events, count(DISTINCT e.subject) AS subjects, "
    "min(e.position) AS first, max(e.position) AS last, "
    f"min(e.published_at) AS since, max(e.published_at) AS until {_SELECTED} "
    "GROUP BY e.topic ORDER BY e.topic"
)
_END = "SELECT max(position) FROM event_log"
_TOPICS = "SELECT DISTINCT topic FROM event_log WHERE $1::text IS NULL OR subject = $1 ORDER BY 1"

ENDLESS = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows of the log; what is None does not narrow."""

    since: Mapping[str, datetime | None]
    """The topics, and from when on each."""
    subject: str | None = None
    first: int = 1
    last: int = ENDLESS
    until: datetime | None = None
    """Before this moment."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of a topic is selected."""

    topic: str
    events: int
    subjects: int
    first: int
    last: int
    since: datetime
    until: datetime


class EventLog:
    """The log, read over `connection`."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def end(self) -> int:
        """The position of the newest event; 0 where there is none."""
        return await self._connection.fetchval(_END) or 0

    async def topics(self, subject: str | None = None) -> list[str]:
        """The topics that have events, of this subject or of any."""
        return [row["topic"] for row in await self._connection.fetch(_TOPICS, subject)]

    async def extents(self, selection: Selection) -> list[Extent]:
        """What is selected of each topic; a topic of which nothing is selected is left out."""
        rows = await self._connection.fetch(_EXTENTS, *_arguments(selection, selection.first))
        return [Extent(**row) for row in rows]

    async def pages(self, selection: Selection) -> AsyncGenerator[list[asyncpg.Record]]:
        """The selected rows in order of position, so many at a time that memory stays small."""
        first = selection.first
        while rows := await self._connection.fetch(_PAGE, *_arguments(selection, first)):
            yield rows
            first = rows[-1]["position"] + 1


def _arguments(selection: Selection, first: int) -> tuple[object, ...]:
    s = selection
    return (list(s.since), list(s.since.values()), first, s.last, s.until, s.subject)
