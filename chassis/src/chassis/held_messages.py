"""Held messages: retry, parking and redrive are one mechanism.

A record that cannot be handled goes, bytes and headers untouched, into the consumer's own database, in the transaction
that lets its offset pass. Later records of the same key on the same topic queue behind it; every other key flows on.
A sweep retries what is `waiting`; what is `parked` waits for an operator.
"""

import base64
import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from aiokafka import ConsumerRecord
from motcua_contracts.envelope import Record
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import inbox
from chassis.errors import Permanent, Transient

RawRecord = ConsumerRecord[bytes | None, bytes | None]
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
    """`Transient` is retried long, `Permanent` is parked at once, anything else is a bug: retried a few times.

    Only the error's type and a `Permanent`'s own words are kept: a bug's message may quote personal data.
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
    """The record's key as text; a key that is none, or not text, orders nothing."""
    try:
        return record.key.decode() if record.key else None
    except UnicodeDecodeError:
        return None


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
    topics, names = [list(column) for column in zip(*sorted(keys), strict=True)]
    rows = await connection.exec_driver_sql(_BLOCKED, (consumer, topics, names))
    return {(topic, key) for topic, key in rows}


_HOLD = """
INSERT INTO held_messages (
    consumer, topic, partition, record_offset, record_time, record_key, record_headers, record_value,
    fingerprint, ordering_key, event_source, event_id, event_type, state, reason, detail, attempts, next_attempt_at
)
SELECT $1, topic, partition, record_offset, record_time, record_key, record_headers::jsonb, record_value,
       fingerprint, ordering_key, event_source, event_id, event_type, state, reason, detail, attempts, next_attempt_at
FROM unnest($2::text[], $3::int[], $4::bigint[], $5::timestamptz[], $6::bytea[], $7::text[], $8::bytea[],
            $9::bytea[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[],
            $17::int[], $18::timestamptz[])
WITH ORDINALITY AS t (
    topic, partition, record_offset, record_time, record_key, record_headers, record_value, fingerprint,
    ordering_key, event_source, event_id, event_type, state, reason, detail, attempts, next_attempt_at, ordinal
)
ORDER BY ordinal
ON CONFLICT (consumer, fingerprint) WHERE state IN ('waiting', 'parked') DO NOTHING
"""


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
        rows = [_row(message) for message in messages]
        columns = [list(column) for column in zip(*rows, strict=True)]
        await connection.exec_driver_sql(_HOLD, (consumer, *columns))


def _row(message: ToHold) -> tuple[Any, ...]:
    record, verdict = message.record, message.verdict
    headers = json.dumps([[name, _text(value)] for name, value in record.headers])
    identity = (record.topic, repr(record.key), repr(record.value), headers)
    return (
        record.topic,
        record.partition,
        record.offset,
        datetime.fromtimestamp(record.timestamp / 1000, UTC),
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


def _text(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)


_DUE = """
SELECT * FROM held_messages AS m
WHERE consumer = $1 AND state = 'waiting' AND next_attempt_at <= $2
AND NOT EXISTS (
    SELECT 1 FROM held_messages AS earlier
    WHERE earlier.consumer = m.consumer AND earlier.topic = m.topic AND earlier.ordering_key = m.ordering_key
    AND earlier.state IN ('waiting', 'parked') AND earlier.id < m.id
)
ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
"""


async def take_due(connection: AsyncConnection, consumer: str, now: datetime) -> Held | None:
    """Lock the next message whose time has come and that is first of its key."""
    row = (await connection.exec_driver_sql(_DUE, (consumer, now))).mappings().first()
    return None if row is None else _held(row)


def _held(row: sa.RowMapping) -> Held:
    headers = tuple((name, _bytes(text)) for name, text in row["record_headers"])
    record = Record(key=row["record_key"], value=row["record_value"], headers=headers)
    return Held(row["id"], _raw(row, record), row["attempts"])


def _raw(row: sa.RowMapping, record: Record) -> RawRecord:
    return ConsumerRecord(
        topic=row["topic"],
        partition=row["partition"],
        offset=row["record_offset"],
        timestamp=int(row["record_time"].timestamp() * 1000),
        timestamp_type=0,
        key=record.key,
        value=record.value,
        checksum=None,
        serialized_key_size=len(record.key or b""),
        serialized_value_size=len(record.value or b""),
        headers=record.headers,
    )


_SETTLE = """
UPDATE held_messages SET state = 'handled', settled_at = now(), attempts = attempts + 1 WHERE id = $1
"""
_POSTPONE = """
UPDATE held_messages SET state = $2, reason = $3, detail = $4, attempts = $5, next_attempt_at = $6 WHERE id = $1
"""


async def settle(connection: AsyncConnection, held_id: int) -> None:
    """The message was handled at last; its row stays as history."""
    await connection.exec_driver_sql(_SETTLE, (held_id,))


async def postpone(connection: AsyncConnection, held_id: int, verdict: Verdict) -> None:
    """The message failed again."""
    v = verdict
    await connection.exec_driver_sql(
        _POSTPONE, (held_id, v.state, v.reason, v.detail, v.attempts, v.next_attempt_at)
    )
