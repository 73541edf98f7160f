"""What payment consumes."""

from chassis.consumer import Subscription
from motcua_contracts.dossier import DossierPaymentRequired, DossierPaymentSettled
from motcua_contracts.topics import DOSSIER_EVENTS
from payment.handlers import (
    ENDED,
    handle_dossier_ended,
    handle_payment_required,
    handle_payment_settled,
)

SUBSCRIPTIONS = (
    Subscription(
        "dossiers",
        (DOSSIER_EVENTS,),
        {
            DossierPaymentRequired: handle_payment_required,
            DossierPaymentSettled: handle_payment_settled,
            **dict.fromkeys(ENDED, handle_dossier_ended),
        },
    ),
)
