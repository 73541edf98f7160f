"""How records come to the consumer: a FastStream subscriber that decides nothing by itself."""

import asyncio
from collections.abc import Callable
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.consumer import fetcher
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import FAKE_CONSUMER, KafkaMessage

from chassis.held_messages import RawRecord
from chassis.kafka import happens
from chassis.record_batches import FetchedRecords

BATCH = 500
POLL_MILLISECONDS = 20

log = structlog.get_logger(__name__)


def declare(
    broker: KafkaBroker,
    topics: tuple[str, ...],
    *,
    group: str,
    idle: asyncio.Event,
    session_seconds: int,
) -> Any:  # noqa: ANN401 - FastStream's subscribers have no public type
    """A subscriber in batch mode that acknowledges nothing and reads nothing of a record; `idle` is
    set while no batch is in hand.
    """
    fetcher.MemoryRecords = FetchedRecords  # aiokafka has no other place to give it to
    return broker.subscriber(
        *topics,
        group_id=group,
        batch=True,
        max_records=BATCH,
        batch_timeout_ms=POLL_MILLISECONDS,
        ack_policy=AckPolicy.MANUAL,
        auto_offset_reset="earliest",
        session_timeout_ms=session_seconds * 1000,
        listener=Drain(idle, seconds=session_seconds / 2),
        parser=parse,
        decoder=decode,
    )


class Drain(ConsumerRebalanceListener):
    """Lets the batch in hand end, with its offsets committed, before its partitions go to another
    member.
    """

    def __init__(self, idle: asyncio.Event, *, seconds: float) -> None:
        self._idle = idle
        self._seconds = seconds

    async def on_partitions_revoked(  # pyright: ignore[reportIncompatibleMethodOverride] - may be async
        self, revoked: list[TopicPartition]
    ) -> None:
        if not await happens(self._idle, self._seconds):
            log.warning("partitions revoked with a batch in hand")

    async def on_partitions_assigned(  # pyright: ignore[reportIncompatibleMethodOverride] - may be async
        self, assigned: list[TopicPartition]
    ) -> None:
        """Nothing to prepare: the database knows what was done."""


async def parse(records: tuple[RawRecord, ...]) -> KafkaMessage:
    """FastStream's parser, replaced: the records as they are, read by nobody before us."""
    return KafkaMessage(body=b"", raw_message=records, consumer=FAKE_CONSUMER)


async def decode(message: KafkaMessage) -> KafkaMessage:
    """FastStream's decoder, replaced: the handler gets the message itself."""
    return message


def tell_polls(consumer: AIOKafkaConsumer, polled: Callable[[], None]) -> None:
    """Call `polled` after every poll, also one that brought nothing."""
    getmany = consumer.getmany

    async def getmany_and_tell(**arguments: Any) -> Any:  # noqa: ANN401 - passed through
        fetched = await getmany(**arguments)
        polled()
        return fetched

    consumer.getmany = getmany_and_tell  # pyright: ignore[reportAttributeAccessIssue]


def coordination(consumer: AIOKafkaConsumer | None) -> list[asyncio.Task[None]]:
    coordinator = getattr(consumer, "_coordinator", None)
    task = getattr(coordinator, "_coordination_task", None)
    return [task] if task is not None else []
