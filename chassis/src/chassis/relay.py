"""The relay: the one publisher of a service's outbox.

It holds a lease (an advisory lock on its own connection), so that there is one at a time; it reads
in the order of ids without a cursor, so that a row that commits late is not missed; it deletes
after the broker's acknowledgement, moving each row to the hash-chained `event_log` in the same
statement and on the connection that holds the lease, so that a relay that lost its lease cannot
move anything. A crash between acknowledgement and deletion publishes again: consumers know an event
by its id.
"""

import asyncio
import hashlib
import json
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import asyncpg
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from chassis import metrics
from chassis.database import SESSION
from chassis.failpoints import failpoint
from chassis.kafka import DEADLINE_SECONDS, abandon, happens, within
from chassis.rows import columns

BATCH = 500
BATCHES_IN_FLIGHT = 2
POLL_SECONDS = 0.25
RETRY_SECONDS = 1.0
LEASE = 0x6D6F746375610001
"""The advisory lock of the relay; each service has its own database, so the number can be the same
everywhere.
"""
LEASE_WANTED = "motcua_relay_lease"
"""Notified by whoever needs the lease for a while, as a replay does: the relay settles what is in
flight and gives way.
"""

Hash = bytes
GENESIS: Hash = bytes(32)

_FETCH = """
SELECT id, event_id, topic, subject, sequence, headers::text AS headers, value FROM outbox
WHERE id <> ALL ($1::bigint[]) ORDER BY id LIMIT $2
"""
_MOVE = """
WITH sealed AS (
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) AS t (id, position, hash)
), published AS (
    DELETE FROM outbox USING sealed WHERE outbox.id = sealed.id
    RETURNING sealed.position, outbox.event_id, outbox.topic, outbox.subject, outbox.sequence,
              outbox.headers, outbox.value, outbox.created_at, sealed.hash
)
INSERT INTO event_log
    (position, event_id, topic, subject, sequence, headers, value, created_at, hash)
SELECT * FROM published
"""
_HEAD = "SELECT position, hash FROM event_log ORDER BY position DESC LIMIT 1"

log = structlog.get_logger(__name__)


class LeaseLostError(ConnectionError):
    """Rows were gone that only the holder of the lease may move."""


def seal(previous: Hash, position: int, row: Mapping[str, Any] | asyncpg.Record) -> Hash:
    """The hash of a log row over all rows before it. Text cannot hold NUL in PostgreSQL, so the
    parts cannot be shifted.
    """
    text = "\0".join(
        (
            str(position),
            row["event_id"],
            row["topic"],
            row["subject"],
            str(row["sequence"]),
            row["headers"],
        )
    )
    return hashlib.sha256(previous + text.encode() + b"\0" + row["value"]).digest()


@dataclass(slots=True)
class _Head:
    """The end of the chain."""

    position: int
    hash: Hash

    def extend(self, row: asyncpg.Record) -> tuple[int, int, Hash]:
        self.position += 1
        self.hash = seal(self.hash, self.position, row)
        return (row["id"], self.position, self.hash)


@dataclass(slots=True)
class InFlight:
    """Rows, one future for each that the producer has taken, and why it took no more."""

    rows: list[asyncpg.Record]
    acknowledgements: list[asyncio.Future[object]] = field(default_factory=list)
    error: Exception | None = None


