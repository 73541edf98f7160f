from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.errors import Problem
from intake import domain, handling
from intake.catalogue import load_catalogue
from intake.dossier import Change, Dossier, LegalClock, Uptake, Verdict
from intake.fees import Charge, obligations
from intake.procedures import ReasonUse
from intake.status import TRANSITIONS, is_final
from intake.working_calendar import WorkingCalendar
from motcua_contracts.dossier import Paper, ResultPaper
from motcua_contracts.types import Channel, DossierStatus, ObligationKind, Outcome, ReturnMethod

PROCEDURE = load_catalogue().in_force("2.000488", on=date(2026, 11, 25))
CLOCK = LegalClock(WorkingCalendar(), PROCEDURE.time_limit.time_limit)
JUSTICE = "H42.10"
NOW = datetime(2026, 11, 25, 2, tzinfo=UTC)
IDS = [str(UUID(int=number)) for number in range(1, 4)]
CARD = Paper(paper_id=IDS[0], kind="identity-card", sha256="a" * 64)
RESULT = ResultPaper(paper_id=IDS[1], kind="judicial-record-certificate", sha256="c" * 64)
REFUSAL = PROCEDURE.reason("wrong-agency", ReasonUse.REFUSAL)
WANTED = PROCEDURE.reason("identity-unclear", ReasonUse.SUPPLEMENT)
REQUEST = PROCEDURE.reason("applicant-request", ReasonUse.WITHDRAWAL)
TOO_LATE = PROCEDURE.reason("supplement-not-given", ReasonUse.STOP)
APPROVED = Verdict(outcome=Outcome.APPROVED, reference="STP-1", papers=(RESULT,))
DUE = obligations(
    [Charge("line", ObligationKind.CHARGE, 5_000, 5_000)], due_at=NOW, new_id=lambda: IDS[2]
)
UPTAKE = Uptake("STP-1", "records-office", "check")


def register(amounts: tuple[int, ...]) -> Dossier:
    dossier = Dossier(
        id=IDS[0],
        code="H42.10-20261125-0000001",
        procedure_code="2.000488",
        procedure_version=1,
        competent_agency=JUSTICE,
        intake_agency="H42.01",
        applicant_id="nguyen-thi-dao",
        channel=Channel.ONLINE,
        registered_at=NOW,
    )
    charges = [Charge("line", ObligationKind.FEE, amount, amount) for amount in amounts]
    due = obligations(charges, due_at=NOW, new_id=iter(IDS).__next__)
    return domain.register(dossier, papers=[CARD], charges=charges, obligations=due).dossier


Deed = Callable[[Dossier, datetime], Change]
DEEDS: dict[str, Deed] = {
    "settle": lambda d, at: domain.settle(d, order_id=IDS[0], obligation_ids=IDS, at=at),
    "charge": lambda d, at: domain.charge(d, copy_id=IDS[1], obligations=DUE),
    "settle and receive": lambda d, at: domain.receive_by_itself(
        domain.settle(d, order_id=IDS[0], obligation_ids=IDS, at=at), clock=CLOCK, at=at
    ),
    "certify": lambda d, at: handling.certify(d, paper=RESULT, at=at),
    "receive": lambda d, at: domain.receive(d, clock=CLOCK, at=at),
    "refuse": lambda d, at: domain.refuse(d, reason=REFUSAL, at=at),
    "start": lambda d, at: handling.start_processing(d, agency=JUSTICE, uptake=UPTAKE, at=at),
    "ask at the desk": lambda d, at: handling.request_supplement(
        d, wanted=["identity-card"], reason=WANTED, at=at
    ),
    "ask": lambda d, at: handling.request_supplement(
        d, wanted=["identity-card"], reason=WANTED, at=at, agency=JUSTICE
    ),
    "supplement": lambda d, at: handling.supplement(d, papers=[CARD], clock=CLOCK, at=at),
    "decide": lambda d, at: handling.decide(d, agency=JUSTICE, verdict=APPROVED, at=at),
    "return": lambda d, at: domain.return_result(d, how=ReturnMethod.COUNTER, at=at),
    "withdraw": lambda d, at: domain.withdraw(d, reason=REQUEST, at=at),
    "stop": lambda d, at: domain.stop(d, reason=TOO_LATE, at=at),
}


LIVES = st.lists(st.tuples(st.sampled_from(sorted(DEEDS)), st.integers(0, 5000)), max_size=25)


@settings(deadline=None)
@given(st.sampled_from([(), (200_000,), (200_000, 50_000)]), LIVES)
def test_no_order_of_events_breaks_a_rule(
    amounts: tuple[int, ...], life: list[tuple[str, int]]
) -> None:
    dossier, at = register(amounts), NOW
    for deed, minutes in life:
        at += timedelta(minutes=minutes)
        try:
            change = DEEDS[deed](dossier, at)
        except Problem:
            continue
        assert_lawful(dossier, change)
        dossier = change.dossier


def assert_lawful(before: Dossier, change: Change) -> None:
    after = change.dossier
    status = before.status
    for fact in change.facts:
        another_step = fact.status == status == DossierStatus.PROCESSING
        assert another_step or fact.status in TRANSITIONS[status]
        status = fact.status
    assert after.status is status
    if is_final(before.status):
        assert not change.facts
    assert (after.received_at is None) == (after.due_at is None)
    if before.due_at and after.due_at:
        assert after.due_at >= before.due_at
    assert len(set(after.supplements_asked)) == len(after.supplements_asked)
    stopped = after.clock_stopped_at is not None
    waits = after.status is DossierStatus.SUPPLEMENT_REQUESTED
    assert stopped == (waits and after.received_at is not None)
    assert (after.resumes_to is not None) == (
        waits or after.status is DossierStatus.PAYMENT_REQUIRED
    )
    assert (after.ended_at is not None) == is_final(after.status)
    assert (after.outcome is not None) == (after.status in {9, 10})
