"""What applicant, one-stop office and payment decide."""

from datetime import datetime, timedelta

import pytest

from intake import domain
from intake.dossier import Change, CopyEnd, Remark
from intake.fees import Charge
from intake.refusals import FeeAlreadyTold, SupplementAwaited, UnknownObligation
from intake.status import IllegalTransition
from intake.working_calendar import VIETNAM
from motcua_contracts.dossier import (
    DossierOverdue,
    DossierPaperUnproven,
    DossierPaymentRequired,
    DossierPaymentSettled,
    DossierReceived,
    DossierRegistered,
)
from motcua_contracts.types import DossierStatus, ObligationKind

from .deeds import (
    CARD,
    CHARGE_ID,
    CLOCK,
    COPY,
    DOSSIER,
    FEE_ID,
    NOW,
    ORDER,
    REFUSAL,
    REQUEST,
    ask,
    charge,
    receive,
    register,
    statuses,
    uuid,
)

# Filing and paying


def test_a_dossier_that_owes_nothing_is_registered_and_never_sees_a_payment() -> None:
    change = register()
    [registered] = change.facts
    assert isinstance(registered, DossierRegistered)
    assert registered.papers == (CARD,)
    assert change.dossier.status is DossierStatus.REGISTERED


def test_an_exempt_line_stands_in_the_registration_with_its_ground_and_no_payment() -> None:
    charge = Charge("line", ObligationKind.FEE, 50_000, 0, "TT 47/2019/TT-BTC, Điều 5")
    [fact] = domain.register(DOSSIER, papers=[], charges=[charge], obligations=[]).facts
    assert isinstance(fact, DossierRegistered)
    assert (fact.fee_lines[0].amount, fact.exemption_ground) == (0, charge.exemption_ground)


def test_a_dossier_that_owes_waits_for_the_money() -> None:
    change = register(200_000, 50_000)
    assert statuses(change) == [1, 6]
    required = change.facts[1]
    assert isinstance(required, DossierPaymentRequired)
    assert required.total == 250_000
    assert change.dossier.outstanding == (CHARGE_ID, FEE_ID)


def test_once_all_is_paid_it_waits_to_be_received() -> None:
    waiting = register(200_000, 50_000).dossier
    half = domain.settle(waiting, order_id=ORDER, obligation_ids=[CHARGE_ID], at=NOW)
    assert (half.facts, half.dossier.status) == ((), DossierStatus.PAYMENT_REQUIRED)
    whole = domain.settle(half.dossier, order_id=ORDER, obligation_ids=[FEE_ID], at=NOW)
    [settled] = whole.facts
    assert isinstance(settled, DossierPaymentSettled)
    assert settled.status is DossierStatus.REGISTERED
    assert (
        domain.receive(whole.dossier, clock=CLOCK, at=NOW).dossier.status is DossierStatus.RECEIVED
    )


def test_the_same_payment_again_changes_nothing() -> None:
    paid = domain.settle(
        register(200_000).dossier, order_id=ORDER, obligation_ids=[CHARGE_ID], at=NOW
    ).dossier
    again = domain.settle(paid, order_id=ORDER, obligation_ids=[CHARGE_ID], at=NOW)
    assert again == Change(paid, remark=Remark.REPEATED)


def test_a_payment_of_obligations_that_are_not_its_own_is_refused() -> None:
    with pytest.raises(UnknownObligation):
        domain.settle(register(200_000).dossier, order_id=ORDER, obligation_ids=[uuid(99)], at=NOW)


def test_a_payment_after_withdrawal_needs_a_refund_and_revives_nothing() -> None:
    withdrawn = domain.withdraw(register(200_000).dossier, reason=REQUEST, at=NOW).dossier
    change = domain.settle(withdrawn, order_id=ORDER, obligation_ids=[CHARGE_ID], at=NOW)
    assert change.remark is Remark.REFUND_NEEDED
    assert change.facts == ()
    assert change.dossier.status is DossierStatus.WITHDRAWN
    again = domain.settle(change.dossier, order_id=ORDER, obligation_ids=[CHARGE_ID], at=NOW)
    assert again.remark is Remark.REPEATED


