"""What was published can be published again from the log, and nobody is misled by it."""

import asyncio
from functools import partial
from typing import Any

import pytest

from chassis.consumer import Consumer
from chassis.database import Database
from chassis.held_messages import RawRecord
from chassis.kafka import within
from chassis.relay import LEASE
from chassis.settings import KafkaSettings
from chassis.testing.dossiers import dossier_id
from chassis.testing.kafka import fresh_topic, make_topics, read
from chassis.testing.records import raw
from chassis.testing.visits import Service, VisitWork
from motcua_contracts.envelope import Record
from motcua_contracts.topics import DOSSIER_EVENTS
from operations import lease, replay_commands

from .publishing import Operator, announce, publish, relay_for
from .topics import by_key, delete_topic, sequences, size

HOLDS_THE_LEASE = f"""
SELECT 1 FROM pg_locks JOIN pg_stat_activity AS session USING (pid)
WHERE locktype = 'advisory' AND granted AND application_name = '{lease.APPLICATION}'
AND session.datname = current_database()
"""


async def execute(database: Database, statement: str) -> None:
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(statement)


async def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    async with database.engine.connect() as connection:
        return [tuple(row) for row in await connection.exec_driver_sql(query)]


async def paused(database: Database) -> None:
    """Wait until a replay has the relay's lease."""
    async with asyncio.timeout(60):
        while not await rows(database, HOLDS_THE_LEASE):  # noqa: ASYNC110 - locks tell nobody
            await asyncio.sleep(0.05)


async def test_a_lost_topic_is_rebuilt_byte_for_byte_and_in_order(
    database: Database, kafka_settings: KafkaSettings, topic: str, operator: Operator
) -> None:
    dossiers = [dossier_id() for _ in range(5)]
    await publish(database, kafka_settings, topic, dossiers * 3)
    before = by_key(await read(kafka_settings, topic, 15))
    await delete_topic(kafka_settings, topic)

    rebuilding = asyncio.create_task(operator.ask("replay", "--topic", topic))
    await asyncio.sleep(0)
    await make_topics(kafka_settings, topic)
    answer = await within(rebuilding, 60)

    assert answer.code == 0, answer
    assert "15 events of 5 dossiers" in answer.out
    assert "nothing new was published meanwhile" in answer.out
    assert by_key(await read(kafka_settings, topic, 15)) == before
    assert await size(kafka_settings, topic) == 15


