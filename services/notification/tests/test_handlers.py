from motcua_contracts.dossier import DossierProcessingStarted
from motcua_contracts.types import DossierStatus
from notification.domain import State

from .mail_sink import MailSink
from .samples import DOSSIER, FACTS, at, recipient, registered
from .whole import Notification, fact


async def test_a_fact_reserves_one_message(notification: Notification) -> None:
    sent = fact(registered())
    await notification.hear(sent)
    message = await notification.message()
    assert message.fact_event_id == sent.id
    assert message.state == State.RESERVED
    assert (message.template, message.template_version) == ("registered", 2)
    assert message.correlation_id == sent.correlation_id


async def test_every_fact_that_is_told_reserves_its_own(notification: Notification) -> None:
    facts = [fact(data, sequence=n) for n, data in enumerate(FACTS.values(), start=1)]
    await notification.hear(*facts)
    assert [m.fact_event_id for m in await notification.messages()] == [f.id for f in facts]


async def test_a_repeated_fact_reserves_nothing(notification: Notification) -> None:
    sent = fact(registered())
    await notification.hear(sent, sent)
    await notification.hear(sent)
    assert len(await notification.messages()) == 1


async def test_a_fact_replayed_after_the_inbox_forgot_it_reserves_nothing(
    notification: Notification,
) -> None:
    sent, other = fact(registered()), fact(registered(), sequence=2)
    await notification.hear(sent)
    await notification.execute("DELETE FROM inbox")
    await notification.hear(sent, other)
    assert [m.fact_event_id for m in await notification.messages()] == [sent.id, other.id]
    assert await notification.held() == []


async def test_the_end_of_a_copy_is_told_by_the_code_of_its_dossier(
    notification: Notification,
) -> None:
    await notification.hear(fact(registered()))
    await notification.hear(fact(FACTS["copy-revoked"], sequence=4))
    _, revoked = await notification.messages()
    assert (revoked.template, revoked.dossier_code) == ("copy-revoked", DOSSIER["code"])


async def test_the_end_of_a_copy_is_told_even_where_its_dossier_was_never_heard_of(
    notification: Notification, mail_sink: MailSink
) -> None:
    await notification.hear(fact(FACTS["copy-replaced"]))
    await notification.meet()
    await notification.send()
    message = await notification.message()
    assert (message.state, message.dossier_code) == (State.SENT, None)


async def test_what_citizens_need_not_hear_is_passed_over(notification: Notification) -> None:
    started = DossierProcessingStarted(
        **DOSSIER, status=DossierStatus.PROCESSING, started_at=at(4, 2)
    )
    await notification.hear(fact(started))
    assert await notification.messages() == []


async def test_a_fact_that_no_template_fits_is_parked(notification: Notification) -> None:
    sent = fact(registered())
    too_early = notification.service.clock
    notification.service.clock = lambda: at(1, 0).replace(year=2020)
    await notification.hear(sent)
    notification.service.clock = too_early
    assert await notification.messages() == []
    assert await notification.held() == [("parked", "template-missing")]


async def test_a_contact_is_kept_as_encrypted_as_it_came(notification: Notification) -> None:
    contact = recipient()
    await notification.meet(contact)
    [row] = await notification.rows("SELECT * FROM recipients")
    assert contact.ciphertext in row
    assert "Đào" not in repr(row)


async def test_the_last_contact_counts_whatever_order_they_come_in(
    notification: Notification,
) -> None:
    async def known() -> list[tuple[str]]:
        return await notification.rows("SELECT ciphertext FROM recipients")

    first, second, third = recipient(), recipient(), recipient()
    await notification.meet(second, sequence=2)
    await notification.meet(first, sequence=1)
    assert await known() == [(second.ciphertext,)]
    await notification.meet(third, sequence=3)
    assert await known() == [(third.ciphertext,)]
