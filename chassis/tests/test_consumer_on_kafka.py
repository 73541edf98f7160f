"""What the consumer promises on a real broker, where its errors and its stops meet FastStream's."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from prometheus_client import REGISTRY

from chassis import kafka
from chassis.clock import utc_now
from chassis.consumer import Consumer, Subscription
from chassis.settings import KafkaSettings
from chassis.testing.dossiers import dossier_id, received
from chassis.testing.kafka import fresh_topic, make_topics
from chassis.testing.records import event
from motcua_contracts.dossier import DossierReceived
from motcua_contracts.envelope import encode
from motcua_contracts.topics import DOSSIER_EVENTS

from .conftest import Service, VisitWork, handle_received

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
    await broker.connect()
    connecting = asyncio.create_task(consumer.connect())
    try:
        yield
    finally:
        consumer.stop()
        connecting.cancel()
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


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
async def test_an_agency_may_compress_as_it_likes(
    service: Service, kafka_settings: KafkaSettings, topic: str, codec: str
) -> None:
    """A codec that is not installed would stop the partition for ever."""
    dossier = dossier_id()
    key, value, headers = encode(event(received(dossier), source="/motcua/intake"))
    producer = AIOKafkaProducer(compression_type=codec, **kafka.connection(kafka_settings))
    async with producer:
        await producer.send_and_wait(topic, key=key, value=value, headers=list(headers))
    async with consuming(kafka_settings, consumer_of(service, topic)):
        await until(lambda: seen(service, dossier))


async def test_a_consumer_comes_in_by_any_of_several_addresses(
    service: Service, kafka_settings: KafkaSettings, topic: str
) -> None:
    """FastStream takes a text for one address, whatever is in it, and then tries it for ever."""
    addresses = f"127.0.0.1:9,{kafka_settings.bootstrap_servers}"
    several = kafka_settings.model_copy(update={"bootstrap_servers": addresses})
    dossier = dossier_id()
    await publish(several, topic, dossier)
    async with consuming(several, consumer_of(service, topic)):
        await until(lambda: seen(service, dossier))


class OddName(str):
    """A header's name as no client of ours would send it, though a broker takes it."""

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return b"\xff\xfe"


async def send_in_one_batch(settings: KafkaSettings, topic: str, *dossiers: str) -> None:
    """The second record has a header whose name is not UTF-8."""
    async with AIOKafkaProducer(**kafka.connection(settings)) as producer:
        batch = producer.create_batch()
        batch._builder = _DefaultRecordBatchBuilderPy(2, 0, 0, -1, -1, -1, 100_000)
        for number, dossier in enumerate(dossiers):
            key, value, headers = encode(event(received(dossier), source="/motcua/intake"))
            odd = [(OddName(), b"")] if number == 1 else []
            batch.append(key=key, value=value, timestamp=None, headers=[*headers, *odd])
        await (await producer.send_batch(batch, topic, partition=0))


async def test_a_header_name_that_is_not_utf8_stops_nobody(
    service: Service, kafka_settings: KafkaSettings, topic: str
) -> None:
    """aiokafka raises on it in each fetch, and loses what it read before it in the same poll."""
    dossiers = [dossier_id() for _ in range(3)]
    await send_in_one_batch(kafka_settings, topic, *dossiers)
    async with consuming(kafka_settings, consumer_of(service, topic)):
        for dossier in dossiers:
            await until(partial(seen, service, dossier))


async def never_ends(*_: object, **__: object) -> None:
    await asyncio.Event().wait()


async def test_a_membership_whose_commits_hang_is_renewed(
    service: Service,
    kafka_settings: KafkaSettings,
    topic: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Seen after a kill -9 of the broker: fetching goes on, and no commit ever ends."""
    monkeypatch.setattr("chassis.consumer.COMMIT_SECONDS", 0.5)
    consumer = consumer_of(service, topic)
    async with consuming(kafka_settings, consumer):
        before, after = dossier_id(), dossier_id()
        await publish(kafka_settings, topic, before)
        await until(lambda: seen(service, before))
        stuck = consumer._subscriber.consumer
        monkeypatch.setattr(stuck, "commit", never_ends)
        await publish(kafka_settings, topic, after)
        await until(lambda: seen(service, after))

        async def renewed() -> bool:
            return consumer._connected and consumer._subscriber.consumer not in (stuck, None)

        await until(renewed)


async def test_a_membership_whose_polls_hang_is_renewed(
    service: Service,
    kafka_settings: KafkaSettings,
    topic: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A rebalance that fails may leave aiokafka waiting for an assignment for ever."""
    consumer = consumer_of(service, topic)
    async with consuming(kafka_settings, consumer):
        await publish(kafka_settings, topic, before := dossier_id())
        await until(lambda: seen(service, before))
        assert await consumer.renew_if_stuck() == 0
        stuck = consumer._subscriber.consumer
        monkeypatch.setattr(stuck, "getmany", never_ends)
        monkeypatch.setattr("chassis.consumer.POLL_SECONDS", 0.5)

        async def found_stuck() -> bool:
            return await consumer.renew_if_stuck() == 1

        await until(found_stuck)
        monkeypatch.setattr("chassis.consumer.POLL_SECONDS", 120)
        await publish(kafka_settings, topic, after := dossier_id())
        await until(lambda: seen(service, after))


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - the database and the broker send no event
            await asyncio.sleep(0.05)


async def seen(service: Service, dossier: str) -> bool:
    return (dossier,) in await service.rows("SELECT id FROM visits")


def waits(consumer: Consuming) -> float:
    labels = {"consumer": consumer.name}
    return REGISTRY.get_sample_value("motcua_batch_waits_total", labels) or 0


async def test_records_that_could_not_even_be_held_are_not_passed_over(
    service: Service, kafka_settings: KafkaSettings, topic: str
) -> None:
    """As when a service starts before its database is migrated."""
    consumer, early, late = consumer_of(service, topic), dossier_id(), dossier_id()

    async def rename(table: str, to: str) -> None:
        async with service.database.engine.begin() as connection:
            await connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {to}")

    async def has_waited() -> bool:
        return waits(consumer) > 1

    await rename("held_messages", "not_yet")
    async with consuming(kafka_settings, consumer):
        await publish(kafka_settings, topic, early)
        await until(has_waited)
        assert consumer.healthy(transaction_seconds=2), "a batch that waits is no illness"
        await publish(kafka_settings, topic, late)
        await rename("not_yet", "held_messages")
        await until(lambda: seen(service, late))
    assert await seen(service, early)


async def test_a_topic_that_is_missing_is_waited_for(
    service: Service, kafka_settings: KafkaSettings
) -> None:
    missing, dossier = f"test.{dossier_id()}", dossier_id()
    consumer = consumer_of(service, missing)
    async with consuming(kafka_settings, consumer):
        assert consumer.healthy(), "a topic that is not there yet restarts nobody"
        await make_topics(kafka_settings, missing)
        await publish(kafka_settings, missing, dossier)
        await until(lambda: seen(service, dossier))
        assert consumer.healthy()
        consumer._subscriber.tasks[0].cancel()

        async def ill() -> bool:
            return not consumer.healthy()

        await until(ill)
