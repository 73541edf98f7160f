"""What the relay promises: every committed event reaches Kafka, in order per subject, and is sealed
into the log.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from prometheus_client import REGISTRY

from chassis import correlation, failpoints, kafka, outbox
from chassis.clock import utc_now, uuid7
from chassis.database import Database
from chassis.kafka import within
from chassis.relay import LEASE, LEASE_WANTED, Relay
from chassis.settings import KafkaSettings
from chassis.testing.dossiers import dossier_id, received
from chassis.testing.kafka import fresh_topic, read

from .conftest import SOURCE


@pytest.fixture
async def topic(kafka_settings: KafkaSettings) -> AsyncIterator[str]:
    async with fresh_topic(kafka_settings) as name:
        yield name


def relay_for(
    database: Database, settings: KafkaSettings, *, linger: float = 0.002, patience: int = 10_000
) -> Relay:
    """A relay whose producer waits `linger` seconds for a batch to fill, and `patience`
    milliseconds for a topic.
    """

    def producer() -> AIOKafkaProducer:
        made = kafka.producer(settings, client_id="test")
        made._message_accumulator._linger_time = linger
        made.client._request_timeout_ms = patience
        return made

    return Relay(database.engine.url.render_as_string(hide_password=False), producer)


async def limit_records(settings: KafkaSettings, topic: str, size: int) -> None:
    admin = AIOKafkaAdminClient(**kafka.connection(settings))
    await admin.start()
    limit = {"max.message.bytes": str(size)}
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, limit)])
    await admin.close()


async def until_failed(error: str) -> None:
    async with asyncio.timeout(30):
        while not REGISTRY.get_sample_value("motcua_relay_failures_total", {"error": error}):  # noqa: ASYNC110 - a counter tells nobody
            await asyncio.sleep(0.01)


async def until_moved(database: Database, events: int) -> None:
    async with asyncio.timeout(30):
        while await count(database, "event_log") < events:  # noqa: ASYNC110 - rows tell nobody
            await asyncio.sleep(0.05)


def announcement(topic: str, dossier: str) -> outbox.Announcement:
    return outbox.Announcement(
        str(uuid7()), utc_now(), topic, dossier, received(dossier), correlation.current()
    )


async def append(database: Database, topic: str, dossiers: list[str], *, pause: float = 0) -> None:
    async with database.engine.begin() as connection:
        await outbox.append(connection, SOURCE, [announcement(topic, d) for d in dossiers])
        await asyncio.sleep(pause)


async def drained(relay: Relay) -> None:
    relay.stop()
    await within(relay.run(), 30)


async def count(database: Database, table: str) -> int:
    async with database.engine.connect() as connection:
        return (await connection.exec_driver_sql(f"SELECT count(*) FROM {table}")).scalar_one()


async def test_events_leave_in_order_with_headers_and_land_in_the_log(
    database: Database, kafka_settings: KafkaSettings, topic: str
) -> None:
    dossiers = [dossier_id() for _ in range(5)]
    await append(database, topic, dossiers * 3)
    await drained(relay_for(database, kafka_settings))
    records = await read(kafka_settings, topic, 15)
    sequences: dict[bytes, list[bytes]] = defaultdict(list)
    for sent in records:
        assert sent.key
        headers = dict(sent.headers)
        assert headers["ce_subject"] == sent.key
        assert headers["content-type"] == b"application/json"
        sequences[sent.key].append(headers["ce_sequence"] or b"")
    assert sequences == {d.encode(): [b"1", b"2", b"3"] for d in dossiers}
    assert await count(database, "outbox") == 0
    assert await count(database, "event_log") == 15


async def test_concurrent_writers_with_open_transactions_lose_and_reorder_nothing(
    database: Database, kafka_settings: KafkaSettings, topic: str
) -> None:
    """Ids are taken before commits: a relay with a cursor would lose rows here, one without locks
    would reorder.
    """
    dossiers = [dossier_id() for _ in range(4)]
    relay = relay_for(database, kafka_settings)
    running = asyncio.create_task(relay.run())

    async def writer(seed: int) -> None:
        dice = random.Random(seed)
        for _ in range(20):
            await append(database, topic, dice.sample(dossiers, 2), pause=dice.random() / 50)

    await asyncio.gather(*(writer(seed) for seed in range(5)))
    relay.stop()
    await within(running, 30)
    records = await read(kafka_settings, topic, 200)
    sequences: dict[bytes | None, list[int]] = defaultdict(list)
    for sent in records:
        sequences[sent.key].append(int(dict(sent.headers)["ce_sequence"] or b"0"))
    assert all(found == list(range(1, len(found) + 1)) for found in sequences.values())
    assert sum(map(len, sequences.values())) == 200


async def test_only_one_of_two_relays_publishes(
    database: Database, kafka_settings: KafkaSettings, topic: str
) -> None:
    first, second = (relay_for(database, kafka_settings) for _ in range(2))
    running = [asyncio.create_task(relay.run()) for relay in (first, second)]
    for _ in range(20):
        await append(database, topic, [dossier_id() for _ in range(10)])
    first.stop()
    await within(running[0], 30)
    second.stop()
    await within(running[1], 30)
    assert len(await read(kafka_settings, topic, 200)) == 200
    assert await count(database, "event_log") == 200


async def test_a_relay_that_lost_its_connection_takes_the_lease_again(
    database: Database, kafka_settings: KafkaSettings, topic: str
) -> None:
    relay = relay_for(database, kafka_settings)
    running = asyncio.create_task(relay.run())
    before, after = dossier_id(), dossier_id()
    await append(database, topic, [before])
    await read(kafka_settings, topic, 1)
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    await append(database, topic, [after])
    # Cut between acknowledgement and move, an event comes twice, with the same id.
    keys = {sent.key for sent in await read(kafka_settings, topic, 2)}
    assert keys <= {before.encode(), after.encode()}
    relay.stop()
    await within(running, 30)
    assert await count(database, "event_log") == 2
    assert await count(database, "outbox") == 0


async def test_a_refused_event_is_overtaken_by_none_of_its_subject(
    database: Database, kafka_settings: KafkaSettings, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """aiokafka sends the next record of a partition after one that failed, and the broker, which
    does not know the producer yet, takes it.
    """
    monkeypatch.setattr("chassis.relay.BATCH", 1)  # each event in a request of its own
    await append(database, topic, [dossier_id()] * 2)
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE outbox SET value = value || repeat(' ', 5000)::bytea WHERE sequence = 1"
        )
    await limit_records(kafka_settings, topic, 4_000)
    relay = relay_for(database, kafka_settings, linger=0)
    running = asyncio.create_task(relay.run())
    await until_failed("MessageSizeTooLargeError")
    await limit_records(kafka_settings, topic, 1_000_000)
    await until_moved(database, 2)
    relay.stop()
    await within(running, 30)
    records = await read(kafka_settings, topic, 2)
    assert [dict(sent.headers)["ce_sequence"] for sent in records] == [b"1", b"2"]


async def test_what_left_before_a_refused_event_leaves_once(
    database: Database, kafka_settings: KafkaSettings, topic: str
) -> None:
    await append(database, topic, [dossier_id() for _ in range(5)])
    await append(database, "no.such.topic", [dossier_id()])
    relay = relay_for(database, kafka_settings, patience=500)
    running = asyncio.create_task(relay.run())
    await until_moved(database, 5)
    relay.stop()
    await within(running, 30)
    assert await count(database, "outbox") == 1
    assert len(await read(kafka_settings, topic, 5)) == 5


async def test_nothing_ends_the_relay_but_a_stop(
    database: Database, kafka_settings: KafkaSettings, topic: str
) -> None:
    failpoints.arm({failpoints.ENVIRONMENT: "relay.before-send=raise@1"})
    try:
        relay = relay_for(database, kafka_settings)
        running = asyncio.create_task(relay.run())
        await append(database, topic, [dossier_id()])
        await until_moved(database, 1)
        relay.stop()
        await within(running, 30)
    finally:
        failpoints.arm({})


async def test_a_relay_without_the_lease_connects_no_oftener_when_woken(
    database: Database, kafka_settings: KafkaSettings
) -> None:
    """Else every commit on a second replica would open a connection."""
    attempts = 0

    def refuse() -> AIOKafkaProducer:
        nonlocal attempts
        attempts += 1
        raise asyncpg.CannotConnectNowError

    relay = Relay(database.engine.url.render_as_string(hide_password=False), refuse)
    running = asyncio.create_task(relay.run())
    await until_failed("CannotConnectNowError")
    for _ in range(50):
        relay.wake()
        await asyncio.sleep(0.002)
    relay.stop()
    await within(running, 30)
    assert attempts <= 2, "the first, and the last after the stop"


async def test_a_relay_gives_way_to_whoever_wants_its_lease_and_takes_it_again(
    database: Database, kafka_settings: KafkaSettings, topic: str
) -> None:
    relay = relay_for(database, kafka_settings)
    running = asyncio.create_task(relay.run())
    await append(database, topic, [dossier_id()])
    await until_moved(database, 1)
    url = database.url.replace("postgresql+asyncpg://", "postgresql://")
    wanting = await asyncpg.connect(url)
    granted = asyncio.create_task(wanting.execute(f"SELECT pg_advisory_lock({LEASE})"))
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(f"NOTIFY {LEASE_WANTED}")
    await within(granted, 10)
    await append(database, topic, [dossier_id()])
    await drained(relay_for(database, kafka_settings))
    assert await count(database, "outbox") == 1, "nothing is published without the lease"
    await wanting.close()
    await until_moved(database, 2)
    relay.stop()
    await within(running, 30)
