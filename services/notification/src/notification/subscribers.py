"""What notification consumes."""

from chassis.consumer import Subscription
from motcua_contracts.dossier import DossierRecipients
from motcua_contracts.topics import (
    CERTIFICATION_EVENTS,
    DOSSIER_EVENTS,
    DOSSIER_RECIPIENTS,
    PAYMENT_EVENTS,
)
from notification.facts import TOLD
from notification.handlers import handle_fact, handle_recipients

SUBSCRIPTIONS = (
    Subscription(
        "facts",
        (DOSSIER_EVENTS, PAYMENT_EVENTS, CERTIFICATION_EVENTS),
        dict.fromkeys(TOLD, handle_fact),
    ),
    Subscription("recipients", (DOSSIER_RECIPIENTS,), {DossierRecipients: handle_recipients}),
)
