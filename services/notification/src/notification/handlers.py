"""What notification does about each event."""

from motcua_contracts.dossier import DossierRecipients
from motcua_contracts.envelope import Event, EventData
from notification.work import NotificationWork


async def handle_fact(event: Event[EventData], work: NotificationWork) -> None:
    """A citizen is to hear of this: one message is kept, and sent after the commit.

    Its recipient need not be known yet: the message waits for the contact, not the topic.
    """
    work.reserve(event)


async def handle_recipients(event: Event[DossierRecipients], work: NotificationWork) -> None:
    """Keep whom to tell, as encrypted as it came; the last record of a dossier counts."""
    known = await work.recipients.find(event.data.dossier_id)
    if known is None or event.sequence > known.sequence:
        work.meet(event, known)
