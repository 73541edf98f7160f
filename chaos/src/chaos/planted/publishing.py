"""Ways to publish wrongly, and to seal wrongly what was published.

`planted.…` are failpoints of the bugs' own, where a crash or a pause shows them.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import count
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import outbox
from chassis.app import Service
from chassis.database import SESSION
from chassis.failpoints import failpoint
from chassis.kafka import happens, within
from chassis.outbox import Announcement
from chassis.relay import (
    _HEAD,
    _MOVE,
    BATCH,
    GENESIS,
    POLL_SECONDS,
    InFlight,
    Relay,
    _Head,
    _send_all,
    acknowledged,
)
from chassis.rows import columns
from chassis.work import Transaction, Work

Producer = Any
"""Kafka's, which the chassis makes."""

_ROWS = "SELECT id, event_id, topic, subject, sequence, headers::text AS headers, value FROM outbox"

_append, _run, _begin = outbox.append, Relay.run, Work.__init__
_turns = count()


async def flush_rows_alone(self: Work) -> None:
    """Events are appended in a transaction after the one that made them true: whoever dies in
    between has changed something that nobody ever hears of. (I6)
    """
    if not self._flushed:
        self._flushed = True
        for repository in self._repositories:
            self.wrote |= await repository.flush()


@asynccontextmanager
async def append_afterwards(self: Service[Any]) -> AsyncGenerator[Any]:
    """The other half of it."""
    async with self.database.transaction() as session:
        work = self._work(Transaction(session, self._source, self.clock))
        yield work
        await work.flush()
    if work.announcements:
        await failpoint("planted.between-commits")
        async with self.database.transaction() as session:
            await _append(await session.connection(), work.source, work.announcements)
        self._relay.wake()
    work.committed()


async def fetch_after_the_last(self: Any, connection: asyncpg.Connection) -> list[asyncpg.Record]:  # noqa: ANN401 - gets a cursor
    """The relay reads on after the last id that it saw: a row with a lower one that is committed
    later stays for ever. (I1, I9)
    """
    after: int = getattr(self, "cursor", 0)
    rows = await connection.fetch(f"{_ROWS} WHERE id > $1 ORDER BY id LIMIT $2", after, BATCH)
    self.cursor = rows[-1]["id"] if rows else after
    return rows


async def append_slowly(
    connection: AsyncConnection, source: str, announcements: Sequence[Announcement]
) -> None:
    """Not wrong: a transaction may take its time between its last row and its commit."""
    await _append(connection, source, announcements)
    if announcements:
        await failpoint("planted.appended")


async def run_two(self: Relay) -> None:
    """Two relays share the rows without a lease: the second sends a dossier's next event while the
    first still has the one before in hand. (I5)
    """
    async with asyncio.TaskGroup() as relays:
        for name in ("first", "second"):
            relays.create_task(_run(self), name=name)


@asynccontextmanager
async def lease_nothing(self: Relay) -> AsyncGenerator[asyncpg.Connection | None]:
    """The second part of it."""
    connection = await within(asyncpg.connect(self._url, server_settings=SESSION))
    try:
        yield connection
    finally:
        connection.terminate()


async def publish_one_by_one(
    self: Relay, connection: asyncpg.Connection, producer: Producer
) -> None:
    """The third part of it: each takes the first row that the other has not."""
    name = str(getattr(asyncio.current_task(), "get_name", str)())
    while True:
        self._woken.clear()
        async with connection.transaction():
            rows = await connection.fetch(f"{_ROWS} ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED")
            if rows:
                await failpoint("planted.in-hand", name)
                batch = await self._send(producer, rows)
                await self._settle(connection, await self._head(connection), batch)
        if not rows and self._stopping.is_set():
            return
        if not rows:
            await happens(self._woken, POLL_SECONDS)


async def send_later(self: Any, producer: Producer, rows: list[asyncpg.Record]) -> InFlight:  # noqa: ANN401 - keeps the producer
    """A row is deleted before the broker has acknowledged it: whoever dies in between never sends
    it. (I1)
    """
    self.producer_for_later = producer
    return InFlight(rows)


async def move_first(  # noqa: PLR0917 - as what it replaces
    self: Any,  # noqa: ANN401 - has the producer
    connection: asyncpg.Connection,
    head: _Head,
    batch: InFlight,
) -> None:
    """The other half of it."""
    await connection.execute(_MOVE, *columns([head.extend(row) for row in batch.rows]))
    await failpoint("planted.deleted")
    await within(_send_all(self.producer_for_later, batch))
    await acknowledged(batch)


async def fetch_by_time(self: Relay, connection: asyncpg.Connection) -> list[asyncpg.Record]:
    """Events are published in the order of their times: where a clock is behind, the later one of a
    dossier comes first. (I5)
    """
    in_flight = [row["id"] for batch in self._flying for row in batch.rows]
    by_time = f"{_ROWS} WHERE id <> ALL ($1::bigint[]) ORDER BY headers->>'ce_time', id LIMIT $2"
    return await connection.fetch(by_time, in_flight, BATCH)


def begin_by_either_clock(self: Work, transaction: Transaction) -> None:
    """Not wrong: two replicas take turns, and the clock of one is an hour behind."""
    _begin(self, transaction)
    self.now -= timedelta(hours=next(_turns) % 2)


async def begin_chain_anew(self: Relay, connection: asyncpg.Connection) -> _Head:
    """The hash of the last row is not looked at: with each start of the relay another chain begins.
    (I6)
    """
    del self
    row = await connection.fetchrow(_HEAD)
    return _Head(row["position"] if row else 0, GENESIS)
