"""What operators decide about held messages, against the consumer that tries them again."""

from typing import Any

from chassis import held_messages
from chassis.clock import utc_now
from chassis.consumer import Consumer
from chassis.errors import Permanent, Transient
from chassis.held_messages import RawRecord
from chassis.testing.dossiers import dossier_id, received, withdrawn
from chassis.testing.records import event, raw, record
from chassis.testing.visits import Service, VisitWork, Withdrawals
from motcua_contracts.envelope import Event, EventData, encode
from motcua_contracts.topics import DOSSIER_EVENTS
from operations import redrive

INTAKE = "/motcua/intake"
TOPIC = DOSSIER_EVENTS.name


def on_topic(data: EventData) -> tuple[Event[EventData], RawRecord]:
    sent = event(data, source=INTAKE)
    return sent, record(sent, DOSSIER_EVENTS)


async def held(service: Service) -> list[tuple[Any, ...]]:
    return await service.rows(
        "SELECT ordering_key, state, reason, attempts FROM held_messages ORDER BY id"
    )


async def make_due(service: Service) -> None:
    async with service.database.engine.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE held_messages SET next_attempt_at = now() - interval '1 second'"
        )


async def test_redriven_messages_are_tried_key_by_key_and_without_a_key(
    consumer: Consumer[VisitWork], service: Service, withdrawals: Withdrawals
) -> None:
    withdrawals.error = Permanent("no-such-thing")
    first, second, third = (dossier_id() for _ in range(3))
    keyless = raw(encode(event(received(third), source=INTAKE))._replace(key=None), TOPIC)
    facts = (withdrawn(first), received(first), withdrawn(second), received(second))
    await consumer.process([keyless, *(on_topic(fact)[1] for fact in facts)])
    async with service.database.engine.begin() as connection:
        every = [row["id"] for row in await redrive.select(connection, redrive.Selection())]
        await redrive.redrive(connection, every[:3], redrive.Decision("hung", "a test"))
    withdrawals.error = Permanent("still-not")
    await make_due(service)
    assert await consumer.retry_due() == 2, "one of each key that was redriven, and the keyless one"
    assert [row[:3] for row in await held(service)] == [
        (None, "parked", "null-key"),
        (first, "parked", "still-not"),
        (first, "waiting", "queued-behind"),
        (second, "parked", "no-such-thing"),
        (second, "waiting", "queued-behind"),
    ]


async def test_a_retry_that_failed_late_changes_nothing_that_was_decided_meanwhile(
    consumer: Consumer[VisitWork], service: Service, withdrawals: Withdrawals
) -> None:
    withdrawals.error = Transient("not yet")
    dossier = dossier_id()
    await consumer.process([on_topic(withdrawn(dossier))[1]])
    late = held_messages.judge(Transient("too late"), attempts=2, now=utc_now())
    async with service.database.engine.begin() as connection:
        await redrive.discard(connection, [1], redrive.Decision("hung", "a test"))
        await held_messages.postpone(connection, 1, late)
    assert await held(service) == [(dossier, "discarded", "transient", 1)]
