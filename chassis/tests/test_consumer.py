"""What the consumer promises: effect once, order per key, and one bad message costs only itself."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY

from chassis.consumer import Consumer
from chassis.errors import Permanent, Transient
from chassis.held_messages import RawRecord
from chassis.testing.dossiers import dossier_id, received, returned, withdrawn
from chassis.testing.records import again, event, raw, record
from motcua_contracts.envelope import Event, EventData, Record, encode
from motcua_contracts.topics import DOSSIER_EVENTS

from .conftest import Service, VisitWork, Withdrawals

INTAKE = "/motcua/intake"
TOPIC = DOSSIER_EVENTS.name


def on_topic(data: EventData) -> tuple[Event[EventData], RawRecord]:
    sent = event(data, source=INTAKE)
    return sent, record(sent, DOSSIER_EVENTS)


async def visits(service: Service) -> dict[str, int]:
    return dict(await service.rows("SELECT id, count FROM visits"))


async def held(service: Service) -> list[tuple[Any, ...]]:
    return await service.rows(
        "SELECT ordering_key, state, reason, attempts FROM held_messages ORDER BY id"
    )


async def make_due(service: Service) -> None:
    async with service.database.engine.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE held_messages SET next_attempt_at = now() - interval '1 second'"
        )


async def test_a_batch_takes_effect_and_announces_in_one_transaction(
    consumer: Consumer[VisitWork], service: Service
) -> None:
    dossiers = [dossier_id() for _ in range(3)]
    records = [on_topic(received(dossier))[1] for dossier in dossiers * 2]
    assert await consumer.process(records)
    assert await visits(service) == dict.fromkeys(dossiers, 2)
    sequences = await service.rows(
        "SELECT subject, array_agg(sequence ORDER BY id) FROM outbox GROUP BY subject"
    )
    assert sorted(sequences) == sorted((dossier, [1, 2]) for dossier in dossiers)


async def test_a_record_delivered_again_changes_nothing(
    consumer: Consumer[VisitWork], service: Service
) -> None:
    dossier = dossier_id()
    _, first = on_topic(received(dossier))
    await consumer.process([first, first])
    await consumer.process([first])
    assert await visits(service) == {dossier: 1}


async def test_the_same_id_from_another_source_is_another_event(
    consumer: Consumer[VisitWork], service: Service
) -> None:
    """An agency must not be able to suppress our events by using their ids first."""
    sent, ours = on_topic(received(dossier_id()))
    forged = record(again(sent, source="/agencies/H42.10"), DOSSIER_EVENTS)
    await consumer.process([forged])
    assert await visits(service) == {}
    await consumer.process([ours])
    (first, second) = await held(service)
    assert first[1:3] == ("parked", "wrong-origin")
    assert second[1:3] == ("waiting", "queued-behind")


async def test_one_bad_message_costs_only_itself(
    consumer: Consumer[VisitWork], service: Service, withdrawals: Withdrawals
) -> None:
    withdrawals.error = ValueError("a bug that quotes Nguyễn Thị Đào")
    good, bad = dossier_id(), dossier_id()
    records = [on_topic(data)[1] for data in (received(bad), withdrawn(bad), received(good))]
    await consumer.process(records)
    assert await visits(service) == {bad: 1, good: 1}
    assert await held(service) == [(bad, "waiting", "bug", 1)]
    (detail,) = (await service.rows("SELECT detail FROM held_messages"))[0]
    assert "Đào" not in str(detail)
    assert "ValueError" in str(detail)


async def test_later_messages_of_the_key_queue_behind_in_order(
    consumer: Consumer[VisitWork], service: Service, withdrawals: Withdrawals
) -> None:
    withdrawals.error = Permanent("no-such-thing")
    dossier = dossier_id()
    sent = [on_topic(data) for data in (received(dossier), withdrawn(dossier), received(dossier))]
    await consumer.process([r for _, r in sent[:2]])
    await consumer.process([sent[2][1]])
    assert await held(service) == [
        (dossier, "parked", "no-such-thing", 1),
        (dossier, "waiting", "queued-behind", 0),
    ]
    assert await consumer.retry_due() == 0, "what queues behind a parked message waits for it"

    withdrawals.error = None
    async with service.database.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE held_messages SET state = 'waiting'")
    assert await consumer.retry_due() == 2
    ((seen,),) = await service.rows("SELECT seen FROM visits")
    ids = [e.id for e, _ in sent]
    assert seen == [ids[0], f"withdrawn:{ids[1]}", ids[2]]
    assert {row[1] for row in await held(service)} == {"handled"}


async def test_a_transient_failure_is_retried_with_growing_pauses_then_parked(
    consumer: Consumer[VisitWork], service: Service, withdrawals: Withdrawals
) -> None:
    withdrawals.error = Transient("the recipient is not known yet")
    _, bad = on_topic(withdrawn(dossier_id()))
    await consumer.process([bad])
    pauses: list[timedelta] = []
    for _ in range(19):
        await make_due(service)
        assert await consumer.retry_due() == 1
        ((pause,),) = await service.rows(
            "SELECT next_attempt_at - now() FROM held_messages WHERE state IN ('waiting', 'parked')"
        )
        assert isinstance(pause, timedelta)
        pauses.append(pause)
    assert pauses[1] > pauses[0]
    assert max(pauses) <= timedelta(minutes=10)
    assert [row[1:] for row in await held(service)] == [("parked", "transient", 20)]


async def test_what_failed_while_the_clock_was_a_month_ahead_is_retried_when_it_is_right(
    consumer: Consumer[VisitWork], service: Service, withdrawals: Withdrawals
) -> None:
    withdrawals.error = Transient("not yet")
    await consumer.process([on_topic(withdrawn(dossier_id()))[1]])
    assert await consumer.retry_due() == 0, "its pause is not over"
    async with service.database.engine.begin() as connection:
        month = "UPDATE held_messages SET next_attempt_at = next_attempt_at + interval '30 days'"
        await connection.exec_driver_sql(month)
    assert await consumer.retry_due() == 1


async def test_a_held_message_that_is_delivered_again_is_held_once(
    consumer: Consumer[VisitWork], service: Service, withdrawals: Withdrawals
) -> None:
    withdrawals.error = Permanent("refused")
    _, bad = on_topic(withdrawn(dossier_id()))
    await consumer.process([bad])
    await consumer.process([bad])
    await consumer.process([bad, bad])
    assert len(await held(service)) == 1


async def test_every_outcome_is_counted_once(
    consumer: Consumer[VisitWork], service: Service, withdrawals: Withdrawals
) -> None:
    names = ["handled", "duplicate", "no-handler", "waiting", "parked", "retried"]

    def counts() -> list[float]:
        labels = [{"consumer": "test.visits", "outcome": name} for name in names]
        return [REGISTRY.get_sample_value("motcua_messages_total", each) or 0 for each in labels]

    before = counts()
    withdrawals.error = Transient("not yet")
    first, second = dossier_id(), dossier_id()
    facts = (received(first), returned(first), withdrawn(first), received(first), received(second))
    records = [on_topic(fact)[1] for fact in facts]
    garbage = raw(encode(event(received(second), source=INTAKE))._replace(value=b"{"), TOPIC)
    await consumer.process([*records, garbage])
    await consumer.process([records[-2]])
    await consumer.process([on_topic(received(dossier_id()))[1]] * 2)
    withdrawals.error = None
    await make_due(service)
    assert await consumer.retry_due() == 2
    grown = [after - was for was, after in zip(before, counts(), strict=True)]
    assert dict(zip(names, grown, strict=True)) == {
        "handled": 3,
        "duplicate": 1,
        "no-handler": 1,
        "waiting": 3,
        "parked": 1,
        "retried": 2,
    }


def _with(record: Record, name: str, value: bytes | None) -> Record:
    headers = tuple((n, value if n == name else v) for n, v in record.headers)
    return record._replace(headers=headers)


Garble = Callable[[Record], Record]
GARBAGE: dict[str, Garble] = {
    "a key with a NUL": lambda r: r._replace(key=b"a\0b"),
    "a header's name with a NUL": lambda r: r._replace(value=b"{", headers=(("\0", b"1"),)),
    "bytes that are no UTF-8": lambda r: r._replace(value=b"\xff\xfe{"),
    "no value": lambda r: r._replace(value=None),
    "no key": lambda r: r._replace(key=None),
    "no headers": lambda r: r._replace(headers=()),
    "a header that is null": lambda r: _with(r, "ce_id", None),
    "an unknown type": lambda r: _with(r, "ce_type", b"vn.motcua.dossier.levitated.v1"),
    "a newer major": lambda r: _with(r, "ce_type", b"vn.motcua.dossier.received.v7"),
}


@pytest.mark.parametrize("garble", GARBAGE.values(), ids=GARBAGE.keys())
async def test_garbage_is_parked_whole_and_neighbours_flow_on(
    consumer: Consumer[VisitWork], service: Service, garble: Garble
) -> None:
    good = dossier_id()
    content = garble(encode(event(received(dossier_id()), source=INTAKE)))
    await consumer.process([raw(content, TOPIC), on_topic(received(good))[1]])
    assert await visits(service) == {good: 1}
    rows = await service.rows("SELECT state, record_key, record_value FROM held_messages")
    assert rows == [("parked", content.key, content.value)]


@pytest.mark.parametrize("milliseconds", [-1, -(10**15), 10**17])
async def test_a_time_that_no_calendar_has_is_held_with_the_rest(
    consumer: Consumer[VisitWork], service: Service, milliseconds: int
) -> None:
    content = encode(event(received(dossier_id()), source=INTAKE))._replace(value=b"{")
    await consumer.process([replace(raw(content, TOPIC), timestamp=milliseconds)])
    assert [row[1:3] for row in await held(service)] == [("parked", "body-not-json")]


async def test_a_value_that_fits_no_column_costs_only_its_message(
    consumer: Consumer[VisitWork], service: Service, withdrawals: Withdrawals
) -> None:
    withdrawals.count = 10**12
    good, bad = dossier_id(), dossier_id()
    records = [on_topic(data)[1] for data in (received(bad), withdrawn(bad), received(good))]
    assert await asyncio.wait_for(consumer.process(records), 20)
    assert await visits(service) == {bad: 1, good: 1}
    assert [row[:3] for row in await held(service)] == [(bad, "waiting", "bug")]


async def test_what_an_earlier_release_held_from_a_topic_stops_no_retry(
    consumer: Consumer[VisitWork], service: Service, withdrawals: Withdrawals
) -> None:
    withdrawals.error = Transient("not yet")
    gone, good = dossier_id(), dossier_id()
    await consumer.process([on_topic(withdrawn(gone))[1], on_topic(received(good))[1]])
    await consumer.process([on_topic(withdrawn(good))[1]])
    withdrawals.error = None
    async with service.database.engine.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE held_messages SET topic = 'gone' WHERE ordering_key = $1", (gone,)
        )
    await make_due(service)
    assert await consumer.retry_due() == 2
    assert [row[1:3] for row in await held(service)] == [
        ("parked", "not-subscribed"),
        ("handled", "transient"),
    ]


async def test_a_known_type_without_a_handler_is_passed_over(
    consumer: Consumer[VisitWork], service: Service
) -> None:
    await consumer.process([on_topic(returned(dossier_id()))[1]])
    assert await held(service) == []


async def test_a_flush_that_the_database_refuses_falls_back_to_one_by_one(
    consumer: Consumer[VisitWork], service: Service
) -> None:
    full, free = dossier_id(), dossier_id()
    async with service.database.engine.begin() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO visits (id, count, seen) VALUES ($1, 999, '[]')", (full,)
        )
    await consumer.process([on_topic(received(d))[1] for d in (full, free)])
    assert await visits(service) == {full: 999, free: 1}
    assert [row[:3] for row in await held(service)] == [(full, "waiting", "bug")]


async def test_a_batch_waits_while_the_database_is_away_and_parks_nothing(
    consumer: Consumer[VisitWork], service: Service
) -> None:
    dossier = dossier_id()
    async with service.database.engine.begin() as connection:
        await connection.exec_driver_sql("LOCK TABLE inbox")
        batch = asyncio.create_task(consumer.process([on_topic(received(dossier))[1]]))
        await _cut_off_waiter(service)
    assert await asyncio.wait_for(batch, 20)
    assert await visits(service) == {dossier: 1}
    assert await held(service) == []


async def _cut_off_waiter(service: Service) -> None:
    """Cut the consumer's connection, as a restart of the server would, once it waits for the
    lock.
    """
    for _ in range(200):
        if await service.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the consumer never reached the lock")
