"""Held messages: retry, parking and redrive are one mechanism.

A record that cannot be handled goes, bytes and headers untouched, into the consumer's own database,
in the transaction that lets its offset pass. Later records of the same key on the same topic queue
behind it; every other key flows on. A sweep retries what is `waiting`; what is `parked` waits for
an operator.
"""

import base64
import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, cast

import sqlalchemy as sa
from aiokafka import ConsumerRecord
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import inbox
from chassis.errors import Permanent, Transient
from chassis.rows import columns, fetch, insert_statement
from motcua_contracts.envelope import Record

RawRecord = ConsumerRecord[Any, Any]
OrderingKey = tuple[str, str]
"""`(topic, key)`: the order that Kafka keeps and that holding must not break."""

TRANSIENT_ATTEMPTS = 20
BUG_ATTEMPTS = 5
FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(minutes=10)
DETAIL_LENGTH = 300


class State(StrEnum):
    """Where a held message stands; `handled` and `discarded` are history."""

    WAITING = "waiting"
    PARKED = "parked"
    HANDLED = "handled"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with a message that failed: its state, and why."""

    state: State
    reason: str
    detail: str
    attempts: int
    next_attempt_at: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """A held message that is tried again."""

    id: int
    record: RawRecord
    attempts: int


def judge(error: Exception, *, attempts: int, now: datetime) -> Verdict:
    """`Transient` is retried long, `Permanent` is parked at once, anything else is a bug: retried a
    few times.

    Only the error's type and a `Permanent`'s own words are kept: a bug's message may quote personal
    data.
    """
    if isinstance(error, Permanent):
        return Verdict(State.PARKED, error.reason, str(error)[:DETAIL_LENGTH], attempts, now)
    transient = isinstance(error, Transient)
    limit = TRANSIENT_ATTEMPTS if transient else BUG_ATTEMPTS
    state = State.WAITING if attempts < limit else State.PARKED
    detail = str(error)[:DETAIL_LENGTH] if transient else _where(error)
    reason = "transient" if transient else "bug"
    return Verdict(state, reason, detail, attempts, now + _pause(attempts))


def queued_behind(now: datetime) -> Verdict:
    return Verdict(State.WAITING, "queued-behind", "an earlier message of this key is held", 0, now)


def _pause(attempts: int) -> timedelta:
    return min(FIRST_PAUSE * 2 ** max(attempts - 1, 0), LONGEST_PAUSE)


def _where(error: Exception) -> str:
    """The type and the innermost frame of an unexpected error."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    place = f"{frame.tb_frame.f_code.co_qualname}:{frame.tb_lineno}" if frame else "unknown"
    return f"{type(error).__name__} in {place}"


def ordering_key(record: RawRecord) -> str | None:
    """The record's key as text; a key that is none, or not text that PostgreSQL takes, orders
    nothing.
    """
    try:
        key = (record.key or b"").decode()
    except UnicodeDecodeError:
        return None
    return key if key and "\0" not in key else None


_BLOCKED = """
SELECT DISTINCT topic, ordering_key FROM held_messages
WHERE consumer = $1 AND state IN ('waiting', 'parked')
AND (topic, ordering_key) IN (SELECT * FROM unnest($2::text[], $3::text[]))
"""


async def blocked(
    connection: AsyncConnection, consumer: str, keys: Collection[OrderingKey]
) -> set[OrderingKey]:
    """Those of `keys` with a message held, behind which later ones must queue."""
    if not keys:
        return set()
    rows = await fetch(connection, _BLOCKED, (consumer, *columns(sorted(keys))))
    return {(topic, key) for topic, key in rows}


_HOLD = insert_statement(
    "held_messages",
    {
        "consumer": "text",
        "topic": "text",
        "partition": "integer",
        "record_offset": "bigint",
        "record_time": "timestamptz",
        "record_key": "bytea",
        "record_headers": "json",
        "record_value": "bytea",
        "fingerprint": "bytea",
        "ordering_key": "text",
        "event_source": "text",
        "event_id": "text",
        "event_type": "text",
        "state": "text",
        "reason": "text",
        "detail": "text",
        "attempts": "integer",
        "next_attempt_at": "timestamptz",
    },
    conflict="ON CONFLICT (consumer, fingerprint) WHERE state IN ('waiting', 'parked') DO NOTHING",
)


@dataclass(frozen=True, slots=True)
class ToHold:
    """A record, what could be read of it, and the verdict on it."""

    record: RawRecord
    verdict: Verdict
    key: inbox.Key | None = None
    event_type: str | None = None


