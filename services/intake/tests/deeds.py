"""Values and short-hands of the tests about decisions."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from intake import domain, handling
from intake.catalogue import load_catalogue
from intake.dossier import Change, Dossier, LegalClock, Uptake, Verdict
from intake.fees import Charge, obligations
from intake.procedures import ReasonUse
from intake.working_calendar import VIETNAM, WorkingCalendar
from motcua_contracts.dossier import Paper, ResultPaper
from motcua_contracts.types import Channel, ObligationKind, Outcome

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
ORDER, CHARGE_ID, FEE_ID, COPY = uuid(5), uuid(6), uuid(7), uuid(8)
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


def charge(amount: int = 5_000, dossier: Dossier = DOSSIER) -> Change:
    charges = [Charge("line", ObligationKind.CHARGE, amount, amount)]
    due = obligations(charges, due_at=NOW + timedelta(days=5), new_id=lambda: CHARGE_ID)
    return domain.charge(dossier, copy_id=COPY, obligations=due)


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
