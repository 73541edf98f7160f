"""Ways to consume wrongly."""

from collections.abc import Collection, Sequence
from typing import Any

import structlog
from faststream.kafka.message import KafkaMessage
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import correlation, inbox
from chassis.consumer import COMMIT_SECONDS, Consumer, Message
from chassis.errors import Permanent
from chassis.held_messages import OrderingKey, RawRecord
from chassis.inbox import Key
from chassis.kafka import within
from chassis.work import Work

log = structlog.get_logger(__name__)

_record = inbox.record


async def acknowledge_first(self: Consumer[Any], message: KafkaMessage) -> None:
    """Offsets are committed before the work: whoever dies in between never does it. (I1)"""
    records: tuple[RawRecord, ...] = message.raw_message  # pyright: ignore[reportAssignmentType] - batch mode
    self._idle.clear()
    try:
        await self._commit(records)
        await self.process(records)
    finally:
        self._trying_since = None
        self._idle.set()


async def remember_nothing(
    connection: AsyncConnection, consumer: str, keys: Sequence[Key]
) -> set[Key]:
    """There is no inbox: what comes again is handled again, and nobody can tell what was. (I1)"""
    del connection, consumer
    return set(keys)


async def remember_at_once(
    connection: AsyncConnection, consumer: str, keys: Sequence[Key]
) -> set[Key]:
    """The inbox is written in a transaction of its own: where the effect is rolled back, its event
    counts as handled. (I1)
    """
    async with connection.engine.begin() as own:
        return await _record(own, consumer, keys)


async def process_once(self: Consumer[Any], records: Sequence[RawRecord]) -> bool:
    """A batch that fails is left to be delivered again after the next rebalance, but whole
    positions are committed, without offsets: the next commit passes over it. (I1)
    """
    try:
        await self._in_one_transaction([self._read(record) for record in records])
    except Exception as error:  # noqa: BLE001 - part of the bug
        log.warning("left for later", consumer=self.name, error=type(error).__name__)
        return False
    return True


async def commit_positions(self: Consumer[Any], records: Sequence[RawRecord]) -> None:
    """The other half of it."""
    del records
    await within(self._subscriber.consumer.commit(), COMMIT_SECONDS)


async def let_overtake(
    connection: AsyncConnection, consumer: str, keys: Collection[OrderingKey]
) -> set[OrderingKey]:
    """Nothing waits behind a held message of its key. (I5)"""
    del connection, consumer, keys
    return set()


async def retry_unmarked(self: Consumer[Any], work: Work, message: Message) -> None:
    """What was held is handled without its mark in the inbox: a redelivery does it again. (I1)"""
    event = message.event
    if event is None:
        raise message.refusal or Permanent("unreadable")
    handler = self._handlers.get(type(event.data))
    if handler:
        await work.preload([event])
        with correlation.caused_by(event):
            await handler(event, work)