async def hold(connection: AsyncConnection, consumer: str, messages: Sequence[ToHold]) -> None:
    """Keep `messages` in their order; one that is held already (a redelivery) stays as it is."""
    if messages:
        rows = [(consumer, *_row(message)) for message in messages]
        await connection.exec_driver_sql(_HOLD, columns(rows))


def _row(message: ToHold) -> tuple[Any, ...]:
    record, verdict = message.record, message.verdict
    headers = json.dumps([[name, _text(value)] for name, value in record.headers])
    identity = (record.topic, repr(record.key), repr(record.value), headers)
    return (
        record.topic,
        record.partition,
        record.offset,
        _time(record),
        record.key,
        headers,
        record.value,
        hashlib.sha256("\0".join(identity).encode()).digest(),
        ordering_key(record),
        *(message.key or (None, None)),
        message.event_type,
        verdict.state,
        verdict.reason,
        verdict.detail,
        verdict.attempts,
        verdict.next_attempt_at,
    )


def _time(record: RawRecord) -> datetime:
    """When the writer says it wrote; it may say what no calendar has."""
    try:
        return datetime.fromtimestamp(record.timestamp / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def _text(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)


# Only the first open message of a key can be due. The recursion hops from key to key, so that what
# queues behind a parked message costs nothing, however long it grows. Nobody waits longer than the
# longest pause (twice that, since clocks differ): who seems to was held by a clock far ahead.
_DUE = """
WITH RECURSIVE heads AS (
    (SELECT id, topic, ordering_key FROM held_messages
     WHERE consumer = $1 AND state IN ('waiting', 'parked') AND ordering_key IS NOT NULL
     ORDER BY topic, ordering_key, id LIMIT 1)
    UNION ALL
    SELECT next.* FROM heads, LATERAL (
        SELECT id, topic, ordering_key FROM held_messages
        WHERE consumer = $1 AND state IN ('waiting', 'parked') AND ordering_key IS NOT NULL
        AND (topic, ordering_key) > (heads.topic, heads.ordering_key)
        ORDER BY topic, ordering_key, id LIMIT 1
    ) AS next
)
SELECT * FROM held_messages
WHERE id IN (
    SELECT id FROM heads
    UNION ALL
    SELECT id FROM held_messages
    WHERE consumer = $1 AND state = 'waiting' AND ordering_key IS NULL
) AND state = 'waiting' AND (next_attempt_at <= $2 OR next_attempt_at > $2 + 2 * $3::interval)
ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
"""


async def take_due(connection: AsyncConnection, consumer: str, now: datetime) -> Held | None:
    """Lock the next message whose time has come and that is first of its key."""
    row = (
        (await connection.exec_driver_sql(_DUE, (consumer, now, LONGEST_PAUSE))).mappings().first()
    )
    return None if row is None else _held(row)


def _held(row: sa.RowMapping) -> Held:
    headers = tuple((name, _bytes(text)) for name, text in row["record_headers"])
    content = Record(key=row["record_key"], value=row["record_value"], headers=headers)
    place = Place(row["topic"], row["partition"], row["record_offset"], row["record_time"])
    return Held(row["id"], raw_record(content, place), row["attempts"])


class Place(NamedTuple):
    """Where and when Kafka keeps a record."""

    topic: str
    partition: int
    offset: int
    time: datetime


def raw_record(content: Record, place: Place) -> RawRecord:
    """A record as the Kafka client hands it over."""
    # aiokafka's types forget that a header's value may be null.
    headers = cast("Sequence[tuple[str, bytes]]", content.headers)
    return ConsumerRecord(
        *place[:3],
        timestamp=int(place.time.timestamp() * 1000),
        timestamp_type=0,
        key=content.key,
        value=content.value,
        checksum=None,
        serialized_key_size=len(content.key or b""),
        serialized_value_size=len(content.value or b""),
        headers=headers,
    )


_SETTLE = """
UPDATE held_messages SET state = 'handled', settled_at = now(), attempts = attempts + 1
WHERE id = $1
"""
_POSTPONE = """
UPDATE held_messages SET state = $2, reason = $3, detail = $4, attempts = $5, next_attempt_at = $6
WHERE id = $1 AND state = 'waiting' AND attempts = $5 - 1
"""


async def settle(connection: AsyncConnection, held_id: int) -> None:
    """The message was handled at last; its row stays as history."""
    await connection.exec_driver_sql(_SETTLE, (held_id,))


async def postpone(connection: AsyncConnection, held_id: int, verdict: Verdict) -> None:
    """The message failed again; unless meanwhile an operator or another replica dealt with it."""
    v = verdict
    await connection.exec_driver_sql(
        _POSTPONE, (held_id, v.state, v.reason, v.detail, v.attempts, v.next_attempt_at)
    )
