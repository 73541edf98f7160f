"""What certification consumes."""

from certification.handlers import (
    ENDED,
    handle_dossier_ended,
    handle_dossier_moved,
    handle_dossier_registered,
    handle_payment,
)
from chassis.consumer import Subscription
from motcua_contracts.dossier import (
    DossierCompleted,
    DossierPaymentRequired,
    DossierPaymentSettled,
    DossierReceived,
    DossierRegistered,
)
from motcua_contracts.topics import DOSSIER_EVENTS

SUBSCRIPTIONS = (
    Subscription(
        "dossiers",
        (DOSSIER_EVENTS,),
        {
            DossierRegistered: handle_dossier_registered,
            DossierPaymentRequired: handle_payment,
            DossierPaymentSettled: handle_payment,
            DossierReceived: handle_dossier_moved,
            DossierCompleted: handle_dossier_moved,
            **dict.fromkeys(ENDED, handle_dossier_ended),
        },
    ),
)
