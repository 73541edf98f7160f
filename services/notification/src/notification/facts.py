"""Which facts citizens are told about, and what we say of our messages in turn."""

from typing import Any

from pydantic import ValidationError

from chassis.errors import Permanent
from motcua_contracts import certification, dossier, payment
from motcua_contracts.envelope import EventData
from motcua_contracts.notification import (
    NotificationEvent,
    NotificationFailed,
    NotificationOutcomeUnknown,
    NotificationSent,
)
from motcua_contracts.registry import EVENT_TYPES
from motcua_contracts.types import NotificationChannel
from notification.domain import State
from notification.models import Message

TOLD: tuple[type[EventData], ...] = (
    dossier.DossierRegistered,
    dossier.DossierPaymentRequired,
    dossier.DossierReceived,
    dossier.DossierRefused,
    dossier.DossierSupplementRequested,
    dossier.DossierSupplemented,
    dossier.DossierWithdrawn,
    dossier.DossierStopped,
    dossier.DossierCompleted,
    dossier.DossierReturned,
    dossier.DossierOverdue,
    payment.PaymentExpired,
    payment.PaymentReceiptIssued,
    payment.PaymentRefundRequested,
    certification.CertificationCopyRevoked,
    certification.CertificationCopyReplaced,
)

SILENT: tuple[type[EventData], ...] = (
    # The receipt says so.
    dossier.DossierPaymentSettled,
    payment.PaymentSucceeded,
    # `payment-required` says so, and how to pay.
    payment.PaymentRequested,
    # The citizen sees it on the spot, and may try again.
    payment.PaymentAttemptFailed,
    # For officers, not for citizens.
    dossier.DossierProcessingStarted,
    dossier.DossierPaperUnproven,
    dossier.DossierDeadlineNear,
    payment.PaymentSuspended,
    # The dossier's own facts say so.
    certification.CertificationCopyRequested,
    certification.CertificationCopyCertified,
    certification.CertificationCopyRefused,
)

LAST: tuple[type[EventData], ...] = (
    dossier.DossierRefused,
    dossier.DossierWithdrawn,
    dossier.DossierStopped,
    dossier.DossierReturned,
)
"""After these nothing follows that needs the citizen's address, but for a refund; and years later,
when a certified copy ends, intake says the address again.
"""


def code_of(fact: EventData) -> str | None:
    """The code of the dossier, as citizens know it; certification does not say it."""
    return getattr(fact, "code", None) or getattr(fact, "dossier_code", None)


def to_json(fact: EventData) -> dict[str, Any]:
    """A fact as it is kept with its message: thin, like every event."""
    return fact.model_dump(mode="json", by_alias=True, exclude_none=True)


class FactUnreadable(Permanent):
    """A fact that was kept is none that this release knows."""

    def __init__(self, type_: str) -> None:
        super().__init__("fact-unreadable", f"this release cannot read a kept {type_}")


def from_json(type_: str, kept: dict[str, Any]) -> EventData:
    """The fact again, also when a later version of the contracts wrote it. Raises
    `FactUnreadable`.
    """
    try:
        return EVENT_TYPES[type_].model_validate(kept, extra="ignore")
    except (LookupError, ValidationError) as error:
        raise FactUnreadable(type_) from error


def announcement(message: Message, *, provider: str) -> NotificationEvent | None:
    """What the others hear of a message; nothing, while it is not at an end."""
    common: dict[str, Any] = {
        "dossier_id": message.dossier_id,
        "message_id": message.id,
        "fact_event_id": message.fact_event_id,
        "channel": NotificationChannel(message.channel),
        "template": message.template,
        "template_version": message.template_version,
        "provider": provider,
    }
    match message.state:
        case State.SENT:
            return NotificationSent(**common)
        case State.FAILED:
            return NotificationFailed(**common, reason_code=str(message.reason))
        case State.OUTCOME_UNKNOWN:
            return NotificationOutcomeUnknown(**common, reason_code=str(message.reason))
        case _:
            return None
