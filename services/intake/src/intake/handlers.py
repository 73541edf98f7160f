"""What others say on Kafka, and what becomes of a dossier by it."""

from chassis.errors import Transient
from intake import domain
from intake.agencies import AgencyFact, act
from intake.refusals import NotYetReceived, PaymentAwaited
from intake.work import IntakeWork
from motcua_contracts.envelope import Event
from motcua_contracts.payment import PaymentSucceeded

EARLY = (NotYetReceived, PaymentAwaited)
"""Refusals that time lifts, while what the agency said stays as true as it was. A decision made
while papers are awaited is none of these: it was made without them.
"""


class TooEarly(Transient):
    """The dossier is not yet where the message expects it."""


async def handle_payment_succeeded(event: Event[PaymentSucceeded], work: IntakeWork) -> None:
    """A paid dossier goes on: to the clerk's desk, or back to where it waited."""
    paid = event.data
    dossier = await work.dossier(paid.dossier_id)
    await work.record(
        domain.settle(
            dossier, order_id=paid.order_id, obligation_ids=paid.obligation_ids, at=work.now
        )
    )


async def handle_agency_fact(event: Event[AgencyFact], work: IntakeWork) -> None:
    """An agency's own system takes its part. The topic's owner is the agency that speaks."""
    try:
        await act(event.data, work, agency=event.source.removeprefix("/agencies/"))
    except EARLY as early:
        raise TooEarly(early.reason) from early
