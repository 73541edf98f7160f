"""What applicants and the one-stop office do with a dossier, once the API knows that they may."""

from collections.abc import Sequence

from chassis.errors import Unprocessable
from intake import domain, handling
from intake.dossier import Change
from intake.filing import PaperIn, handed_papers
from intake.models import Part
from intake.papers import supplement_errors, wanted_errors
from intake.procedures import Decider, ReasonUse
from intake.refusals import ReceivedOncePaid
from intake.work import IntakeWork
from motcua_contracts.types import AgencyCode, ReturnMethod


async def receive(dossier_id: str, work: IntakeWork, *, unit: str | None) -> Change:
    """The one-stop office accepts the dossier: the legal clock starts."""
    dossier = await work.dossier(dossier_id)
    if work.office.procedure_of(dossier).decided_by is Decider.CERTIFICATION:
        raise ReceivedOncePaid
    clock = work.office.clock_of(dossier)
    return await work.record(domain.receive(dossier, clock=clock, at=work.now, unit=unit))


async def refuse(dossier_id: str, work: IntakeWork, *, reason_code: str) -> Change:
    dossier = await work.dossier(dossier_id)
    reason = work.office.procedure_of(dossier).reason(reason_code, ReasonUse.REFUSAL)
    return await work.record(domain.refuse(dossier, reason=reason, at=work.now))


async def stop(dossier_id: str, work: IntakeWork, *, reason_code: str) -> Change:
    dossier = await work.dossier(dossier_id)
    reason = work.office.procedure_of(dossier).reason(reason_code, ReasonUse.STOP)
    return await work.record(domain.stop(dossier, reason=reason, at=work.now))


async def withdraw(dossier_id: str, work: IntakeWork, *, reason_code: str) -> Change:
    dossier = await work.dossier(dossier_id)
    reason = work.office.procedure_of(dossier).reason(reason_code, ReasonUse.WITHDRAWAL)
    return await work.record(domain.withdraw(dossier, reason=reason, at=work.now))


async def return_result(dossier_id: str, work: IntakeWork, *, how: ReturnMethod) -> Change:
    dossier = await work.dossier(dossier_id)
    return await work.record(domain.return_result(dossier, how=how, at=work.now))


async def request_supplement(
    dossier_id: str,
    work: IntakeWork,
    *,
    wanted: Sequence[str],
    reason_code: str,
    agency: AgencyCode | None = None,
) -> Change:
    """Papers are asked for, by `agency` or else by the one-stop office."""
    dossier = await work.dossier(dossier_id)
    procedure = work.office.procedure_of(dossier)
    if errors := wanted_errors(procedure, wanted):
        raise Unprocessable(errors=errors)
    reason = procedure.reason(reason_code, ReasonUse.SUPPLEMENT)
    return await work.record(
        handling.request_supplement(
            dossier, wanted=wanted, reason=reason, at=work.now, agency=agency
        )
    )


async def supplement(
    dossier_id: str, work: IntakeWork, *, papers: Sequence[PaperIn], owner: str
) -> Change:
    """What was asked for is handed in; `owner` uploaded it."""
    dossier = await work.dossier(dossier_id)
    handling.require_supplement_awaited(dossier)
    files = await work.files.read([paper.file_id for paper in papers])
    handed = handed_papers(papers, files, owner=owner)
    procedure = work.office.procedure_of(dossier)
    if errors := supplement_errors(procedure, dossier.papers_wanted, handed):
        raise Unprocessable(errors=errors)
    recognised = await work.recognise((paper.kind, files[paper.file_id]) for paper in papers)
    facts = work.hand_in(dossier.id, recognised, part=Part.SUPPLEMENT)
    clock = work.office.clock_of(dossier)
    return await work.record(handling.supplement(dossier, papers=facts, clock=clock, at=work.now))
