"""What intake listens to: the table of contents of what it consumes."""

from collections.abc import Iterable

from chassis.consumer import Subscription
from intake.handlers import (
    handle_agency_fact,
    handle_copy_certified,
    handle_copy_refused,
    handle_copy_replaced,
    handle_copy_requested,
    handle_copy_revoked,
    handle_payment_succeeded,
)
from motcua_contracts.agency import (
    AgencyDecided,
    AgencyProcessingStarted,
    AgencySupplementRequested,
)
from motcua_contracts.certification import (
    CertificationCopyCertified,
    CertificationCopyRefused,
    CertificationCopyReplaced,
    CertificationCopyRequested,
    CertificationCopyRevoked,
)
from motcua_contracts.payment import PaymentSucceeded
from motcua_contracts.topics import CERTIFICATION_EVENTS, PAYMENT_EVENTS, agency_decisions

PAYMENTS = Subscription("payments", (PAYMENT_EVENTS,), {PaymentSucceeded: handle_payment_succeeded})

CERTIFIED_COPIES = Subscription(
    "certified-copies",
    (CERTIFICATION_EVENTS,),
    {
        CertificationCopyRequested: handle_copy_requested,
        CertificationCopyCertified: handle_copy_certified,
        CertificationCopyRefused: handle_copy_refused,
        CertificationCopyRevoked: handle_copy_revoked,
        CertificationCopyReplaced: handle_copy_replaced,
    },
)


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
