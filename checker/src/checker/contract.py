"""What is published, by whom, who handles it, and how a dossier may go: stated here once more, from
the documents, so that a mistake of the product is not repeated.
"""

from collections.abc import Mapping
from dataclasses import dataclass

SERVICES = ("intake", "payment", "certification", "notification")

DOSSIERS = "motcua.dossier.events.v1"
RECIPIENTS = "motcua.dossier.recipients.v1"
PAYMENTS = "motcua.payment.events.v1"
CERTIFICATIONS = "motcua.certification.events.v1"
NOTIFICATIONS = "motcua.notification.events.v1"
AGENCY_TOPIC = "motcua.agency.{code}.decisions.v1"

COMPACTED = frozenset({RECIPIENTS})
"""Of these the newest record of a key stays for sure, older ones may go."""

WRITERS: Mapping[str, str] = {
    DOSSIERS: "/motcua/intake",
    RECIPIENTS: "/motcua/intake",
    PAYMENTS: "/motcua/payment",
    CERTIFICATIONS: "/motcua/certification",
    NOTIFICATIONS: "/motcua/notification",
}

SUPPLEMENT, PAYMENT, COMPLETED, RETURNED = 5, 6, 9, 10
ENDED_EARLY = frozenset({3, 7, 8})
"""Not accepted, withdrawn, stopped."""

TRANSITIONS: Mapping[int, frozenset[int]] = {
    1: frozenset({2, 3, 5, 6, 7}),
    2: frozenset({4, 5, 6, 7, 8}),
    3: frozenset(),
    4: frozenset({5, 6, 7, 8, 9}),
    5: frozenset({1, 4, 7, 8}),
    6: frozenset({1, 4, 7, 8, 9}),
    7: frozenset(),
    8: frozenset(),
    9: frozenset({6, 10}),
    10: frozenset(),
}
"""Which status of the national list may follow which."""

STATUS_AFTER: Mapping[str, int] = {
    "dossier.registered": 1,
    "dossier.received": 2,
    "dossier.refused": 3,
    "dossier.processing-started": 4,
    "dossier.supplement-requested": 5,
    "dossier.payment-required": 6,
    "dossier.withdrawn": 7,
    "dossier.stopped": 8,
    "dossier.completed": 9,
    "dossier.returned": 10,
}
RESUMING: Mapping[str, int] = {
    "dossier.supplemented": SUPPLEMENT,
    "dossier.payment-settled": PAYMENT,
}
"""Facts by which a dossier goes on from where it waited, and the status in which it waits."""
SILENT_OF_STATUS = frozenset({"dossier.paper-unproven", "dossier.deadline-near", "dossier.overdue"})
ENDINGS = frozenset({"dossier.refused", "dossier.withdrawn", "dossier.stopped"})

TOLD = frozenset(
    {
        "dossier.registered",
        "dossier.payment-required",
        "dossier.received",
        "dossier.refused",
        "dossier.supplement-requested",
        "dossier.supplemented",
        "dossier.withdrawn",
        "dossier.stopped",
        "dossier.completed",
        "dossier.returned",
        "dossier.overdue",
        "payment.expired",
        "payment.receipt-issued",
        "payment.refund-requested",
        "certification.copy-revoked",
        "certification.copy-replaced",
    }
)
"""Facts of which a citizen hears."""

CERTIFIED_COPIES = "2.000815"
"""The procedure of certified copies; its result comes from certification, not from an agency."""


@dataclass(frozen=True)
class Consumer:
    """A consumer group, and what it does not pass over."""

    name: str
    service: str
    topics: frozenset[str]
    facts: frozenset[str]

    def reads(self, topic: str) -> bool:
        return topic in self.topics or (self.name == "intake.decisions" and ".agency." in topic)


CONSUMERS = (
    Consumer(
        "payment.dossiers",
        "payment",
        frozenset({DOSSIERS}),
        ENDINGS | {"dossier.payment-required"},
    ),
    Consumer(
        "certification.dossiers",
        "certification",
        frozenset({DOSSIERS}),
        ENDINGS
        | {
            "dossier.registered",
            "dossier.payment-required",
            "dossier.payment-settled",
            "dossier.received",
            "dossier.completed",
        },
    ),
    Consumer(
        "notification.facts",
        "notification",
        frozenset({DOSSIERS, PAYMENTS, CERTIFICATIONS}),
        TOLD,
    ),
    Consumer(
        "notification.recipients",
        "notification",
        frozenset({RECIPIENTS}),
        frozenset({"dossier.recipients"}),
    ),
    Consumer("intake.payments", "intake", frozenset({PAYMENTS}), frozenset({"payment.succeeded"})),
    Consumer(
        "intake.certified-copies",
        "intake",
        frozenset({CERTIFICATIONS}),
        frozenset(
            {
                "certification.copy-requested",
                "certification.copy-certified",
                "certification.copy-refused",
                "certification.copy-revoked",
                "certification.copy-replaced",
            }
        ),
    ),
    Consumer(
        "intake.decisions",
        "intake",
        frozenset(),
        frozenset(
            {
                "agency.processing-started",
                "agency.supplement-requested",
                "agency.decided",
            }
        ),
    ),
)


def consumers_of(topic: str) -> list[Consumer]:
    """Who consumes a topic."""
    return [consumer for consumer in CONSUMERS if consumer.reads(topic)]


def agency_of_source(source: str) -> str | None:
    """The code in an agency's source, `/agencies/<code>`."""
    return source.removeprefix("/agencies/") if source.startswith("/agencies/") else None
