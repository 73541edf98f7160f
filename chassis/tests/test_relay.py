"""What the relay promises: every committed event reaches Kafka, in order per subject, and is sealed
into the log.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator

import pytest

from chassis import audit, correlation, kafka, outbox
from chassis.clock import utc_now, uuid7
from chassis.database import Database
from chassis.kafka import within
from chassis.relay import Relay
from chassis.settings import KafkaSettings
from chassis.testing.kafka import fresh_topic, read

from .conftest import SOURCE
from .dossiers import dossier_id, received


@pytest.fixture
async def topic(kafka_settings: KafkaSettings) -> AsyncIterator[str]:
    async with fresh_topic(kafka_settings) as name:
        yield name


def relay_for(database: Database, settings: KafkaSettings) -> Relay:
    url = database.engine.url.render_as_string(hide_password=False)
    return Relay(url, lambda: kafka.producer(settings, client_id="test"))


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


TAMPERINGS = {
    "an edit": "UPDATE event_log SET value = value || ' ' WHERE position = 4",
    "an edited header": "UPDATE event_log SET headers = headers - 'ce_id' WHERE position = 4",
    "a deletion": "DELETE FROM event_log WHERE position = 4",
    "a swap": "UPDATE event_log SET position = -1 WHERE position = 4; "
    "UPDATE event_log SET position = 4 WHERE position = 5; "
    "UPDATE event_log SET position = 5 WHERE position = -1",
}


@pytest.mark.parametrize("tampering", TAMPERINGS.values(), ids=TAMPERINGS.keys())
async def test_the_chain_of_the_log_shows_tampering(
    database: Database, kafka_settings: KafkaSettings, topic: str, tampering: str
) -> None:
    await append(database, topic, [dossier_id() for _ in range(8)])
    await drained(relay_for(database, kafka_settings))
    async with database.engine.connect() as connection:
        assert (await audit.verify(connection)).intact
    async with database.engine.begin() as connection:
        for statement in tampering.split(";"):
            await connection.exec_driver_sql(statement)
    async with database.engine.connect() as connection:
        assert (await audit.verify(connection)).broken_at == 4
