from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from chassis.clock import uuid7
from notification.domain import Reason, State

from .mail_sink import MailSink
from .samples import FACTS, recipient, registered
from .whole import Notification, fact

CLAIM = "claim = gen_random_uuid(), attempts = 1"
FAILED = "vn.motcua.notification.failed.v1"
UNKNOWN = "vn.motcua.notification.outcome-unknown.v1"


async def leave_behind(notification: Notification, state: State, lease: str) -> None:
    await notification.execute(
        f"UPDATE messages SET state = '{state}', {CLAIM}, lease_until = now() {lease}"
    )


@pytest.mark.parametrize(
    ("left", "found", "announced"),
    [
        (State.CLAIMED, State.RESERVED, []),
        (State.SENDING, State.OUTCOME_UNKNOWN, [UNKNOWN]),
    ],
)
async def test_what_a_dead_sender_left_is_recovered_by_how_far_it_came(
    notification: Notification, left: State, found: State, announced: list[str]
) -> None:
    await notification.hear(fact(registered()))
    await leave_behind(notification, left, "- interval '1 s'")
    await notification.sweep("recover messages")
    message = await notification.message()
    assert (message.state, message.reason) == (found, Reason.STOPPED_MIDWAY)
    assert [event.type for event in await notification.announced()] == announced


@pytest.mark.parametrize("state", [State.CLAIMED, State.SENDING])
async def test_what_a_sender_still_holds_is_left_to_it(
    notification: Notification, state: State
) -> None:
    await notification.hear(fact(registered()))
    await leave_behind(notification, state, "+ interval '5 s'")
    await notification.sweep("recover messages")
    assert (await notification.message()).state == state


async def grow_old(notification: Notification, days: int = 3) -> None:
    shift = f"interval '{days} days'"
    await notification.execute(
        f"UPDATE messages SET reserved_at = reserved_at - {shift}, "
        f"give_up_at = give_up_at - {shift}"
    )
    await notification.execute(f"UPDATE recipients SET received_at = received_at - {shift}")


async def test_a_message_whose_recipient_never_came_fails_in_the_end(
    notification: Notification,
) -> None:
    await notification.hear(fact(registered()))
    await notification.sweep("give messages up")
    assert (await notification.message()).state == State.RESERVED
    await grow_old(notification)
    await notification.sweep("give messages up")
    message = await notification.message()
    assert (message.state, message.reason) == (State.FAILED, Reason.NO_RECIPIENT)
    assert [event.type for event in await notification.announced()] == [FAILED]


async def test_a_message_deferred_for_days_fails_in_the_end(
    notification: Notification, mail_sink: MailSink
) -> None:
    mail_sink.misbehave("status-451")
    await notification.meet()
    await notification.hear(fact(registered()))
    await notification.send()
    await grow_old(notification)
    await notification.sweep("give messages up")
    message = await notification.message()
    assert (message.state, message.reason) == (State.FAILED, Reason.GAVE_UP)


@pytest.mark.parametrize(
    ("name", "sent", "days", "kept"),
    [
        ("returned", True, 31, False),
        ("withdrawn", True, 31, False),
        ("returned", True, 29, True),
        ("returned", False, 31, True),
        ("received", True, 31, True),
    ],
)
async def test_a_contact_is_forgotten_when_its_dossier_ended_long_ago(
    notification: Notification, mail_sink: MailSink, name: str, sent: bool, days: int, kept: bool
) -> None:
    await notification.meet()
    await notification.hear(fact(FACTS[name]))
    if sent:
        await notification.send()
    await grow_old(notification, days)
    await notification.sweep("purge recipients")
    assert bool(await notification.rows("SELECT 1 FROM recipients")) == kept


async def test_a_copy_that_ends_long_after_its_dossier_is_told_all_the_same(
    notification: Notification, mail_sink: MailSink
) -> None:
    """Intake says the contact again with the end of the copy, whichever of the two comes first."""
    await notification.meet()
    await notification.hear(fact(registered()), fact(FACTS["returned"], sequence=2))
    await notification.send()
    await grow_old(notification, 400)
    await notification.sweep("purge recipients")
    assert await notification.rows("SELECT 1 FROM recipients") == []

    await notification.meet(sequence=2)
    await notification.sweep("purge recipients")
    await notification.hear(fact(FACTS["copy-revoked"], sequence=9))
    await notification.send()
    assert mail_sink.mails()[-1]["subject"].startswith("[H42.10-20260302-0000017] Bản sao")

    await grow_old(notification, 31)
    await notification.sweep("purge recipients")
    assert await notification.rows("SELECT 1 FROM recipients") == []


async def test_all_contacts_that_are_due_are_forgotten_in_one_turn(
    notification: Notification, mail_sink: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notification.repository._BATCH", 2)
    for _ in range(5):
        dossier = str(uuid7())
        await notification.meet(recipient(dossier=dossier))
        returned = FACTS["returned"].model_copy(update={"dossier_id": dossier})
        await notification.hear(fact(returned))
    await notification.send()
    await grow_old(notification, 31)
    await notification.sweep("purge recipients")
    assert await notification.rows("SELECT 1 FROM recipients") == []


async def test_gauges_tell_what_is_open_and_for_how_long(notification: Notification) -> None:
    await notification.hear(fact(registered()), fact(registered(), sequence=2))
    await grow_old(notification, 1)
    await notification.sweep("measure messages")
    labels = {"state": "reserved", "reason": ""}
    reserved = REGISTRY.get_sample_value("motcua_notification_open_messages", labels)
    age = REGISTRY.get_sample_value("motcua_notification_oldest_open_seconds") or 0
    assert reserved == 2
    assert timedelta(seconds=age) >= timedelta(days=1)
    assert REGISTRY.get_sample_value("motcua_notification_messages_without_recipient") == 2
