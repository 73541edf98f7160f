"""The outbox: events leave in the transaction that made them true; the relay publishes them."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic_core import to_json
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.correlation import Correlation
from chassis.rows import columns, fetch, insert_statement
from motcua_contracts.envelope import Event, EventData, encode

MAX_VALUE_BYTES = 900_000
"""Kafka refuses a record over 1 MB; one that the relay can never publish would stop every event
behind it.
"""

Stream = tuple[str, str]

# Counting and locking in one: a transaction holds the row of each stream it appends to until it
# commits, so the order of the outbox is the order of commits within a stream.
_ADVANCE = """
INSERT INTO streams AS s (topic, subject, version)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])
ON CONFLICT (topic, subject) DO UPDATE SET version = s.version + EXCLUDED.version
RETURNING topic, subject, version
"""
_APPEND = insert_statement(
    "outbox",
    {
        "event_id": "text",
        "topic": "text",
        "subject": "text",
        "sequence": "bigint",
        "headers": "jsonb",
        "value": "bytea",
    },
)

Row = tuple[str, str, str, int, str, bytes]


@dataclass(frozen=True, slots=True)
class Announcement:
    """A fact that is about to become true with the transaction: its id, time and cause are settled,
    its place is not.
    """

    id: str
    time: datetime
    topic: str
    subject: str
    data: EventData
    correlation: Correlation


async def append(
    connection: AsyncConnection, source: str, announcements: Sequence[Announcement]
) -> None:
    """Append `announcements` in their order; `source` is the producer's URI."""
    if not announcements:
        return
    versions = await _advance(connection, announcements)
    rows = [_row(source, a, next(versions[a.topic, a.subject])) for a in announcements]
    await connection.exec_driver_sql(_APPEND, columns(rows))


async def _advance(
    connection: AsyncConnection, announcements: Sequence[Announcement]
) -> dict[Stream, Iterator[int]]:
    """Lock the streams in one order, and give the sequence numbers that are now ours."""
    added = Counter((a.topic, a.subject) for a in announcements)
    streams = sorted(added)
    arrays = ([t for t, _ in streams], [s for _, s in streams], [added[s] for s in streams])
    ours: dict[Stream, Iterator[int]] = defaultdict(lambda: iter(()))
    for topic, subject, version in await fetch(connection, _ADVANCE, arrays):
        stream = (topic, subject)
        ours[stream] = iter(range(version - added[stream] + 1, version + 1))
    return ours


def _row(source: str, announcement: Announcement, sequence: int) -> Row:
    cause = announcement.correlation
    record = encode(
        Event(
            id=announcement.id,
            source=source,
            type=announcement.data.type,
            time=announcement.time,
            subject=announcement.subject,
            sequence=sequence,
            correlation_id=cause.correlation_id,
            causation_id=cause.causation_id,
            traceparent=cause.traceparent,
            data_schema=announcement.data.data_schema(),
            data=announcement.data,
        )
    )
    value = record.value or b""
    if len(value) > MAX_VALUE_BYTES:
        raise ValueError(f"{announcement.data.type} has {len(value)} bytes, over {MAX_VALUE_BYTES}")
    headers = to_json({name: text or b"" for name, text in record.headers}).decode()
    return (announcement.id, announcement.topic, announcement.subject, sequence, headers, value)
