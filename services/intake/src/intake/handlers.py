"""What others say, and what becomes of a dossier by it: payment over Kafka, agencies over Kafka and
HTTP alike.
"""

from collections.abc import Sequence

from chassis.clock import uuid7
from chassis.errors import Permanent, Transient, Unprocessable
from intake import domain, handling
from intake.dossier import Change, Dossier, Uptake, Verdict
from intake.models import File, Part
from intake.papers import HandedPaper, result_errors
from intake.procedures import ReasonUse
from intake.refusals import NotYetReceived, PaymentAwaited, SupplementAwaited
from intake.work import IntakeWork
from motcua_contracts.agency import (
    AgencyDecided,
    AgencyEvent,
    AgencyProcessingStarted,
    AgencySupplementRequested,
    ResultFile,
)
from motcua_contracts.dossier import ResultPaper
from motcua_contracts.envelope import Event
from motcua_contracts.payment import PaymentSucceeded

EARLY = (NotYetReceived, SupplementAwaited, PaymentAwaited)
"""Refusals that time may lift: a message that came too early is tried again, not parked."""


class TooEarly(Transient):
    """The dossier is not where the message expects it; it may be soon."""


class UnknownFile(Permanent):
    """A decision names a file that its agency never uploaded, or whose digest is another."""

    def __init__(self) -> None:
        super().__init__("unknown-file", "upload the result first, then send the decision anew")


async def handle_payment_succeeded(event: Event[PaymentSucceeded], work: IntakeWork) -> None:
    """A paid dossier goes on: to the clerk's desk, or back to where it waited."""
    dossier = await work.dossier(event.data.dossier_id)
    paid = event.data
    await work.record(
        domain.settle(
            dossier, order_id=paid.order_id, obligation_ids=paid.obligation_ids, at=event.time
        )
    )


async def handle_agency_event(event: Event[AgencyEvent], work: IntakeWork) -> None:
    """An agency's own system takes its part. The topic's owner is the agency that speaks."""
    agency = event.source.removeprefix("/agencies/")
    try:
        await act(event.data, work, agency=agency)
    except EARLY as early:
        raise TooEarly(early.reason) from early


async def act(fact: AgencyEvent, work: IntakeWork, *, agency: str) -> None:
    """What `agency` did about one of its dossiers; the same over Kafka and over HTTP."""
    dossier = await work.dossier(fact.dossier_id)
    match fact:
        case AgencyProcessingStarted():
            uptake = Uptake(fact.agency_reference, fact.unit, fact.step)
            change = handling.start_processing(dossier, agency=agency, uptake=uptake, at=work.now)
        case AgencySupplementRequested():
            reason = work.office.procedure_of(dossier).reason(
                fact.reason_code, ReasonUse.SUPPLEMENT
            )
            change = handling.request_supplement(
                dossier, wanted=fact.papers_wanted, reason=reason, at=work.now, agency=agency
            )
        case AgencyDecided():
            change = await _decide(fact, dossier, work, agency=agency)
        case _:
            raise Permanent("not-for-intake", f"intake does not take {fact.type}")
    await work.record(change)


async def _decide(
    fact: AgencyDecided, dossier: Dossier, work: IntakeWork, *, agency: str
) -> Change:
    """A decision that is taken keeps its result papers with the dossier."""
    papers = tuple(
        ResultPaper(paper_id=str(uuid7()), kind=file.kind, sha256=file.sha256)
        for file in fact.result_papers
    )
    verdict = Verdict(
        outcome=fact.outcome,
        reference=fact.agency_reference,
        papers=papers,
        reason_code=fact.reason_code,
        legal_ground=fact.legal_ground,
    )
    change = handling.decide(dossier, agency=agency, verdict=verdict, at=work.now)
    if change.facts:
        files = await _result_files(fact.result_papers, dossier, work, agency=agency)
        for paper, file in zip(papers, files, strict=True):
            work.keep_paper(
                dossier.id, file, kind=paper.kind, part=Part.RESULT, paper_id=paper.paper_id
            )
    return change


async def _result_files(
    results: Sequence[ResultFile], dossier: Dossier, work: IntakeWork, *, agency: str
) -> list[File]:
    """The files that the agency uploaded, by id and digest, each of a kind the procedure gives."""
    known = await work.files.read([result.file_id for result in results])
    files = [known.get(result.file_id) for result in results]
    theirs = [file for file in files if file and file.agency == agency]
    if [file.sha256 for file in theirs] != [result.sha256 for result in results]:
        raise UnknownFile
    handed = [HandedPaper(r.kind, f.media_type) for r, f in zip(results, theirs, strict=True)]
    if errors := result_errors(work.office.procedure_of(dossier), handed):
        raise Unprocessable(errors=errors)
    return theirs
