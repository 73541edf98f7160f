"""What officers and applicants do with a dossier, once the API knows that they may."""

from collections.abc import Sequence

from chassis.errors import Unprocessable
from intake import domain, handling
from intake.dossier import Change
from intake.filing import PaperIn, handed_files
from intake.models import Part
from intake.papers import HandedPaper, supplement_errors
from intake.procedures import ReasonUse
from intake.work import IntakeWork
from motcua_contracts.types import ReturnMethod


async def receive(dossier_id: str, work: IntakeWork, *, unit: str | None) -> Change:
    """The one-stop office accepts the dossier: the legal clock starts."""
    dossier = await work.dossier(dossier_id)
    change = domain.receive(dossier, clock=work.office.clock_of(dossier), at=work.now, unit=unit)
    await work.record(change)
    return change


async def refuse(dossier_id: str, work: IntakeWork, *, reason_code: str) -> Change:
    dossier = await work.dossier(dossier_id)
    reason = work.office.procedure_of(dossier).reason(reason_code, ReasonUse.REFUSAL)
    change = domain.refuse(dossier, reason=reason, at=work.now)
    await work.record(change)
    return change


async def stop(dossier_id: str, work: IntakeWork, *, reason_code: str) -> Change:
    dossier = await work.dossier(dossier_id)
    reason = work.office.procedure_of(dossier).reason(reason_code, ReasonUse.STOP)
    change = domain.stop(dossier, reason=reason, at=work.now)
    await work.record(change)
    return change


async def withdraw(dossier_id: str, work: IntakeWork, *, reason_code: str) -> Change:
    dossier = await work.dossier(dossier_id)
    reason = work.office.procedure_of(dossier).reason(reason_code, ReasonUse.WITHDRAWAL)
    change = domain.withdraw(dossier, reason=reason, at=work.now)
    await work.record(change)
    return change


async def request_supplement(
    dossier_id: str, work: IntakeWork, *, wanted: Sequence[str], reason_code: str
) -> Change:
    """The one-stop office asks for papers before it receives the dossier."""
    dossier = await work.dossier(dossier_id)
    reason = work.office.procedure_of(dossier).reason(reason_code, ReasonUse.SUPPLEMENT)
    change = handling.request_supplement(dossier, wanted=wanted, reason=reason, at=work.now)
    await work.record(change)
    return change


async def supplement(
    dossier_id: str, work: IntakeWork, *, papers: Sequence[PaperIn], owner: str
) -> Change:
    """The applicant hands in what was asked for."""
    dossier = await work.dossier(dossier_id)
    files = await handed_files(papers, work, owner=owner)
    handed = [HandedPaper(p.kind, files[p.file_id].media_type) for p in papers]
    procedure = work.office.procedure_of(dossier)
    if errors := supplement_errors(procedure, dossier.papers_wanted, handed):
        raise Unprocessable(errors=errors)
    kept = [
        work.keep_paper(dossier.id, files[p.file_id], kind=p.kind, part=Part.SUPPLEMENT)
        for p in papers
    ]
    change = handling.supplement(
        dossier,
        papers=[paper.fact() for paper in kept],
        clock=work.office.clock_of(dossier),
        at=work.now,
    )
    await work.record(change)
    return change


async def return_result(dossier_id: str, work: IntakeWork, *, how: ReturnMethod) -> Change:
    dossier = await work.dossier(dossier_id)
    change = domain.return_result(dossier, how=how, at=work.now)
    await work.record(change)
    return change