class Relay:
    """Publishes the outbox of the database at `url` until `stop`; `wake` it after a commit that
    wrote events.
    """

    def __init__(self, url: str, producers: Callable[[], AIOKafkaProducer]) -> None:
        self._url = url.replace("postgresql+asyncpg://", "postgresql://")
        self._producers = producers
        self._woken = asyncio.Event()
        self._stopping = asyncio.Event()
        self._giving_way = asyncio.Event()
        self._flying: deque[InFlight] = deque()

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        """Let `run` publish what is there and return."""
        self._stopping.set()
        self.wake()

    async def run(self) -> None:
        while True:
            try:
                await self._publish_under_lease()
            except Exception as error:
                metrics.RELAY_FAILURES.labels(type(error).__name__).inc()
                log.warning("relay interrupted", error=type(error).__name__, exc_info=error)
            if self._stopping.is_set():
                return
            await happens(self._stopping, RETRY_SECONDS)

    async def _publish_under_lease(self) -> None:
        async with self._lease() as connection:
            if connection is not None:
                async with self._producer() as producer:
                    await self._publish(connection, producer)

    @asynccontextmanager
    async def _lease(self) -> AsyncGenerator[asyncpg.Connection | None]:
        connection = await within(
            asyncpg.connect(self._url, command_timeout=30, server_settings=SESSION)
        )
        try:
            held = await connection.fetchval("SELECT pg_try_advisory_lock($1)", LEASE)
            metrics.RELAY_LEASE.set(bool(held))
            yield connection if held else None
        finally:
            metrics.RELAY_LEASE.set(0)
            connection.terminate()

    @asynccontextmanager
    async def _producer(self) -> AsyncGenerator[AIOKafkaProducer]:
        producer = self._producers()
        try:
            await within(producer.start())
            yield producer
        finally:
            await abandon(producer)

    async def _publish(self, connection: asyncpg.Connection, producer: AIOKafkaProducer) -> None:
        self._flying.clear()
        self._giving_way.clear()
        await connection.add_listener(LEASE_WANTED, self._give_way)
        head = await self._head(connection)
        while True:
            giving_way, stopping = self._giving_way.is_set(), self._stopping.is_set()
            self._woken.clear()
            rows = [] if giving_way else await self._fetch(connection)
            if rows:
                self._flying.append(await self._send(producer, rows))
            last = len(rows) < BATCH
            while self._flying and (last or self._flying[-1].error or self._full()):
                await self._settle(connection, head, self._flying.popleft())
            if last and (stopping or giving_way):
                return
            if not rows:
                # Not longer: another process may have written, a wake-up been lost.
                await happens(self._woken, POLL_SECONDS)

    def _give_way(self, *_: object) -> None:
        self._giving_way.set()
        self.wake()

    def _full(self) -> bool:
        return len(self._flying) == BATCHES_IN_FLIGHT

    async def _head(self, connection: asyncpg.Connection) -> _Head:
        row = await connection.fetchrow(_HEAD)
        return _Head(row["position"], row["hash"]) if row else _Head(0, GENESIS)

    async def _fetch(self, connection: asyncpg.Connection) -> list[asyncpg.Record]:
        in_flight = [row["id"] for batch in self._flying for row in batch.rows]
        return await connection.fetch(_FETCH, in_flight, BATCH)

    async def _send(self, producer: AIOKafkaProducer, rows: list[asyncpg.Record]) -> InFlight:
        await failpoint("relay.before-send")
        batch = InFlight(rows)
        try:
            await within(_send_all(producer, batch))
        except (KafkaError, TimeoutError) as error:
            batch.error = error
        await failpoint("relay.after-send")
        return batch

    async def _settle(self, connection: asyncpg.Connection, head: _Head, batch: InFlight) -> None:
        """Wait for the broker's word on a batch, then seal what it took and move it to the log."""
        taken = await acknowledged(batch)
        await failpoint("relay.after-acknowledgement")
        sealed = [head.extend(row) for row in taken]
        if sealed:
            status = await connection.execute(_MOVE, *columns(sealed))
            if status != f"INSERT 0 {len(sealed)}":
                raise LeaseLostError(f"{status} of {len(sealed)} rows: another relay was at work")
        await failpoint("relay.after-move")
        metrics.EVENTS_PUBLISHED.inc(len(sealed))
        if batch.error:
            raise batch.error


async def _send_all(producer: AIOKafkaProducer, batch: InFlight) -> None:
    """Hand the rows to the producer; one deadline for all of them, a task for each would cost more
    than the sending.
    """
    for row in batch.rows:
        batch.acknowledgements.append(await producer.send(row["topic"], **content(row)))


def content(row: Mapping[str, Any] | asyncpg.Record) -> dict[str, Any]:
    """What a row of the outbox, or of the log, is on a topic; the bytes are the same each time."""
    headers = [(name, text.encode()) for name, text in json.loads(row["headers"]).items()]
    return {"key": row["subject"].encode(), "value": row["value"], "headers": headers}


async def acknowledged(batch: InFlight) -> list[asyncpg.Record]:
    """The rows that the broker took; where it refused one, `error` says why."""
    taken: list[asyncpg.Record] = []
    if batch.acknowledgements:
        await asyncio.wait(
            batch.acknowledgements, timeout=DEADLINE_SECONDS, return_when=asyncio.FIRST_EXCEPTION
        )
    for row, acknowledgement in zip(batch.rows, batch.acknowledgements, strict=False):
        error = acknowledgement.exception() if acknowledgement.done() else TimeoutError()
        if error is None:
            taken.append(row)
        elif batch.error is None:
            batch.error = cast("Exception", error)
    return taken
