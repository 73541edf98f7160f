"""The decisions while a dossier is handled (giải quyết hồ sơ). Pure, like `domain.py`.

The competent agency takes it up, may stop the legal clock once to ask for papers, and decides.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from intake.domain import return_result
from intake.dossier import Change, Dossier, LegalClock, Remark, Stage, Uptake, Verdict
from intake.procedures import Reason
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
from intake.status import is_final
from motcua_contracts.dossier import (
    DossierCompleted,
    DossierProcessingStarted,
    DossierSupplemented,
    DossierSupplementRequested,
    Paper,
    ResultPaper,
)
from motcua_contracts.types import DossierStatus, Outcome, ReturnMethod


def start_processing(dossier: Dossier, *, agency: str, uptake: Uptake, at: datetime) -> Change:
    """The competent agency takes the dossier up, or begins another step of it."""
    require_competent(dossier, agency)
    if dossier.status is DossierStatus.PROCESSING:
        if uptake == Uptake(dossier.agency_reference, dossier.unit, dossier.step):
            return Change(dossier, remark=Remark.REPEATED)
        started = dossier
    else:
        _require_nothing_awaited(dossier)
        started = dossier.moved(DossierStatus.PROCESSING)
    started = replace(
        started, agency_reference=uptake.reference, unit=uptake.unit, step=uptake.step
    )
    return Change(started, (_processing_started(started, at),))


def request_supplement(
    dossier: Dossier,
    *,
    wanted: Sequence[str],
    reason: Reason,
    at: datetime,
    agency: str | None = None,
) -> Change:
    """Papers are missing: the legal clock stops until they come.

    `agency` is the agency that asks, None when the one-stop office does.
    """
    if agency is not None:
        require_competent(dossier, agency)
    if dossier.status is DossierStatus.SUPPLEMENT_REQUESTED and set(wanted) == set(
        dossier.papers_wanted
    ):
        return Change(dossier, remark=Remark.REPEATED)
    if dossier.stage in dossier.supplements_asked and not is_final(dossier.status):
        raise SupplementAlreadyRequested
    handling = dossier.stage is Stage.HANDLING
    waiting = replace(
        dossier.moved(DossierStatus.SUPPLEMENT_REQUESTED),
        papers_wanted=tuple(wanted),
        supplements_asked=(*dossier.supplements_asked, dossier.stage),
        clock_stopped_at=at if handling else None,
        resumes_to=DossierStatus.PROCESSING if handling else DossierStatus.REGISTERED,
    )
    fact = DossierSupplementRequested(
        **waiting.about, papers_wanted=tuple(wanted), reason_code=reason.code, requested_at=at
    )
    return Change(waiting, (fact,))


def supplement(
    dossier: Dossier, *, papers: Sequence[Paper], clock: LegalClock, at: datetime
) -> Change:
    """The wanted papers came: the legal clock goes on, and the due date moves by the stop."""
    resumes_to = require_supplement_awaited(dossier)
    if missing := sorted(set(dossier.papers_wanted) - {paper.kind for paper in papers}):
        raise IncompleteSupplement(missing=[*missing])
    stopped_at = dossier.clock_stopped_at
    due_at = dossier.due_at
    if stopped_at and due_at:
        due_at = clock.due_after_stop(due_at, stopped_at=stopped_at, resumed_at=at)
    resumed = replace(
        dossier.moved(resumes_to),
        resumes_to=None,
        papers_wanted=(),
        clock_stopped_at=None,
        due_at=due_at,
    )
    fact = DossierSupplemented(
        **resumed.about,
        papers=tuple(papers),
        supplemented_at=at,
        clock_stopped_at=stopped_at,
        clock_resumed_at=at if stopped_at else None,
        due_at=due_at,
    )
    return Change(resumed, (fact,))


def decide(dossier: Dossier, *, agency: str, verdict: Verdict, at: datetime) -> Change:
    """The competent agency decides; the legal clock ends.

    An agency whose system does not announce that it took a dossier up announces it by deciding.
    """
    require_competent(dossier, agency)
    if dossier.outcome is not None:
        if (verdict.outcome, verdict.reference) == (dossier.outcome, dossier.agency_reference):
            return Change(dossier, remark=Remark.REPEATED)
        raise AlreadyDecided
    _require_nothing_awaited(dossier)
    _require_complete(verdict)
    facts: list[DossierProcessingStarted | DossierCompleted] = []
    if dossier.status is DossierStatus.RECEIVED:
        dossier = replace(
            dossier.moved(DossierStatus.PROCESSING), agency_reference=verdict.reference
        )
        facts.append(_processing_started(dossier, at))
    completed = replace(
        dossier.moved(DossierStatus.COMPLETED),
        outcome=verdict.outcome,
        agency_reference=verdict.reference,
        completed_at=at,
    )
    facts.append(_completed(completed, verdict, at))
    return Change(completed, tuple(facts))


def certify(dossier: Dossier, *, paper: ResultPaper, at: datetime) -> Change:
    """Certification has decided: `paper` is the copy, which the applicant has online from then on.

    A copy that replaces another is certified long after the dossier had its result.
    """
    if is_final(dossier.status):
        return Change(dossier, remark=None if dossier.outcome else Remark.CLOSED)
    verdict = Verdict(outcome=Outcome.APPROVED, reference=paper.paper_id, papers=(paper,))
    decided = decide(dossier, agency=dossier.competent_agency, verdict=verdict, at=at)
    returned = return_result(decided.dossier, how=ReturnMethod.ONLINE, at=at)
    return Change(returned.dossier, (*decided.facts, *returned.facts))


def ended_meanwhile(dossier: Dossier, *, agency: str) -> bool:
    """Whether the dossier ended without a decision while the competent agency worked on it: what
    the agency said, before it could hear so, is nobody's mistake.
    """
    competent = agency == dossier.competent_agency
    return competent and is_final(dossier.status) and dossier.outcome is None


def require_competent(dossier: Dossier, agency: str) -> None:
    """Refuse what another agency does, and what this one does before the dossier reached it."""
    if agency != dossier.competent_agency:
        raise AnotherAgency
    waits_at_intake = dossier.received_at is None and not is_final(dossier.status)
    if waits_at_intake:
        raise NotYetReceived


def require_supplement_awaited(dossier: Dossier) -> DossierStatus:
    """Refuse papers that nobody waits for; gives back where the dossier goes on."""
    if dossier.status is not DossierStatus.SUPPLEMENT_REQUESTED or dossier.resumes_to is None:
        raise NoSupplementAwaited(status=dossier.status.value)
    return dossier.resumes_to


def _require_nothing_awaited(dossier: Dossier) -> None:
    match dossier.status:
        case DossierStatus.SUPPLEMENT_REQUESTED:
            raise SupplementAwaited
        case DossierStatus.PAYMENT_REQUIRED:
            raise PaymentAwaited
        case _:
            return


def _require_complete(verdict: Verdict) -> None:
    if verdict.outcome is Outcome.APPROVED and not verdict.papers:
        raise IncompleteVerdict
    if verdict.outcome is Outcome.REFUSED and not (verdict.reason_code and verdict.legal_ground):
        raise IncompleteVerdict


def _processing_started(dossier: Dossier, at: datetime) -> DossierProcessingStarted:
    return DossierProcessingStarted(
        **dossier.about,
        started_at=at,
        unit=dossier.unit,
        step=dossier.step,
        agency_reference=dossier.agency_reference,
    )


def _completed(dossier: Dossier, verdict: Verdict, at: datetime) -> DossierCompleted:
    return DossierCompleted(
        **dossier.about,
        outcome=verdict.outcome,
        completed_at=at,
        result_papers=verdict.papers,
        reason_code=verdict.reason_code,
        legal_ground=verdict.legal_ground,
    )