async def test_nothing_new_overtakes_while_a_topic_is_rebuilt_beside_the_running_relay(
    database: Database,
    kafka_settings: KafkaSettings,
    topic: str,
    operator: Operator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chassis.relay.DEADLINE_SECONDS", 2.0)
    monkeypatch.setattr("chassis.kafka.DEADLINE_SECONDS", 2.0)
    dossiers = [dossier_id() for _ in range(20)]
    relay = relay_for(database, kafka_settings)
    running = asyncio.create_task(relay.run())
    writing = True

    async def write() -> None:
        while writing:
            await announce(database, topic, dossiers)
            relay.wake()
            await asyncio.sleep(0.005)

    writer = asyncio.create_task(write())
    await read(kafka_settings, topic, 2_000)
    await delete_topic(kafka_settings, topic)
    rebuilding = asyncio.create_task(operator.ask("replay", "--topic", topic))
    await paused(database)
    await make_topics(kafka_settings, topic)
    answer = await within(rebuilding, 60)
    assert answer.code == 0, answer
    writing = False
    await writer
    relay.stop()
    await within(running, 30)

    [(events,)] = await rows(database, "SELECT count(*) FROM event_log")
    met = sequences(await read(kafka_settings, topic, events))
    assert met.keys() == {dossier.encode() for dossier in dossiers}
    for numbers in met.values():
        assert numbers == list(range(1, events // len(dossiers) + 1))


async def test_a_consumer_does_nothing_twice(
    database: Database,
    kafka_settings: KafkaSettings,
    topic: str,
    operator: Operator,
    consumer: Consumer[VisitWork],
    service: Service,
) -> None:
    one, other = dossier_id(), dossier_id()
    await publish(database, kafka_settings, topic, [one, other, one])
    assert (await operator.ask("replay", "--dossier", one)).code == 0
    records = await read(kafka_settings, topic, 5)
    assert {key: len(found) for key, found in by_key(records).items()} == {
        one.encode(): 4,
        other.encode(): 1,
    }
    await consumer.process([as_of_dossiers(record) for record in records])
    assert sorted(await service.rows("SELECT id, count FROM visits")) == sorted(
        [(one, 2), (other, 1)]
    )
    assert await service.rows("SELECT id FROM held_messages") == []


def as_of_dossiers(record: RawRecord) -> RawRecord:
    """The same record on the topic that the consumer subscribes to."""
    headers = tuple(record.headers)
    return raw(Record(key=record.key, value=record.value, headers=headers), DOSSIER_EVENTS.name)


async def test_a_copy_on_a_new_topic_lets_the_relay_go_on(
    database: Database, kafka_settings: KafkaSettings, topic: str, operator: Operator
) -> None:
    dossiers = [dossier_id() for _ in range(4)]
    await publish(database, kafka_settings, topic, dossiers * 2)
    relay = relay_for(database, kafka_settings)
    running = asyncio.create_task(relay.run())
    async with fresh_topic(kafka_settings) as copy:
        answer = await operator.ask("replay", "--topic", topic, "--to", copy)
        assert answer.code == 0, answer
        assert f"from {topic} to {copy}" in answer.out
        assert "nothing new" not in answer.out
        copied = await read(kafka_settings, copy, 8)
    relay.stop()
    await within(running, 30)
    assert by_key(copied) == by_key(await read(kafka_settings, topic, 8))


async def test_part_of_the_log_is_named_by_positions_or_moments(
    database: Database, kafka_settings: KafkaSettings, topic: str, operator: Operator
) -> None:
    await publish(database, kafka_settings, topic, [dossier_id() for _ in range(10)])
    await execute(
        database,
        "UPDATE event_log SET published_at = now() - make_interval(hours => 10 - position::int)",
    )
    by_position = await operator.ask("replay", "--topic", topic, "--from", "3", "--until", "6")
    assert "4 events of 4 dossiers" in by_position.out
    assert "positions 3 to 6" in by_position.out
    by_time = await operator.ask(
        "replay", "--topic", topic, "--from", "330m", "--until", "90m", "--dry-run"
    )
    assert "positions 5 to 8" in by_time.out
    assert await size(kafka_settings, topic) == 10 + 4, "a dry run publishes nothing"
    assert f"{topic} held records before" in by_position.err


async def test_what_consumers_have_forgotten_is_not_sent_to_them(
    database: Database, kafka_settings: KafkaSettings, topic: str, operator: Operator
) -> None:
    await publish(database, kafka_settings, topic, [dossier_id() for _ in range(4)])
    ages = "CASE position WHEN 1 THEN 40 WHEN 2 THEN 20 ELSE 1 END"
    await execute(
        database, f"UPDATE event_log SET published_at = now() - make_interval(days => {ages})"
    )
    answer = await operator.ask("replay", "--topic", topic, "--dry-run")
    assert "positions 3 to 4" in answer.out, "what the topic would keep: 14 days"
    answer = await operator.ask("replay", "--topic", topic, "--from", "2", "--dry-run")
    assert "positions 2 to 4" in answer.out
    answer = await operator.ask("replay", "--topic", topic, "--from", "1")
    assert answer.code == 1
    assert "consumers know an event for 30 days" in answer.err
    answer = await operator.ask("replay", "--topic", topic, "--to", "new", "--dry-run")
    assert "positions 1 to 4" in answer.out


async def test_what_cannot_be_meant_is_refused_in_words(
    database: Database, kafka_settings: KafkaSettings, topic: str, operator: Operator
) -> None:
    dossier = dossier_id()
    await publish(database, kafka_settings, topic, [dossier])
    async with fresh_topic(kafka_settings) as second:
        await publish(database, kafka_settings, second, [dossier])
    answer = await operator.ask("replay", "--topic", "no.such")
    assert answer.code == 1
    assert f"trial never wrote to no.such: it wrote to {min(topic, second)}" in answer.err
    answer = await operator.ask("replay", "--topic", topic, "--to", DOSSIER_EVENTS.name)
    assert "has a contract and a writer of its own" in answer.err
    answer = await operator.ask("replay", "--dossier", dossier, "--to", "new")
    assert "say --topic with one of" in answer.err
    answer = await operator.ask("replay", "--dossier", dossier_id())
    assert (answer.code, answer.out) == (0, "trial: nothing to replay\n")
    with pytest.raises(SystemExit) as usage:
        await operator.ask("replay", "--to", "new")
    assert usage.value.code == 2


async def test_a_topic_that_does_not_appear_is_not_waited_for_for_ever(
    database: Database,
    kafka_settings: KafkaSettings,
    topic: str,
    operator: Operator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replay_commands, "TOPIC_PATIENCE_SECONDS", 0)
    await publish(database, kafka_settings, topic, [dossier_id()])
    answer = await operator.ask("replay", "--topic", topic, "--to", "no.such.topic")
    assert answer.code == 1
    assert "waiting until it is made" in answer.err
    assert "stopped after 0 events: there is no such topic" in answer.err


async def test_a_relay_that_hangs_with_the_lease_is_told(
    database: Database,
    kafka_settings: KafkaSettings,
    topic: str,
    operator: Operator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replay_commands, "borrow", partial(lease.borrow, seconds=0.2))
    await publish(database, kafka_settings, topic, [dossier_id()])
    async with lease.session(database) as hanging:
        await hanging.execute(f"SELECT pg_advisory_lock({LEASE})")
        answer = await operator.ask("replay", "--topic", topic)
    assert answer.code == 1
    assert "the relay does not pause" in answer.err
    assert await size(kafka_settings, topic) == 1


async def test_an_interrupted_replay_gives_the_lease_back_and_says_how_far_it_came(
    database: Database, kafka_settings: KafkaSettings, topic: str, operator: Operator
) -> None:
    await publish(database, kafka_settings, topic, [dossier_id()])
    await delete_topic(kafka_settings, topic)
    asking = asyncio.create_task(operator.ask("replay", "--topic", topic))
    await paused(database)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    said = operator._printed.readouterr()
    assert "stopped after 0 events: interrupted\n  next: the same command with --from 1" in said.err
    async with lease.session(database) as another:
        await lease.borrow(another, database, seconds=5)
    await make_topics(kafka_settings, topic)
