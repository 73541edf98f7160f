"""Real PostgreSQL, real SMTP: exactly one message per fact."""

import asyncio
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from chassis import failpoints
from chassis.clock import uuid7
from notification.dispatcher import Pace
from notification.domain import Reason, State
from notification.settings import Settings, SmtpSettings

from .mail_sink import MailSink
from .samples import CONTACT, FACTS, recipient, registered
from .whole import Announced, Notification, fact

SENT = "vn.motcua.notification.sent.v1"
FAILED = "vn.motcua.notification.failed.v1"
UNKNOWN = "vn.motcua.notification.outcome-unknown.v1"


async def test_a_reserved_message_is_sent_recorded_and_announced(
    notification: Notification, mail_sink: MailSink
) -> None:
    told = fact(registered())
    await notification.meet()
    await notification.hear(told)
    await notification.send()
    message = await notification.message()
    assert (message.state, message.reason, message.reply_code) == (State.SENT, None, 250)
    [mail] = mail_sink.mails()
    assert mail["headers"]["Message-ID"] == f"<{message.id}@motcua.example>"
    assert "H42.10-20260302-0000017" in mail["subject"]
    assert await notification.announced() == [Announced(SENT, told.id, told.correlation_id)]
    [attempt] = await notification.attempts()
    assert (attempt.number, attempt.happening) == (1, "accept")


async def test_what_is_sent_is_not_sent_again(
    notification: Notification, mail_sink: MailSink
) -> None:
    await notification.meet()
    await notification.hear(fact(registered()))
    for _ in range(3):
        await notification.send()
    await notification.let_time_pass()
    await notification.sweep("recover messages")
    await notification.send()
    assert len(mail_sink.mails()) == 1


async def test_a_message_waits_for_its_recipient(
    notification: Notification, mail_sink: MailSink
) -> None:
    await notification.hear(fact(registered()))
    await notification.send()
    assert (await notification.message()).state == State.RESERVED
    await notification.meet()
    await notification.send()
    assert (await notification.message()).state == State.SENT


async def test_the_last_known_contact_gets_the_message(
    notification: Notification, mail_sink: MailSink
) -> None:
    await notification.meet(recipient(CONTACT | {"email": "old@example.vn"}), sequence=1)
    await notification.hear(fact(registered()))
    await notification.meet(recipient(CONTACT | {"email": "new@example.vn"}), sequence=2)
    await notification.send()
    assert [mail["to"] for mail in mail_sink.mails()] == [["new@example.vn"]]


async def test_a_dossier_hears_its_facts_in_their_order(
    notification: Notification, mail_sink: MailSink
) -> None:
    await notification.meet()
    await notification.hear(*(fact(data, sequence=n) for n, data in enumerate(FACTS.values(), 1)))
    await notification.send()
    expected = [f"<{message.id}@motcua.example>" for message in await notification.messages()]
    assert [mail["headers"]["Message-ID"] for mail in mail_sink.mails()] == expected


async def test_dispatchers_side_by_side_send_each_message_once(
    notification: Notification, settings: Settings, mail_sink: MailSink
) -> None:
    dossiers = [str(uuid7()) for _ in range(40)]
    for dossier in dossiers:
        contact = recipient(dossier=dossier)
        await notification.meet(contact)
        await notification.hear(fact(registered(dossier_id=dossier)))
    other = Notification(settings)
    await asyncio.gather(notification.send(), other.send(), notification.send())
    await other.service.database.close()
    assert len(mail_sink.mails()) == len(dossiers)
    assert {message.state for message in await notification.messages()} == {State.SENT}


@pytest.mark.parametrize(
    ("fault", "state", "reason", "announced"),
    [
        ("reject", State.FAILED, Reason.RECIPIENT_REFUSED, [FAILED]),
        ("reject-content", State.FAILED, Reason.CONTENT_REFUSED, [FAILED]),
        ("status-451", State.RESERVED, Reason.CONTENT_REFUSED, []),
        ("status-421", State.RESERVED, Reason.SENDER_REFUSED, []),
        ("drop", State.OUTCOME_UNKNOWN, Reason.ANSWER_LOST, [UNKNOWN]),
        ("drop-before", State.OUTCOME_UNKNOWN, Reason.ANSWER_LOST, [UNKNOWN]),
    ],
)
async def test_what_the_provider_does_decides(
    notification: Notification,
    mail_sink: MailSink,
    fault: str,
    state: State,
    reason: Reason,
    announced: list[str],
) -> None:
    mail_sink.misbehave(fault)
    await notification.meet()
    await notification.hear(fact(registered()))
    await notification.send()
    message = await notification.message()
    assert (message.state, message.reason) == (state, reason)
    assert [event.type for event in await notification.announced()] == announced


async def test_a_deferred_message_is_tried_again_and_arrives_once(
    notification: Notification, mail_sink: MailSink
) -> None:
    mail_sink.misbehave("status-451", times=2)
    await notification.meet()
    await notification.hear(fact(registered()))
    for _ in range(4):
        await notification.send()
        await notification.let_time_pass()
    assert (await notification.message()).state == State.SENT
    assert [attempt.happening for attempt in await notification.attempts()] == [
        "defer",
        "defer",
        "accept",
    ]
    assert len(mail_sink.mails()) == 1


async def test_a_deferred_message_waits_longer_each_time(
    notification: Notification, mail_sink: MailSink
) -> None:
    mail_sink.misbehave("status-451", times=3)
    await notification.meet()
    await notification.hear(fact(registered()))
    waits: list[int] = []
    for _ in range(3):
        await notification.send()
        message = await notification.message()
        assert message.due_at
        waits.append(round((message.due_at - message.changed_at) / timedelta(seconds=1)))
        await notification.let_time_pass()
    assert waits == [5, 10, 20]


