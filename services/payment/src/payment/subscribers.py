"""What payment consumes."""

from chassis.consumer import Subscription
from motcua_contracts.dossier import DossierPaymentRequired
from motcua_contracts.topics import DOSSIER_EVENTS
from payment.handlers import ENDED, handle_dossier_ended, handle_payment_required

SUBSCRIPTIONS = (
    Subscription(
        "dossiers",
        (DOSSIER_EVENTS,),
        {
            DossierPaymentRequired: handle_payment_required,
            **dict.fromkeys(ENDED, handle_dossier_ended),
        },
    ),
)
