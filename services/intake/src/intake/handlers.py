"""What others say on Kafka, and what becomes of a dossier by it."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import TypeAlias

from chassis.clock import uuid7
from chassis.errors import Refusal, Transient
from intake import domain, fees, handling
from intake.agencies import AgencyFact, act
from intake.dossier import CopyEnd, Dossier, Remark
from intake.models import CertifiedCopy, CopyState
from intake.procedures import Decider, Procedure, ReasonUse
from intake.refusals import (
    NotForCertification,
    NotYetReceived,
    PaymentAwaited,
    SupplementAwaited,
)
from intake.status import is_final
from intake.work import IntakeWork
from motcua_contracts.certification import (
    CertificationCopyCertified,
    CertificationCopyRefused,
    CertificationCopyReplaced,
    CertificationCopyRequested,
    CertificationCopyRevoked,
)
from motcua_contracts.dossier import ResultPaper
from motcua_contracts.envelope import Event
from motcua_contracts.payment import PaymentSucceeded
from motcua_contracts.types import DossierStatus

EARLY = (NotYetReceived, PaymentAwaited)
"""Refusals that time lifts, while what the agency said stays as true as it was. A decision made
while papers are awaited is none of these: it was made without them.
"""

CopyEnded: TypeAlias = CertificationCopyRevoked | CertificationCopyReplaced


class TooEarly(Transient):
    """The dossier is not yet where the message expects it."""


async def handle_payment_succeeded(event: Event[PaymentSucceeded], work: IntakeWork) -> None:
    """A paid dossier goes on: to the clerk's desk, or back to where it waited. The clerk has done
    all there is to do where a certified copy is paid for.
    """
    paid = event.data
    dossier = await work.dossier(paid.dossier_id)
    change = domain.settle(
        dossier, order_id=paid.order_id, obligation_ids=paid.obligation_ids, at=work.now
    )
    if change.facts and _is_certified(work.office.procedure_of(dossier)):
        clock = work.office.clock_of(dossier)
        change = domain.receive_by_itself(change, clock=clock, at=work.now)
    await work.record(change)


async def handle_agency_fact(event: Event[AgencyFact], work: IntakeWork) -> None:
    """An agency's own system takes its part. The topic's owner is the agency that speaks."""
    agency = event.source.removeprefix("/agencies/")
    if handling.ended_meanwhile(await work.dossier(event.data.dossier_id), agency=agency):
        work.remark(Remark.CLOSED)
        return
    with _tried_again(*EARLY):
        await act(event.data, work, agency=agency)


async def handle_copy_requested(event: Event[CertificationCopyRequested], work: IntakeWork) -> None:
    """The original was seen and scanned: what its copy costs is due."""
    asked = event.data
    dossier = await work.dossier(asked.dossier_id)
    procedure = _certified_procedure(dossier, work)
    line = asked.fee_line
    charge = fees.Charge(line.code, line.kind, line.amount, line.amount)
    due_at = work.office.clock(procedure.pay_within).due(work.now)
    obligations = fees.obligations([charge], due_at=due_at, new_id=lambda: str(uuid7()))
    with _tried_again(SupplementAwaited):
        change = domain.charge(dossier, copy_id=asked.copy_id, obligations=obligations)
    clock = work.office.clock_of(dossier)
    await work.record(domain.receive_by_itself(change, clock=clock, at=work.now))


async def handle_copy_certified(event: Event[CertificationCopyCertified], work: IntakeWork) -> None:
    """From now on the copy is recognised, and the dossier that asked for it has its result."""
    certified = event.data
    await _note_copy(certified, work)
    row = await work.dossiers.find(certified.dossier_id)
    if row and _is_certified(procedure := work.office.procedure_of(row.value())):
        result = ResultPaper(
            paper_id=certified.copy_id, kind=procedure.results[0].kind, sha256=certified.sha256
        )
        await _complete(row.value(), result, work)


async def _note_copy(certified: CertificationCopyCertified, work: IntakeWork) -> None:
    known = await work.copies.find(certified.copy_id)
    if known is None:
        work.copies.add(
            CertifiedCopy(
                copy_id=certified.copy_id,
                sha256=certified.sha256,
                paper_kind=certified.paper_kind,
                changed_at=certified.signed_at,
            )
        )
    elif known.paper_kind is None:  # its end was heard of first, and stays
        known.paper_kind = certified.paper_kind


async def _complete(dossier: Dossier, result: ResultPaper, work: IntakeWork) -> None:
    """The copy is signed and public: it waits for the dossier, and is not undone by it."""
    with _tried_again(*EARLY, SupplementAwaited):
        change = handling.certify(dossier, paper=result, at=work.now)
    if change.facts:
        work.keep_certified(dossier.id, result)
    await work.record(change)


async def handle_copy_refused(event: Event[CertificationCopyRefused], work: IntakeWork) -> None:
    """Without a copy its dossier ends; payment gives back what was paid."""
    dossier = await work.dossier(event.data.dossier_id)
    procedure = _certified_procedure(dossier, work)
    if is_final(dossier.status):  # which may be why the copy was refused
        return
    code = event.data.reason_code
    if dossier.status is DossierStatus.REGISTERED:
        reason = procedure.reason_of_certification(code, ReasonUse.REFUSAL)
        await work.record(domain.refuse(dossier, reason=reason, at=work.now))
    else:
        reason = procedure.reason_of_certification(code, ReasonUse.STOP)
        await work.record(domain.stop(dossier, reason=reason, at=work.now))


async def handle_copy_revoked(event: Event[CertificationCopyRevoked], work: IntakeWork) -> None:
    """The copy proves nothing any more, and stands in no other's place."""
    end = CopyEnd(event.data.copy_id, event.data.revoked_at)
    await _end_copy(event.data, end, work)


async def handle_copy_replaced(event: Event[CertificationCopyReplaced], work: IntakeWork) -> None:
    """The copy proves nothing any more; its successor does."""
    ended = event.data
    end = CopyEnd(ended.copy_id, ended.replaced_at, ended.successor_id)
    await _end_copy(ended, end, work)


async def _end_copy(fact: CopyEnded, end: CopyEnd, work: IntakeWork) -> None:
    """Note it, once; tell those who deal with a dossier in which the copy lies, and its holder."""
    copy = await work.copies.find(end.copy_id)
    if copy is None:
        copy = CertifiedCopy(copy_id=end.copy_id, sha256=fact.sha256, changed_at=end.at)
        work.copies.add(copy)
    elif copy.state != CopyState.VALID:
        work.remark(Remark.REPEATED)
        return
    copy.state = CopyState.REPLACED if end.successor_id else CopyState.REVOKED
    copy.successor_id, copy.changed_at = end.successor_id, end.at
    for dossier_id, papers in work.papers.in_open_dossiers(fact.sha256).items():
        facts = [paper.fact() for paper in papers]
        dossier = await work.dossier(dossier_id)
        await work.record(domain.tell_unproven(dossier, papers=facts, end=end))
    await work.repeat_recipients(fact.dossier_id)


def _is_certified(procedure: Procedure) -> bool:
    return procedure.decided_by is Decider.CERTIFICATION


def _certified_procedure(dossier: Dossier, work: IntakeWork) -> Procedure:
    procedure = work.office.procedure_of(dossier)
    if not _is_certified(procedure):
        raise NotForCertification
    return procedure


@contextmanager
def _tried_again(*refusals: type[Refusal]) -> Generator[None]:
    """What these refuse now is tried again later: time lifts them."""
    try:
        yield
    except refusals as early:
        raise TooEarly(early.reason) from early