async def test_an_unknown_outcome_is_not_sent_again_by_itself(
    notification: Notification, mail_sink: MailSink
) -> None:
    mail_sink.misbehave("drop")
    await notification.meet()
    await notification.hear(fact(registered()))
    for _ in range(3):
        await notification.send()
        await notification.let_time_pass()
        await notification.sweep("recover messages")
    assert (await notification.message()).state == State.OUTCOME_UNKNOWN
    assert len(mail_sink.mails()) == 1


async def test_a_contact_without_address_fails_the_message(
    notification: Notification, mail_sink: MailSink
) -> None:
    await notification.meet(recipient(CONTACT | {"email": None}))
    await notification.hear(fact(registered()))
    await notification.send()
    message = await notification.message()
    assert (message.state, message.reason) == (State.FAILED, Reason.NO_ADDRESS)
    assert [event.type for event in await notification.announced()] == [FAILED]


async def test_a_provider_that_is_away_costs_no_message_an_attempt(
    notification: Notification, settings: Settings, mail_sink: MailSink
) -> None:
    settings = settings.model_copy(update={"smtp": settings.smtp.model_copy(update={"port": 1})})
    cut_off = Notification(settings)
    await cut_off.meet()
    await cut_off.hear(fact(registered()))
    for _ in range(3):
        await cut_off.send()
        await cut_off.let_time_pass()
    message = await cut_off.message()
    assert (message.state, message.attempts) == (State.RESERVED, 0)
    assert message.reason == Reason.PROVIDER_AWAY
    assert await cut_off.attempts() == []
    await cut_off.service.database.close()
    await notification.send()
    assert (await notification.message()).state == State.SENT


@pytest.mark.parametrize("seconds", [1, 30, 300])
def test_leases_outlast_what_they_cover(seconds: float) -> None:
    smtp = SmtpSettings(host="smtp.example.vn", port=25, timeout_seconds=seconds)
    pace = Pace.of(smtp)
    connecting_and_envelope = content_and_its_answer = timedelta(seconds=2 * seconds)
    assert pace.claim_lease > connecting_and_envelope
    assert pace.sending_lease > content_and_its_answer


async def test_a_failing_lane_leaves_the_others_to_finish(
    notification: Notification, mail_sink: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        dossier = str(uuid7())
        await notification.meet(recipient(dossier=dossier))
        await notification.hear(fact(registered(dossier_id=dossier)))
    failpoints.arm({failpoints.ENVIRONMENT: "notification.smtp.before-data=raise@1"})
    try:
        with pytest.raises(ExceptionGroup, match="lanes"):
            await notification.send()
    finally:
        failpoints.arm({})
    assert sorted(m.state for m in await notification.messages()) == ["sending", "sent", "sent"]


async def test_an_answer_that_comes_after_the_lease_still_counts(
    notification: Notification, mail_sink: MailSink
) -> None:
    """A process that was frozen in the middle: its outcome was unknown, until it came back."""
    mail_sink.misbehave("delay", seconds=1)
    await notification.meet()
    await notification.hear(fact(registered()))
    sending = asyncio.create_task(notification.send())
    await notification.until(State.SENDING)
    await notification.let_time_pass()
    await notification.sweep("recover messages")
    assert (await notification.message()).state == State.OUTCOME_UNKNOWN
    await sending
    assert (await notification.message()).state == State.SENT
    assert [event.type for event in await notification.announced()] == [UNKNOWN, SENT]


async def test_a_sender_whose_claim_is_gone_hands_nothing_over(
    notification: Notification, mail_sink: MailSink
) -> None:
    """Two processes: the first was frozen between claim and hand-over, the second sent it."""
    await notification.meet()
    await notification.hear(fact(registered()))
    failpoints.arm({failpoints.ENVIRONMENT: "notification.after-claim=delay:1@1"})
    try:
        frozen = asyncio.create_task(notification.send())
        await notification.until(State.CLAIMED)
        await notification.let_time_pass()
        await notification.sweep("recover messages")
        await notification.send()
        assert (await notification.message()).state == State.SENT
        await frozen
    finally:
        failpoints.arm({})
    assert len(mail_sink.mails()) == 1
    assert [event.type for event in await notification.announced()] == [SENT]


def woken(notification: Notification) -> bool:
    """Whether the dispatcher was woken since it was last asked."""
    [sending] = [s for s in notification.service._sweeps if s.name == "send messages"]
    was_woken = sending._woken.is_set()
    sending._woken.clear()
    return was_woken


async def test_something_to_send_wakes_the_dispatcher_after_the_commit(
    notification: Notification,
) -> None:
    await notification.hear(fact(registered()))
    assert woken(notification)
    await notification.meet()
    assert woken(notification)


async def test_what_must_wait_does_not_wake_the_dispatcher(
    notification: Notification, mail_sink: MailSink
) -> None:
    mail_sink.misbehave("status-451")
    await notification.meet()
    await notification.hear(fact(registered()))
    woken(notification)
    await notification.send()
    assert not woken(notification)


async def test_messages_are_counted_by_where_they_came_to(
    notification: Notification, mail_sink: MailSink
) -> None:
    def counted(state: State) -> float:
        labels = {"state": state, "template": "registered", "reason": ""}
        return REGISTRY.get_sample_value("motcua_notification_messages_total", labels) or 0

    before = {state: counted(state) for state in State}
    await notification.meet()
    await notification.hear(fact(registered()))
    await notification.send()
    more = {state: counted(state) - before[state] for state in State}
    assert more == {
        State.RESERVED: 1,
        State.CLAIMED: 1,
        State.SENDING: 1,
        State.SENT: 1,
        State.FAILED: 0,
        State.OUTCOME_UNKNOWN: 0,
    }
