"""Silence is an alarm: whatever a message comes to rest at moves a metric, and its age grows."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import structlog
from prometheus_client import REGISTRY

from chassis import backlog, correlation, kafka, outbox
from chassis.clock import utc_now, uuid7
from chassis.consumer import Consumer, Subscription
from chassis.errors import Permanent, Transient
from chassis.settings import KafkaSettings
from chassis.testing.dossiers import dossier_id, received, returned, withdrawn
from chassis.testing.kafka import fresh_topic
from chassis.testing.records import event, raw
from chassis.unconsumed import measure_unconsumed
from motcua_contracts.dossier import DossierReceived, DossierReturned
from motcua_contracts.envelope import EventData, encode
from motcua_contracts.topics import DOSSIER_EVENTS

from .conftest import SOURCE, Service, VisitWork, Withdrawals, handle_received

INTAKE = "/motcua/intake"
CONSUMER = "test.visits"
LONG_AGO = 60


def metric(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"motcua_{name}", labels) or 0


async def grows(name: str, **labels: str) -> None:
    """It does so by itself: nobody measures anew."""
    before = metric(name, **labels)
    assert before > 0
    async with asyncio.timeout(5):
        while metric(name, **labels) <= before:  # noqa: ASYNC110 - time passes without an event
            await asyncio.sleep(0.01)


async def measured(service: Service) -> None:
    async with service.database.engine.connect() as connection:
        await backlog.measure(connection)


async def holds(service: Service, **labels: str) -> float:
    await measured(service)
    return metric("held_messages", consumer=CONSUMER, **labels)


def on_topic(data: EventData, **changes: bytes):
    """A record of the fact, with some headers changed."""
    content = encode(event(data, source=INTAKE))
    headers = tuple((name, changes.get(name, value)) for name, value in content.headers)
    return raw(content._replace(headers=headers), DOSSIER_EVENTS.name)


async def test_an_event_that_nobody_publishes(service: Service) -> None:
    await measured(service)
    assert metric("outbox_rows") == metric("outbox_age_seconds") == 0
    dossier = dossier_id()
    announcement = outbox.Announcement(
        str(uuid7()), utc_now(), "test", dossier, received(dossier), correlation.current()
    )
    async with service.database.engine.begin() as connection:
        await outbox.append(connection, SOURCE, [announcement])
    await measured(service)
    assert metric("outbox_rows") == 1
    await grows("outbox_age_seconds")


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (Transient("not yet"), "waiting", "transient"),
        (Permanent("template-missing"), "parked", "template-missing"),
        (ValueError("a bug"), "waiting", "bug"),
    ],
)
async def test_a_message_that_its_handler_refuses(
    consumer: Consumer[VisitWork], service: Service, withdrawals: Withdrawals, *, error: Exception,
    state: str, reason: str,
) -> None:  # fmt: skip
    withdrawals.error, dossier = error, dossier_id()
    before = metric("held_total", consumer=CONSUMER, reason=reason)
    await consumer.process([on_topic(withdrawn(dossier))])
    assert await holds(service, state=state, reason=reason) == 1
    assert metric("held_total", consumer=CONSUMER, reason=reason) == before + 1
    await grows("held_age_seconds", consumer=CONSUMER)
    await consumer.process([on_topic(received(dossier))])
    assert await holds(service, state="waiting", reason="queued-behind") == 1


@pytest.mark.parametrize(
    ("header", "value", "reason"),
    [
        ("ce_type", b"vn.motcua.dossier.levitated.v1", "unknown-type"),
        ("ce_type", b"vn.motcua.dossier.received.v7", "newer-major"),
        ("ce_source", b"/agencies/H42.10", "wrong-origin"),
        ("ce_id", b"\xff", "header-not-utf8"),
    ],
)
async def test_a_message_that_cannot_be_read(
    consumer: Consumer[VisitWork], service: Service, *, header: str, value: bytes, reason: str
) -> None:
    await consumer.process([on_topic(received(dossier_id()), **{header: value})])
    assert await holds(service, state="parked", reason=reason) == 1
    await grows("held_age_seconds", consumer=CONSUMER)


async def test_what_was_decided_about_rests_no_longer(
    consumer: Consumer[VisitWork], service: Service
) -> None:
    await consumer.process([on_topic(received(dossier_id()), ce_id=b"\xff")])
    assert await holds(service, state="parked", reason="header-not-utf8") == 1
    async with service.database.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE held_messages SET state = 'discarded'")
    assert await holds(service, state="parked", reason="header-not-utf8") == 0
    assert metric("held_age_seconds", consumer=CONSUMER) == 0


async def test_a_message_without_a_handler(consumer: Consumer[VisitWork]) -> None:
    labels = {"consumer": CONSUMER, "type": DossierReturned.type}
    before = metric("passed_over_total", **labels)
    await consumer.process([on_topic(returned(dossier_id())) for _ in range(3)])
    assert metric("passed_over_total", **labels) == before + 3
    assert metric("passed_over_total", consumer=CONSUMER, type=DossierReceived.type) == 0


class Reading:
    """A consumer of one topic, and what waits for it."""

    def __init__(self, service: Service, settings: KafkaSettings, topic: str) -> None:
        self.topic, self._settings = topic, settings
        subscription = Subscription("visits", (DOSSIER_EVENTS,), {DossierReceived: handle_received})
        name = f"test.{topic}"
        self.consumer = Consumer(name, subscription, transaction=service.transaction, clock=utc_now)
        self.consumer._topics = {topic: DOSSIER_EVENTS}

    async def write(self, count: int) -> None:
        """Records of some time ago."""
        then = int(time.time() - LONG_AGO) * 1000
        async with kafka.producer(self._settings, client_id="test") as producer:
            for _ in range(count):
                sent = encode(event(received(dossier_id()), source=INTAKE))
                await producer.send_and_wait(
                    self.topic, sent.value, key=sent.key, headers=[*sent.headers], timestamp_ms=then
                )

    async def waiting(self) -> float:
        await measure_unconsumed(self._settings, {self.consumer.name: [self.topic]})
        return metric("unconsumed_records", consumer=self.consumer.name)

    @property
    def age(self) -> float:
        return metric("unconsumed_age_seconds", consumer=self.consumer.name)

    @asynccontextmanager
    async def consuming(self) -> AsyncGenerator[None]:
        broker = kafka.broker(self._settings, client_id="test")
        self.consumer.subscribe(broker)
        await broker.connect()
        connecting = asyncio.create_task(self.consumer.connect())
        try:
            yield
        finally:
            self.consumer.stop()
            connecting.cancel()
            await broker.stop()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await condition():  # noqa: ASYNC110 - the broker sends no event
            await asyncio.sleep(0.05)


@pytest.fixture
async def reading(service: Service, kafka_settings: KafkaSettings) -> AsyncIterator[Reading]:
    async with fresh_topic(kafka_settings) as topic:
        yield Reading(service, kafka_settings, topic)


async def test_a_record_that_nobody_consumes(reading: Reading) -> None:
    """As when the consumer never joined its group."""
    assert await reading.waiting() == reading.age == 0
    await reading.write(4)
    assert await reading.waiting() == 4
    assert LONG_AGO <= reading.age < LONG_AGO + 30
    await grows("unconsumed_age_seconds", consumer=reading.consumer.name)

    async def taken() -> bool:
        return await reading.waiting() == 0

    async with reading.consuming():
        await until(taken)
    assert reading.age == 0


async def test_a_record_that_waits_in_the_hands_of_a_consumer_that_stands_still(
    reading: Reading, service: Service
) -> None:
    """It is fetched, so the client's own position is behind it; its offset is not committed."""
    name = reading.consumer.name

    async def stands_still() -> bool:
        return metric("batch_waits_total", consumer=name) > 0

    async with service.database.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE held_messages RENAME TO not_yet")
    await reading.write(1)
    # Its log is captured, or half a minute goes into pictures of the error.
    with structlog.testing.capture_logs():
        async with reading.consuming():
            await until(stands_still)
            assert await reading.waiting() == 1
            assert reading.age >= LONG_AGO
            await grows("unconsumed_age_seconds", consumer=name)


