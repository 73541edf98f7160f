"""What happens to copies when the facts of their dossier arrive."""

from collections.abc import Mapping

from certification import metrics
from certification.domain import (
    DOSSIER_ENDED,
    UNFINISHED,
    CopyState,
    DossierState,
    is_certification,
    may_be_ready,
)
from certification.models import Dossier
from certification.work import CertificationWork
from motcua_contracts.dossier import (
    DossierCompleted,
    DossierEvent,
    DossierPaymentRequired,
    DossierPaymentSettled,
    DossierReceived,
    DossierRefused,
    DossierRegistered,
    DossierStopped,
    DossierWithdrawn,
)
from motcua_contracts.envelope import Event, EventData

ENDED: tuple[type[EventData], ...] = (DossierWithdrawn, DossierRefused, DossierStopped)

_STATES: Mapping[type[EventData], DossierState] = {
    DossierReceived: DossierState.RECEIVED,
    DossierCompleted: DossierState.COMPLETED,
    **dict.fromkeys(ENDED, DossierState.ENDED),
}


async def handle_dossier_registered(
    event: Event[DossierRegistered], work: CertificationWork
) -> None:
    """Somebody wants a copy certified: a clerk will ask for the original. Another office's clerk is
    none of ours.
    """
    fact = event.data
    if not is_certification(fact.procedure_code):
        return
    if fact.agency != work.office.agency:
        work.count(metrics.PASSED_OVER)
    elif await work.dossiers.find(fact.dossier_id) is None:
        work.dossiers.add(
            Dossier(
                id=fact.dossier_id,
                code=fact.code,
                applicant_id=fact.applicant_id,
                agency=fact.agency,
            )
        )


async def handle_payment(
    event: Event[DossierPaymentRequired | DossierPaymentSettled], work: CertificationWork
) -> None:
    """Nobody signs while money is due."""
    dossier = await _ours(event, work)
    if dossier:
        dossier.owes = isinstance(event.data, DossierPaymentRequired)
        await _make_ready(dossier, work)


async def handle_dossier_moved(
    event: Event[DossierReceived | DossierCompleted], work: CertificationWork
) -> None:
    """The office received the dossier: once it is paid, the signer's turn has come."""
    dossier = await _ours(event, work)
    if dossier:
        dossier.state = _STATES[type(event.data)]
        await _make_ready(dossier, work)


async def handle_dossier_ended(
    event: Event[DossierWithdrawn | DossierRefused | DossierStopped], work: CertificationWork
) -> None:
    """No copy holds of a dossier that is over, since the money goes back: whoever signs one at this
    moment loses it, and one that was certified just before is revoked.
    """
    dossier = await _ours(event, work)
    if dossier:
        dossier.state = DossierState.ENDED
        for copy in await work.copies.live_of(dossier.id):
            if copy.state is CopyState.CERTIFIED:
                await work.revoke(copy, DOSSIER_ENDED)
            elif copy.state in UNFINISHED:  # and did not end with the copy before it
                await work.refuse(copy, DOSSIER_ENDED)


async def _ours(event: Event[DossierEvent], work: CertificationWork) -> Dossier | None:
    if not is_certification(event.data.procedure_code):
        return None
    return await work.dossiers.find(event.subject)


async def _make_ready(dossier: Dossier, work: CertificationWork) -> None:
    if may_be_ready(dossier):
        for copy in await work.copies.unfinished_of(dossier.id):
            if copy.state is CopyState.REQUESTED:
                work.receive(copy)
