"""What intake listens to: the table of contents of what it consumes."""

from collections.abc import Iterable

from chassis.consumer import Subscription
from intake.handlers import handle_agency_fact, handle_payment_succeeded
from motcua_contracts.agency import (
    AgencyDecided,
    AgencyProcessingStarted,
    AgencySupplementRequested,
)
from motcua_contracts.payment import PaymentSucceeded
from motcua_contracts.topics import PAYMENT_EVENTS, agency_decisions

PAYMENTS = Subscription("payments", (PAYMENT_EVENTS,), {PaymentSucceeded: handle_payment_succeeded})


def decisions(agencies: Iterable[str]) -> Subscription:
    """The decisions of the agencies that are competent for some procedure."""
    return Subscription(
        "decisions",
        tuple(agency_decisions(code) for code in sorted(set(agencies))),
        {
            AgencyProcessingStarted: handle_agency_fact,
            AgencySupplementRequested: handle_agency_fact,
            AgencyDecided: handle_agency_fact,
        },
    )
