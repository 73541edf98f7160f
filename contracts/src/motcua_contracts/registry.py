"""Every event type there is."""

from collections.abc import Mapping
from types import MappingProxyType

from motcua_contracts import agency, certification, dossier, notification, payment
from motcua_contracts.envelope import EventData

EVENTS: tuple[type[EventData], ...] = (
    dossier.DossierRegistered,
    dossier.DossierPaymentRequired,
    dossier.DossierPaymentSettled,
    dossier.DossierReceived,
    dossier.DossierRefused,
    dossier.DossierProcessingStarted,
    dossier.DossierSupplementRequested,
    dossier.DossierSupplemented,
    dossier.DossierWithdrawn,
    dossier.DossierStopped,
    dossier.DossierCompleted,
    dossier.DossierReturned,
    dossier.DossierPaperUnproven,
    dossier.DossierDeadlineNear,
    dossier.DossierOverdue,
    dossier.DossierRecipients,
    payment.PaymentRequested,
    payment.PaymentSucceeded,
    payment.PaymentAttemptFailed,
    payment.PaymentExpired,
    payment.PaymentReceiptIssued,
    payment.PaymentSuspended,
    payment.PaymentRefundRequested,
    certification.CertificationCopyRequested,
    certification.CertificationCopyCertified,
    certification.CertificationCopyRefused,
    certification.CertificationCopyRevoked,
    certification.CertificationCopyReplaced,
    notification.NotificationSent,
    notification.NotificationFailed,
    notification.NotificationOutcomeUnknown,
    agency.AgencyProcessingStarted,
    agency.AgencySupplementRequested,
    agency.AgencyDecided,
)

EVENT_TYPES: Mapping[str, type[EventData]] = MappingProxyType(
    {event.type: event for event in EVENTS}
)
"""Event class by `ce_type`."""
