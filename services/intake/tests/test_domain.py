from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from intake import domain, handling
from intake.catalogue import load_catalogue
from intake.dossier import Change, Dossier, LegalClock, Remark, Uptake, Verdict
from intake.fees import Charge, obligations
from intake.procedures import ReasonUse
from intake.refusals import (
    AlreadyDecided,
    AnotherAgency,
    IncompleteSupplement,
    IncompleteVerdict,
    NoSupplementAwaited,
    NotYetReceived,
    PaymentAwaited,
    SupplementAlreadyRequested,
    SupplementAwaited,
    UnknownObligation,
)
from intake.status import IllegalTransition
from intake.working_calendar import VIETNAM, WorkingCalendar
from motcua_contracts.dossier import (
    DossierCompleted,
    DossierPaymentRequired,
    DossierPaymentSettled,
    DossierProcessingStarted,
    DossierReceived,
    DossierRegistered,
    DossierStopped,
    DossierSupplemented,
    Paper,
    ResultPaper,
)
from motcua_contracts.types import Channel, DossierStatus, ObligationKind, Outcome, ReturnMethod

PROCEDURE = load_catalogue().in_force("2.000488", on=date(2026, 11, 25))
CLOCK = LegalClock(WorkingCalendar(), PROCEDURE.time_limit.time_limit)
JUSTICE, PLANNING = "H42.10", "H42.11"
NOW = datetime(2026, 11, 25, 9, tzinfo=VIETNAM).astimezone(UTC)


def uuid(number: int) -> str:
    return str(UUID(int=number))


DOSSIER = Dossier(
    id=uuid(1),
    code="H42.10-20261125-0000001",
    procedure_code="2.000488",
    procedure_version=1,
    competent_agency=JUSTICE,
    intake_agency="H42.01",
    applicant_id="nguyen-thi-dao",
    channel=Channel.ONLINE,
    registered_at=NOW,
)
CARD = Paper(paper_id=uuid(2), kind="identity-card", sha256="a" * 64)
STUDENT = Paper(paper_id=uuid(3), kind="student-card", sha256="b" * 64)
RESULT = ResultPaper(paper_id=uuid(4), kind="judicial-record-certificate", sha256="c" * 64)
ORDER, CHARGE_ID, FEE_ID = uuid(5), uuid(6), uuid(7)
REFUSAL = PROCEDURE.reason("wrong-agency", ReasonUse.REFUSAL)
WANTED = PROCEDURE.reason("identity-unclear", ReasonUse.SUPPLEMENT)
REQUEST = PROCEDURE.reason("applicant-request", ReasonUse.WITHDRAWAL)
TOO_LATE = PROCEDURE.reason("supplement-not-given", ReasonUse.STOP)
APPROVED = Verdict(outcome=Outcome.APPROVED, reference="STP-1", papers=(RESULT,))
UPTAKE = Uptake("STP-1", "records-office", "check")


def register(*amounts: int) -> Change:
    kinds = (ObligationKind.CHARGE, ObligationKind.FEE)
    charges = [Charge(f"line-{n}", kinds[n], amount, amount) for n, amount in enumerate(amounts)]
    ids = iter((CHARGE_ID, FEE_ID))
    due = obligations(charges, due_at=NOW + timedelta(days=5), new_id=lambda: next(ids))
    return domain.register(DOSSIER, papers=[CARD], charges=charges, obligations=due)


def receive(dossier: Dossier = DOSSIER, at: datetime = NOW) -> Dossier:
    return domain.receive(dossier, clock=CLOCK, at=at).dossier


def start(dossier: Dossier) -> Dossier:
    return handling.start_processing(dossier, agency=JUSTICE, uptake=UPTAKE, at=NOW).dossier


def ask(dossier: Dossier, at: datetime = NOW, agency: str | None = JUSTICE) -> Change:
    return handling.request_supplement(
        dossier, wanted=["identity-card"], reason=WANTED, at=at, agency=agency
    )


def decide(dossier: Dossier, verdict: Verdict = APPROVED) -> Change:
    return handling.decide(dossier, agency=JUSTICE, verdict=verdict, at=NOW)


def statuses(change: Change) -> list[int]:
    return [fact.status for fact in change.facts]


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


# Handling


def test_the_agency_takes_it_up_once_however_often_it_says_so() -> None:
    change = handling.start_processing(receive(), agency=JUSTICE, uptake=UPTAKE, at=NOW)
    [started] = change.facts
    assert isinstance(started, DossierProcessingStarted)
    assert (started.unit, started.agency_reference) == ("records-office", "STP-1")
    again = handling.start_processing(change.dossier, agency=JUSTICE, uptake=UPTAKE, at=NOW)
    assert again == Change(change.dossier, remark=Remark.REPEATED)


def test_another_step_of_the_agency_is_announced_without_a_new_status() -> None:
    step = replace(UPTAKE, step="sign")
    change = handling.start_processing(start(receive()), agency=JUSTICE, uptake=step, at=NOW)
    assert statuses(change) == [4]


def test_a_decision_completes_and_the_result_is_returned() -> None:
    change = decide(start(receive()))
    [completed] = change.facts
    assert isinstance(completed, DossierCompleted)
    assert completed.result_papers == (RESULT,)
    returned = domain.return_result(change.dossier, how=ReturnMethod.ONLINE, at=NOW)
    assert statuses(returned) == [10]


def test_an_agency_that_only_decides_is_taken_to_have_taken_it_up() -> None:
    assert statuses(decide(receive())) == [4, 9]


def test_a_result_cannot_be_returned_before_there_is_one() -> None:
    with pytest.raises(IllegalTransition):
        domain.return_result(start(receive()), how=ReturnMethod.COUNTER, at=NOW)


