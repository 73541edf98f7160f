"""How a service reaches Kafka: security, the producer, and deadlines on everything that could
hang.
"""

import asyncio
import logging
from collections.abc import Awaitable
from typing import Any, TypeVar

import structlog
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import ProducerClosed
from aiokafka.producer.message_accumulator import BatchBuilder, MessageBatch
from faststream.kafka import KafkaBroker
from faststream.security import BaseSecurity, SASLScram512

from chassis import metrics
from chassis.settings import KafkaSettings

T = TypeVar("T")
Producer = AIOKafkaProducer
"""What `producer` makes."""

log = structlog.get_logger(__name__)

DEADLINE_SECONDS = 20.0


async def within(awaitable: Awaitable[T], seconds: float = DEADLINE_SECONDS) -> T:
    """Await with a deadline: the client retries some errors for ever, so every wait is ours to
    end.
    """
    return await asyncio.wait_for(awaitable, seconds)


async def ended(ending: Awaitable[object], *, seconds: float) -> None:
    """Give an ending its time, and no more; what did not end is done again after the restart."""
    task = asyncio.ensure_future(ending)
    done, _ = await asyncio.wait({task}, timeout=max(0.0, seconds))
    if not done:
        task.cancel()
        log.warning("did not end in time")
    if not done or (not task.cancelled() and task.exception()):
        metrics.SWALLOWED.labels("ending").inc()
    task.add_done_callback(_heard)


async def happens(event: asyncio.Event, seconds: float) -> bool:
    """Wait until `event` is set, but no longer than `seconds`; whether it was."""
    try:
        await within(event.wait(), seconds)
    except TimeoutError:
        return False
    return True


def _heard(future: asyncio.Future[Any]) -> None:
    """Take note of an error that nobody waits for any more, else asyncio logs it."""
    if not future.cancelled():
        future.exception()


def _security(settings: KafkaSettings) -> BaseSecurity:
    encrypted = settings.security_protocol == "SASL_SSL"
    return SASLScram512(
        username=settings.username,
        password=settings.password.get_secret_value(),
        use_ssl=encrypted,
        ssl_context=settings.ssl_context() if encrypted else None,
    )


def broker(settings: KafkaSettings, *, client_id: str) -> KafkaBroker:
    """FastStream's broker for consuming only: events leave through the relay, topics come from
    `topics.yaml`.
    """
    return KafkaBroker(
        settings.bootstrap_servers.split(","),
        client_id=client_id,
        security=_security(settings),
        consumer_only=True,
        allow_auto_create_topics=False,
        apply_types=False,
        graceful_timeout=5,
        logger=logging.getLogger("chassis.faststream"),  # its own one writes lines of its own
    )


def connection(settings: KafkaSettings) -> dict[str, Any]:
    """aiokafka's arguments for connecting as `settings` say."""
    encrypted = settings.security_protocol == "SASL_SSL"
    return {
        "bootstrap_servers": settings.bootstrap_servers,
        "security_protocol": settings.security_protocol,
        "sasl_mechanism": settings.sasl_mechanism,
        "sasl_plain_username": settings.username,
        "sasl_plain_password": settings.password.get_secret_value(),
        "ssl_context": settings.ssl_context() if encrypted else None,
    }


def producer(settings: KafkaSettings, *, client_id: str) -> AIOKafkaProducer:
    """An idempotent producer that waits for all in-sync replicas, and of which nothing leaves any
    more once a record has failed. Its partitioner is Kafka's own, murmur2.
    """
    made = AIOKafkaProducer(
        client_id=client_id,
        acks="all",
        enable_idempotence=True,
        linger_ms=2,
        max_batch_size=256 * 1024,
        request_timeout_ms=10_000,
        **connection(settings),
    )
    _halt_at_a_failure(made)
    return made


def _halt_at_a_failure(producer: AIOKafkaProducer) -> None:
    """When a record fails, aiokafka goes on with the next, and a later event of a dossier overtakes
    it: the broker sees a gap only in the sequence of a producer that it knows already.
    """
    accumulator = producer._message_accumulator  # noqa: SLF001 - no public place is early enough
    append_batch = accumulator._append_batch  # noqa: SLF001

    def append_halting_batch(builder: BatchBuilder, tp: TopicPartition) -> MessageBatch:
        batch = append_batch(builder, tp)
        fail = batch.failure

        def fail_and_halt(exception: Exception) -> None:
            fail(exception)
            for waiting in (batch._drain_waiter, *(future for future, _ in batch._msg_futures)):  # noqa: SLF001
                _heard(waiting)
            halt(producer)

        batch.failure = fail_and_halt
        return batch

    accumulator._append_batch = append_halting_batch  # noqa: SLF001


def halt(producer: AIOKafkaProducer) -> None:
    """Let nothing more leave: what was not sent, or has no answer yet, fails now."""
    accumulator, sending = producer._message_accumulator, producer._sender.sender_task  # noqa: SLF001
    if sending is not None and accumulator._exception is None:  # noqa: SLF001
        sending.cancel()
        for waiting in accumulator._batches.values():  # noqa: SLF001 - where a failed batch is sought
            accumulator._pending_batches.update(waiting)  # noqa: SLF001
        accumulator._exception = ProducerClosed()  # noqa: SLF001 - first, since failing halts
        accumulator.fail_all(accumulator._exception)  # noqa: SLF001


async def ping(settings: KafkaSettings) -> None:
    """Raise unless a broker answers with the cluster's metadata."""
    client = AIOKafkaClient(**connection(settings))
    try:
        await within(client.bootstrap(), 5)
    finally:
        await client.close()


async def abandon(producer: AIOKafkaProducer) -> None:
    """Leave a producer behind, without a flush: an idempotent one never expires its batches, so its
    own `stop` may hang, and what it sent later would come twice.
    """
    halt(producer)
    await ended(producer.stop(), seconds=5)
    await ended(producer.client.close(), seconds=5)