async def test_only_the_oldest_of_what_a_group_left_counts(reading: Reading) -> None:
    await reading.write(2)

    async def taken() -> bool:
        return await reading.waiting() == 0

    async with reading.consuming():
        await until(taken)
    await reading.write(3)
    assert await reading.waiting() == 3
    assert reading.age >= LONG_AGO


async def test_a_topic_that_is_not_there_yet_is_no_error(reading: Reading) -> None:
    reading.topic = f"test.{dossier_id()}"
    assert await reading.waiting() == 0


async def test_a_group_that_cannot_be_joined_is_counted(
    service: Service, kafka_settings: KafkaSettings
) -> None:
    nobody = kafka_settings.model_copy(update={"bootstrap_servers": "127.0.0.1:1"})
    reading = Reading(service, nobody, "test")

    async def counted() -> bool:
        return metric("swallowed_errors_total", where=f"connect {reading.consumer.name}") > 0

    async with reading.consuming():
        await until(counted)


async def test_an_ending_that_fails_or_takes_too_long_is_counted() -> None:
    async def fail() -> None:
        raise OSError

    before = metric("swallowed_errors_total", where="ending")
    await kafka.ended(asyncio.sleep(0), seconds=5)
    assert metric("swallowed_errors_total", where="ending") == before
    await kafka.ended(fail(), seconds=5)
    await kafka.ended(asyncio.sleep(60), seconds=0)
    assert metric("swallowed_errors_total", where="ending") == before + 2
