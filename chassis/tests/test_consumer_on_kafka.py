"""What the consumer promises on a real broker, where its errors and its stops meet FastStream's."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from prometheus_client import REGISTRY

from chassis import kafka
from chassis.clock import utc_now
from chassis.consumer import Consumer, Subscription
from chassis.settings import KafkaSettings
from chassis.testing.kafka import fresh_topic
from chassis.testing.records import event
from motcua_contracts.dossier import DossierReceived
from motcua_contracts.envelope import encode
from motcua_contracts.topics import DOSSIER_EVENTS

from .conftest import Service, VisitWork, handle_received
from .dossiers import dossier_id, received

Consuming = Consumer[VisitWork]


@pytest.fixture
async def topic(kafka_settings: KafkaSettings) -> AsyncIterator[str]:
    async with fresh_topic(kafka_settings) as name:
        yield name


def consumer_of(service: Service, topic: str) -> Consuming:
    """A consumer of dossier events, on a topic of another name."""
    subscription = Subscription("visits", (DOSSIER_EVENTS,), {DossierReceived: handle_received})
    consumer = Consumer(
        f"test.{topic}", subscription, transaction=service.transaction, clock=utc_now
    )
    consumer._topics = {topic: DOSSIER_EVENTS}
    return consumer


@asynccontextmanager
async def consuming(settings: KafkaSettings, consumer: Consuming) -> AsyncGenerator[None]:
    broker = kafka.broker(settings, client_id=consumer.name)
    consumer.subscribe(broker)
    await broker.start()
    try:
        yield
    finally:
        consumer.stop()
        await broker.stop()


async def publish(settings: KafkaSettings, topic: str, *dossiers: str) -> None:
    producer = kafka.producer(settings, client_id="test")
    await producer.start()
    try:
        for dossier in dossiers:
            key, value, headers = encode(event(received(dossier), source="/motcua/intake"))
            await producer.send_and_wait(topic, key=key, value=value, headers=list(headers))
    finally:
        await producer.stop()


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - the database and the broker send no event
            await asyncio.sleep(0.05)


async def test_records_that_could_not_even_be_held_are_not_passed_over(
    service: Service, kafka_settings: KafkaSettings, topic: str
) -> None:
    """As when a service starts before its database is migrated."""
    consumer, early, late = consumer_of(service, topic), dossier_id(), dossier_id()

    async def rename(table: str, to: str) -> None:
        async with service.database.engine.begin() as connection:
            await connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {to}")

    async def waits() -> bool:
        count = REGISTRY.get_sample_value("motcua_batch_waits_total", {"consumer": consumer.name})
        return bool(count)

    async def seen(dossier: str) -> bool:
        return (dossier,) in await service.rows("SELECT id FROM visits")

    await rename("held_messages", "not_yet")
    async with consuming(kafka_settings, consumer):
        await publish(kafka_settings, topic, early)
        await until(waits)
        await publish(kafka_settings, topic, late)
        await rename("not_yet", "held_messages")
        await until(lambda: seen(late))
    assert await seen(early)
