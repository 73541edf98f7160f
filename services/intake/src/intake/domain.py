"""The decisions of applicant and one-stop office. Pure: values and a time in, state and facts out.

The procedure is that of NĐ 61/2018/NĐ-CP: filed, paid, received with a date for the result, handled
by the competent agency (`handling.py`), returned; or refused, withdrawn, stopped.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from intake.dossier import Change, CopyEnd, Dossier, LegalClock, Remark
from intake.fees import Charge
from intake.procedures import Reason
from intake.refusals import FeeAlreadyTold, SupplementAwaited, UnknownObligation
from intake.status import is_final
from motcua_contracts.dossier import (
    DossierOverdue,
    DossierPaperUnproven,
    DossierPaymentRequired,
    DossierPaymentSettled,
    DossierReceived,
    DossierRefused,
    DossierRegistered,
    DossierReturned,
    DossierStopped,
    DossierWithdrawn,
    Obligation,
    Paper,
)
from motcua_contracts.types import DossierStatus, ReturnMethod


def register(
    dossier: Dossier,
    *,
    papers: Sequence[Paper],
    charges: Sequence[Charge],
    obligations: Sequence[Obligation],
) -> Change:
    """A new dossier is filed; it waits for its payment first when money is due."""
    registered = DossierRegistered(
        **dossier.about,
        procedure_version=dossier.procedure_version,
        intake_agency=dossier.intake_agency,
        channel=dossier.channel,
        applicant_id=dossier.applicant_id,
        registered_at=dossier.registered_at,
        papers=tuple(papers),
        fee_lines=tuple(charge.fee_line for charge in charges),
        exemption_ground=next((c.exemption_ground for c in charges if c.exemption_ground), None),
    )
    return _after(Change(dossier, (registered,)), _owe(dossier, obligations))


def charge(dossier: Dossier, *, copy_id: str, obligations: Sequence[Obligation]) -> Change:
    """Certification has seen the original and tells what its copy costs."""
    if is_final(dossier.status):
        return Change(dossier, remark=Remark.CLOSED)
    if dossier.agency_reference == copy_id:
        return Change(dossier, remark=Remark.REPEATED)
    if dossier.status is DossierStatus.SUPPLEMENT_REQUESTED:
        raise SupplementAwaited
    if dossier.status is not DossierStatus.REGISTERED:
        raise FeeAlreadyTold
    return _owe(replace(dossier, agency_reference=copy_id), obligations)


def settle(
    dossier: Dossier, *, order_id: str, obligation_ids: Collection[str], at: datetime
) -> Change:
    """A verified payment, noted at `at`, settles what the dossier owes; it goes on once nothing is
    left.
    """
    settled = tuple(id_ for id_ in dossier.outstanding if id_ in obligation_ids)
    left = tuple(id_ for id_ in dossier.outstanding if id_ not in obligation_ids)
    if not dossier.outstanding:
        return Change(dossier, remark=Remark.REPEATED)
    if not settled:
        raise UnknownObligation
    paid = replace(dossier, outstanding=left)
    if is_final(dossier.status):
        return Change(paid, remark=Remark.REFUND_NEEDED)
    if left:
        return Change(paid)
    moved = replace(paid.moved(dossier.resumes_to or DossierStatus.REGISTERED), resumes_to=None)
    fact = DossierPaymentSettled(
        **moved.about, order_id=order_id, obligation_ids=settled, settled_at=at
    )
    return Change(moved, (fact,))


def receive_by_itself(change: Change, *, clock: LegalClock, at: datetime) -> Change:
    """A clerk saw the original before the fee was told: once nothing is due, nobody has to look
    at the dossier again to receive it.
    """
    if change.remark or change.dossier.status is not DossierStatus.REGISTERED:
        return change
    return _after(change, receive(change.dossier, clock=clock, at=at))


def receive(
    dossier: Dossier, *, clock: LegalClock, at: datetime, unit: str | None = None
) -> Change:
    """The one-stop office accepts the dossier; the legal clock starts."""
    due_at = clock.due(at)
    received = replace(
        dossier.moved(DossierStatus.RECEIVED),
        received_at=at,
        first_due_at=due_at,
        due_at=due_at,
        unit=unit,
    )
    fact = DossierReceived(**received.about, received_at=at, due_at=due_at, unit=unit)
    return Change(received, (fact,))


def refuse(
    dossier: Dossier, *, reason: Reason, at: datetime, document_id: str | None = None
) -> Change:
    """The one-stop office does not accept the dossier."""
    refused = dossier.ended(DossierStatus.NOT_ACCEPTED, at=at)
    fact = DossierRefused(
        **refused.about,
        refused_at=at,
        reason_code=reason.code,
        legal_ground=reason.ground,
        document_id=document_id,
    )
    return Change(refused, (fact,))


def tell_overdue(dossier: Dossier, *, at: datetime) -> Change:
    """The result is late, which is said once: a stop of the clock that begins after the due date
    moves it, but never past the day on which the clock goes on.
    """
    if dossier.due_at is None or dossier.overdue_told_at:
        return Change(dossier)
    told = replace(dossier, overdue_told_at=at)
    return Change(told, (DossierOverdue(**told.about, due_at=dossier.due_at),))


def tell_unproven(dossier: Dossier, *, papers: Sequence[Paper], end: CopyEnd) -> Change:
    """Papers of an open dossier were a certified copy: somebody has to ask for another, or for the
    original.
    """
    if is_final(dossier.status):
        return Change(dossier)
    facts = tuple(
        DossierPaperUnproven(
            **dossier.about,
            paper_id=paper.paper_id,
            kind=paper.kind,
            certified_copy_id=end.copy_id,
            successor_id=end.successor_id,
            unproven_at=end.at,
        )
        for paper in papers
    )
    return Change(dossier, facts)


def return_result(dossier: Dossier, *, how: ReturnMethod, at: datetime) -> Change:
    """The applicant has the result; lateness never stands in the way."""
    returned = dossier.ended(DossierStatus.RETURNED, at=at)
    return Change(returned, (DossierReturned(**returned.about, returned_at=at, how=how),))


def withdraw(dossier: Dossier, *, reason: Reason, at: datetime) -> Change:
    """The applicant takes the dossier back."""
    withdrawn = dossier.ended(DossierStatus.WITHDRAWN, at=at)
    fact = DossierWithdrawn(**withdrawn.about, withdrawn_at=at, reason_code=reason.code)
    return Change(withdrawn, (fact,))


def stop(dossier: Dossier, *, reason: Reason, at: datetime) -> Change:
    """The dossier ends without a result."""
    stopped = dossier.ended(DossierStatus.STOPPED, at=at)
    fact = DossierStopped(
        **stopped.about, stopped_at=at, reason_code=reason.code, legal_ground=reason.ground
    )
    return Change(stopped, (fact,))


def _owe(dossier: Dossier, obligations: Sequence[Obligation]) -> Change:
    """Money that is due is paid first; who owes nothing never waits for a payment."""
    if not obligations:
        return Change(dossier)
    waiting = replace(
        dossier.moved(DossierStatus.PAYMENT_REQUIRED),
        resumes_to=DossierStatus.REGISTERED,
        outstanding=tuple(obligation.obligation_id for obligation in obligations),
    )
    required = DossierPaymentRequired(
        **waiting.about,
        applicant_id=dossier.applicant_id,
        obligations=tuple(obligations),
        total=sum(obligation.amount for obligation in obligations),
        intake_agency=dossier.intake_agency,
    )
    return Change(waiting, (required,))


def _after(first: Change, then: Change) -> Change:
    """Two changes of one dossier as one, its facts in their order."""
    return Change(then.dossier, (*first.facts, *then.facts))
