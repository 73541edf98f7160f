"""What the competent agency decides, and the wait for papers."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from intake import domain, handling
from intake.dossier import Change, Dossier, Remark, Verdict
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
)
from intake.status import IllegalTransition
from intake.working_calendar import VIETNAM
from motcua_contracts.dossier import (
    DossierCompleted,
    DossierProcessingStarted,
    DossierStopped,
    DossierSupplemented,
)
from motcua_contracts.types import DossierStatus, Outcome, ReturnMethod

from .deeds import (
    APPROVED,
    CARD,
    CLOCK,
    DOSSIER,
    JUSTICE,
    NOW,
    PLANNING,
    REQUEST,
    RESULT,
    STUDENT,
    TOO_LATE,
    UPTAKE,
    WANTED,
    ask,
    decide,
    receive,
    register,
    start,
    statuses,
)

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


# A certified copy


def certify(dossier: Dossier) -> Change:
    return handling.certify(dossier, paper=RESULT, at=NOW)


def test_a_certified_copy_is_decision_and_return_in_one() -> None:
    change = certify(receive())
    assert statuses(change) == [4, 9, 10]
    completed = change.facts[1]
    assert isinstance(completed, DossierCompleted)
    assert (completed.outcome, completed.result_papers) == (Outcome.APPROVED, (RESULT,))
    assert certify(change.dossier) == Change(change.dossier)


def test_a_copy_certified_after_the_end_changes_nothing_and_is_remarked() -> None:
    withdrawn = domain.withdraw(receive(), reason=REQUEST, at=NOW).dossier
    assert certify(withdrawn) == Change(withdrawn, remark=Remark.CLOSED)


@pytest.mark.parametrize(
    ("dossier", "refusal"),
    [
        (DOSSIER, NotYetReceived),
        (register(5_000).dossier, NotYetReceived),
        (ask(receive()).dossier, SupplementAwaited),
    ],
)
def test_a_copy_certified_before_its_time_is_refused(
    dossier: Dossier, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        certify(dossier)


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
