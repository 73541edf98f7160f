"""Notification as `app.py` wires it, with its consumers, dispatcher and sweeps driven by hand."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import col, select

from chassis.clock import utc_now
from chassis.consumer import Consumer
from chassis.testing.behaviour import Consumed
from chassis.testing.records import event, record
from motcua_contracts.dossier import DossierRecipients
from motcua_contracts.envelope import Event, EventData
from motcua_contracts.topics import DOSSIER_RECIPIENTS, Topic
from notification.app import build
from notification.domain import State
from notification.models import Attempt, Message, Recipient
from notification.settings import Settings
from notification.subscribers import SUBSCRIPTIONS
from notification.work import NotificationWork

from .samples import recipient


def fact(data: EventData, *, sequence: int = 1) -> Event[EventData]:
    """The fact as its owner announces it."""
    return event(data, source=topic_of(data).writer, sequence=sequence)


def topic_of(data: EventData) -> Topic:
    assert data.topic
    return data.topic


@dataclass(frozen=True)
class Announced:
    type: str
    causation: str
    correlation: str


class Notification:
    def __init__(self, settings: Settings) -> None:
        self.service = build(settings)
        self._consumers = {
            subscription.purpose: Consumer[NotificationWork](
                f"notification.{subscription.purpose}",
                subscription,
                transaction=self.service.transaction,
                clock=utc_now,
            )
            for subscription in SUBSCRIPTIONS
        }

    def consumed(self, purpose: str, sent: Event[EventData], topic: Topic) -> Consumed:
        """What the chassis's behaviour suite takes."""
        return Consumed(self._consumers[purpose], self.service.database, sent, topic)

    async def hear(self, *events: Event[EventData]) -> None:
        """Facts arrive in one batch."""
        records = [record(each, topic_of(each.data)) for each in events]
        assert await self._consumers["facts"].process(records)

    async def meet(self, contact: Recipient | None = None, *, sequence: int = 1) -> None:
        """The recipient of the sample dossier arrives."""
        contact = contact or recipient()
        data = DossierRecipients(
            dossier_id=contact.dossier_id,
            recipient_id=contact.recipient_id,
            ciphertext=contact.ciphertext,
            key_id=contact.key_id,
        )
        arriving = record(fact(data, sequence=sequence), DOSSIER_RECIPIENTS)
        assert await self._consumers["recipients"].process([arriving])

    async def sweep(self, name: str) -> None:
        """One turn of a sweep."""
        [sweep] = [sweep for sweep in self.service._sweeps if sweep.name == name]
        await sweep.run()

    async def send(self) -> None:
        await self.sweep("send messages")

    async def messages(self) -> Sequence[Message]:
        """All there are, oldest first."""
        async with self.service.transaction() as work:
            return (await work.session.exec(select(Message).order_by(col(Message.id)))).all()

    async def message(self) -> Message:
        """The only one."""
        [message] = await self.messages()
        return message

    async def until(self, state: State) -> None:
        """Wait until the only message is in `state`."""
        async with asyncio.timeout(5):
            while (await self.message()).state != state:  # noqa: ASYNC110 - it is in the database
                await asyncio.sleep(0.01)

    async def attempts(self) -> Sequence[Attempt]:
        async with self.service.transaction() as work:
            return (await work.session.exec(select(Attempt).order_by(col(Attempt.id)))).all()

    async def announced(self) -> list[Announced]:
        """The events that wait in the outbox."""
        rows = await self.rows("SELECT headers FROM outbox ORDER BY id")
        return [
            Announced(h["ce_type"], h["ce_causationid"], h["ce_correlationid"]) for (h,) in rows
        ]

    async def held(self) -> list[tuple[Any, ...]]:
        return await self.rows("SELECT state, reason FROM held_messages ORDER BY id")

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        async with self.service.database.engine.connect() as connection:
            return [tuple(row) for row in await connection.exec_driver_sql(query)]

    async def execute(self, statement: str) -> None:
        async with self.service.database.engine.begin() as connection:
            await connection.exec_driver_sql(statement)

    async def let_time_pass(self) -> None:
        """Leases end and waits are over."""
        await self.execute(
            "UPDATE messages SET lease_until = now() - interval '1 s', due_at = NULL"
        )