@pytest.mark.parametrize(
    "verdict",
    [
        Verdict(outcome=Outcome.APPROVED, reference="STP-1"),
        Verdict(outcome=Outcome.REFUSED, reference="STP-1", reason_code="not-entitled"),
        Verdict(outcome=Outcome.REFUSED, reference="STP-1", legal_ground="Điều 49"),
    ],
)
def test_an_approval_needs_a_paper_and_a_refusal_reason_and_ground(verdict: Verdict) -> None:
    with pytest.raises(IncompleteVerdict):
        decide(start(receive()), verdict)


# Races


@pytest.mark.parametrize("dossier", [DOSSIER, register(200_000).dossier, ask(DOSSIER, NOW, None)])
def test_a_decision_before_the_dossier_was_received_is_refused(dossier: Dossier | Change) -> None:
    with pytest.raises(NotYetReceived):
        decide(dossier.dossier if isinstance(dossier, Change) else dossier)


def test_the_same_decision_twice_changes_nothing_even_after_the_result_was_returned() -> None:
    decided = decide(start(receive())).dossier
    assert decide(decided) == Change(decided, remark=Remark.REPEATED)
    returned = domain.return_result(decided, how=ReturnMethod.POST, at=NOW).dossier
    assert decide(returned).remark is Remark.REPEATED


def test_a_second_and_different_decision_is_refused() -> None:
    decided = decide(start(receive())).dossier
    for other in (
        Verdict(outcome=Outcome.REFUSED, reference="STP-1"),
        replace(APPROVED, reference="STP-2"),
    ):
        with pytest.raises(AlreadyDecided):
            decide(decided, other)


def test_another_agency_can_do_nothing_with_the_dossier() -> None:
    dossier = receive()
    with pytest.raises(AnotherAgency):
        handling.decide(dossier, agency=PLANNING, verdict=APPROVED, at=NOW)
    with pytest.raises(AnotherAgency):
        handling.start_processing(dossier, agency=PLANNING, uptake=UPTAKE, at=NOW)
    with pytest.raises(AnotherAgency):
        ask(dossier, agency=PLANNING)


def test_a_decision_for_a_withdrawn_dossier_is_refused() -> None:
    withdrawn = domain.withdraw(start(receive()), reason=REQUEST, at=NOW).dossier
    with pytest.raises(IllegalTransition):
        decide(withdrawn)


def test_a_decision_while_papers_or_money_are_awaited_is_refused() -> None:
    with pytest.raises(SupplementAwaited):
        decide(ask(start(receive())).dossier)
    with pytest.raises(PaymentAwaited):
        decide(replace(receive(), status=DossierStatus.PAYMENT_REQUIRED))


def test_papers_after_the_dossier_was_stopped_are_refused() -> None:
    stopped = domain.stop(ask(start(receive())).dossier, reason=TOO_LATE, at=NOW)
    [fact] = stopped.facts
    assert isinstance(fact, DossierStopped)
    assert fact.legal_ground == TOO_LATE.ground
    with pytest.raises(NoSupplementAwaited):
        handling.supplement(stopped.dossier, papers=[CARD], clock=CLOCK, at=NOW)


# Supplement


def test_the_clock_stops_while_papers_are_awaited() -> None:
    dossier = ask(start(receive()), NOW).dossier
    later = datetime(2026, 11, 30, 10, tzinfo=VIETNAM).astimezone(UTC)
    change = handling.supplement(dossier, papers=[CARD, STUDENT], clock=CLOCK, at=later)
    [fact] = change.facts
    assert isinstance(fact, DossierSupplemented)
    assert (fact.clock_stopped_at, fact.clock_resumed_at) == (NOW, later)
    assert fact.due_at == datetime(2026, 12, 14, 17, tzinfo=VIETNAM)
    assert fact.status is DossierStatus.PROCESSING
    assert change.dossier.first_due_at == datetime(2026, 12, 9, 17, tzinfo=VIETNAM)


def test_papers_asked_for_before_receipt_lead_back_to_the_desk_without_a_clock() -> None:
    dossier = ask(DOSSIER, agency=None).dossier
    change = handling.supplement(dossier, papers=[CARD], clock=CLOCK, at=NOW)
    [fact] = change.facts
    assert isinstance(fact, DossierSupplemented)
    assert (fact.status, fact.due_at, fact.clock_stopped_at) == (
        DossierStatus.REGISTERED,
        None,
        None,
    )


def test_papers_may_be_asked_for_once_at_each_stage() -> None:
    at_desk = ask(DOSSIER, agency=None).dossier
    back = handling.supplement(at_desk, papers=[CARD], clock=CLOCK, at=NOW).dossier
    with pytest.raises(SupplementAlreadyRequested):
        ask(back, agency=None)
    at_agency = ask(start(receive(back))).dossier
    resumed = handling.supplement(at_agency, papers=[CARD], clock=CLOCK, at=NOW).dossier
    with pytest.raises(SupplementAlreadyRequested):
        ask(resumed)


def test_the_same_request_again_changes_nothing_and_a_longer_list_is_refused() -> None:
    asked = ask(start(receive())).dossier
    assert ask(asked) == Change(asked, remark=Remark.REPEATED)
    with pytest.raises(SupplementAlreadyRequested):
        handling.request_supplement(
            asked, wanted=["identity-card", "student-card"], reason=WANTED, at=NOW
        )


def test_all_wanted_papers_have_to_come_at_once() -> None:
    asked = ask(start(receive())).dossier
    with pytest.raises(IncompleteSupplement) as caught:
        handling.supplement(asked, papers=[STUDENT], clock=CLOCK, at=NOW)
    assert caught.value.members == {"missing": ["identity-card"]}