def test_nothing_is_received_before_the_money_is_there() -> None:
    with pytest.raises(IllegalTransition):
        receive(register(200_000).dossier)


# A fee that certification tells


def pay(change: Change) -> Change:
    return domain.settle(change.dossier, order_id=ORDER, obligation_ids=[CHARGE_ID], at=NOW)


def test_a_fee_told_after_filing_is_waited_for() -> None:
    change = charge()
    [required] = change.facts
    assert isinstance(required, DossierPaymentRequired)
    assert (required.status, required.total) == (DossierStatus.PAYMENT_REQUIRED, 5_000)
    assert change.dossier.agency_reference == COPY


def test_once_it_is_paid_the_dossier_is_received_with_it() -> None:
    change = domain.receive_by_itself(pay(charge()), clock=CLOCK, at=NOW)
    assert statuses(change) == [1, 2]
    assert change.dossier.due_at is not None


def test_what_changed_nothing_receives_nothing() -> None:
    received = domain.receive_by_itself(pay(charge()), clock=CLOCK, at=NOW)
    again = domain.receive_by_itself(pay(received), clock=CLOCK, at=NOW)
    assert again == Change(received.dossier, remark=Remark.REPEATED)


def test_a_fee_told_again_or_too_late_changes_nothing() -> None:
    charged = charge()
    assert charge(dossier=charged.dossier).remark is Remark.REPEATED
    withdrawn = domain.withdraw(charged.dossier, reason=REQUEST, at=NOW).dossier
    assert charge(dossier=withdrawn) == Change(withdrawn, remark=Remark.CLOSED)


def test_a_fee_is_told_once_and_not_while_papers_are_awaited() -> None:
    with pytest.raises(SupplementAwaited):
        charge(dossier=ask(DOSSIER, agency=None).dossier)
    for other in (receive(), register(200_000).dossier):
        with pytest.raises(FeeAlreadyTold):
            charge(dossier=other)


def test_papers_of_a_closed_dossier_may_lose_their_proof_unheard() -> None:
    end = CopyEnd(COPY, NOW)
    closed = domain.withdraw(DOSSIER, reason=REQUEST, at=NOW).dossier
    assert domain.tell_unproven(closed, papers=[CARD], end=end) == Change(closed)
    [told] = domain.tell_unproven(DOSSIER, papers=[CARD], end=end).facts
    assert isinstance(told, DossierPaperUnproven)
    assert (told.paper_id, told.certified_copy_id, told.status) == (CARD.paper_id, COPY, 1)


# Receiving and refusing


def test_receiving_promises_a_date_by_the_working_calendar() -> None:
    [received] = domain.receive(DOSSIER, clock=CLOCK, at=NOW, unit="desk-3").facts
    assert isinstance(received, DossierReceived)
    assert received.due_at == datetime(2026, 12, 9, 17, tzinfo=VIETNAM)
    assert received.unit == "desk-3"


def test_refusing_gives_reason_and_ground_and_is_final() -> None:
    change = domain.refuse(DOSSIER, reason=REFUSAL, at=NOW)
    assert statuses(change) == [3]
    assert change.dossier.ended_at == NOW
    with pytest.raises(IllegalTransition):
        receive(change.dossier)


# Being late


def test_a_late_result_is_told_once() -> None:
    dossier = receive()
    late = NOW + timedelta(days=30)
    told = domain.tell_overdue(dossier, at=late)
    [fact] = told.facts
    assert isinstance(fact, DossierOverdue)
    assert (fact.due_at, fact.status) == (dossier.due_at, DossierStatus.RECEIVED)
    assert domain.tell_overdue(told.dossier, at=late) == Change(told.dossier)


def test_what_was_never_received_is_never_late() -> None:
    assert domain.tell_overdue(DOSSIER, at=NOW) == Change(DOSSIER)
