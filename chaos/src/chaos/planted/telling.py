"""A way to tell a citizen twice."""

from notification.dispatcher import Dispatcher
from notification.domain import Answer, State
from notification.models import Message
from notification.repository import Due

_hand_over, _settle = Dispatcher._hand_over, Dispatcher._settle  # noqa: SLF001 - replaced


async def hand_over_unrecorded(self: Dispatcher, message: Message) -> None:
    """A mail leaves before it is committed that it does: whoever dies in between sends it again.
    (I4)
    """
    del self, message


async def record_afterwards(
    self: Dispatcher, message: Message, answer: Answer | None, *, claim_next: bool
) -> Due | None:
    """The other half of it."""
    if answer is not None and message.state == State.CLAIMED:
        await _hand_over(self, message)
    return await _settle(self, message, answer, claim_next=claim_next)
