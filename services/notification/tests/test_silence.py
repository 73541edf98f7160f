"""Silence is an alarm: whatever a message to a citizen comes to rest at moves a metric."""

import asyncio

import pytest
from prometheus_client import REGISTRY

from chassis import backlog
from chassis.database import DatabaseAwayError
from chassis.encryption import Keyring
from notification.domain import Reason, State
from notification.work import NotificationWork

from .mail_sink import MailSink
from .samples import CONTACT, at, recipient, registered
from .test_sweeps import grow_old
from .whole import Notification, fact


def metric(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"motcua_{name}", labels) or 0


async def rests(notification: Notification, reason: str) -> float:
    """How many reserved messages wait for this reason."""
    await notification.sweep("measure messages")
    return metric("notification_open_messages", state="reserved", reason=reason)


async def test_a_fact_without_a_template_is_held_by_that_reason(
    notification: Notification,
) -> None:
    notification.service.clock = lambda: at(1, 0).replace(year=2020)
    await notification.hear(fact(registered()))
    async with notification.service.database.engine.connect() as connection:
        await backlog.measure(connection)
    labels = {"consumer": "notification.facts", "state": "parked", "reason": "template-missing"}
    assert metric("held_messages", **labels) == 1
    assert metric("held_age_seconds", consumer="notification.facts") > 0


async def test_a_message_whose_text_cannot_be_made_waits_by_that_reason(
    notification: Notification,
) -> None:
    await notification.meet()
    await notification.hear(fact(registered()))
    await notification.execute("UPDATE messages SET template = 'gone'")
    await notification.send()
    assert await rests(notification, Reason.NOT_RENDERED) == 1


async def test_a_message_whose_contact_no_key_opens_waits_by_that_reason(
    notification: Notification,
) -> None:
    foreign = Keyring("k9", {"k9": bytes(32)}, bytes(32))
    await notification.meet(recipient(keyring=foreign))
    await notification.hear(fact(registered()))
    await notification.send()
    assert await rests(notification, Reason.UNREADABLE_RECIPIENT) == 1


async def test_a_message_without_a_recipient_is_counted_grows_old_and_fails_by_that_reason(
    notification: Notification,
) -> None:
    labels = {"state": "failed", "template": "registered", "reason": Reason.NO_RECIPIENT}
    failed = metric("notification_messages_total", **labels)
    await notification.hear(fact(registered()))
    await notification.sweep("measure messages")
    assert metric("notification_messages_without_recipient") == 1
    age = metric("notification_oldest_open_seconds")
    async with asyncio.timeout(5):
        while metric("notification_oldest_open_seconds") <= age:  # noqa: ASYNC110 - time passes
            await asyncio.sleep(0.01)
    await grow_old(notification, 4)
    await notification.sweep("give messages up")
    assert metric("notification_messages_total", **labels) == failed + 1
    await notification.sweep("measure messages")
    assert metric("notification_messages_without_recipient") == 0
    assert metric("notification_oldest_open_seconds") == 0


async def test_an_address_that_is_none_fails_by_that_reason(notification: Notification) -> None:
    labels = {"state": "failed", "template": "registered", "reason": Reason.NO_ADDRESS}
    failed = metric("notification_messages_total", **labels)
    await notification.meet(recipient({"fullName": CONTACT["fullName"]}))
    await notification.hear(fact(registered()))
    await notification.send()
    assert metric("notification_messages_total", **labels) == failed + 1


async def test_an_answer_that_cannot_be_recorded_is_counted_each_time(
    notification: Notification, mail_sink: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, times = metric("swallowed_errors_total", where="record an answer"), 2
    settle = NotificationWork.settle

    async def go_away(work: NotificationWork, *answer: object) -> None:
        nonlocal times
        times -= 1
        if times >= 0:
            raise DatabaseAwayError
        await settle(work, *answer)  # pyright: ignore[reportArgumentType] - passed through

    monkeypatch.setattr(NotificationWork, "settle", go_away)
    await notification.meet()
    await notification.hear(fact(registered()))
    await notification.send()
    assert (await notification.message()).state == State.SENT
    assert len(mail_sink.mails()) == 1
    assert metric("swallowed_errors_total", where="record an answer") == before + 2
