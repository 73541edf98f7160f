"""What the competent agency's own system does with a dossier, over Kafka and over HTTP alike."""

from collections.abc import Sequence
from typing import TypeAlias

from chassis.clock import uuid7
from chassis.errors import Unprocessable
from intake import commands, handling
from intake.dossier import Change, Dossier, Uptake, Verdict
from intake.models import File
from intake.papers import HandedPaper, result_errors
from intake.procedures import Decider
from intake.refusals import DecidedByCertification, UnknownFile
from intake.work import IntakeWork
from motcua_contracts.agency import (
    AgencyDecided,
    AgencyProcessingStarted,
    AgencySupplementRequested,
    ResultFile,
)
from motcua_contracts.dossier import ResultPaper
from motcua_contracts.types import AgencyCode

AgencyFact: TypeAlias = AgencyProcessingStarted | AgencySupplementRequested | AgencyDecided


async def act(fact: AgencyFact, work: IntakeWork, *, agency: AgencyCode) -> Change:
    """What `agency` says it did, where it is the competent one."""
    dossier = await work.dossier(fact.dossier_id)
    _require_decides(agency, dossier, work)
    match fact:
        case AgencyProcessingStarted():
            uptake = Uptake(fact.agency_reference, fact.unit, fact.step)
            return await work.record(
                handling.start_processing(dossier, agency=agency, uptake=uptake, at=work.now)
            )
        case AgencySupplementRequested():
            return await commands.request_supplement(
                dossier.id,
                work,
                wanted=fact.papers_wanted,
                reason_code=fact.reason_code,
                agency=agency,
            )
        case AgencyDecided():
            return await _decide(fact, dossier, work, agency=agency)


def _require_decides(agency: AgencyCode, dossier: Dossier, work: IntakeWork) -> None:
    """Another agency is told nothing else, not even what the procedure is."""
    competent = agency == dossier.competent_agency
    if competent and work.office.procedure_of(dossier).decided_by is not Decider.AGENCY:
        raise DecidedByCertification
    handling.require_competent(dossier, agency)


async def _decide(
    fact: AgencyDecided, dossier: Dossier, work: IntakeWork, *, agency: AgencyCode
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
            work.keep_result(dossier.id, paper, file)
    return await work.record(change)


async def _result_files(
    results: Sequence[ResultFile], dossier: Dossier, work: IntakeWork, *, agency: AgencyCode
) -> list[File]:
    """The files that the agency uploaded, by id and digest, each of a kind the procedure gives."""
    known = await work.files.read([result.file_id for result in results])
    theirs = {file.id: file for file in known.values() if file.agency == agency}
    if any(r.file_id not in theirs or theirs[r.file_id].sha256 != r.sha256 for r in results):
        raise UnknownFile
    files = [theirs[result.file_id] for result in results]
    handed = [HandedPaper(r.kind, f.media_type) for r, f in zip(results, files, strict=True)]
    if errors := result_errors(work.office.procedure_of(dossier), handed):
        raise Unprocessable(errors=errors)
    return files
