"""What the dispatcher needs from an outside provider of e-mail."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from chassis.errors import Transient
from notification.domain import Answer

HandOver = Callable[[], Awaitable[None]]
"""Records that the content is about to leave. If it raises, nothing may leave."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One e-mail, ready to leave. `message_id` is ours and the same on every attempt.

    Who it goes to and what it says stays out of `repr`, and so out of logs and tracebacks.
    """

    message_id: str
    address: str = field(repr=False)
    name: str = field(repr=False)
    subject: str = field(repr=False)
    body: str = field(repr=False)


class ProviderAway(Transient):
    """The provider takes no mail at all now: no message is to blame, and all of them wait."""


class MailSession(Protocol):
    """One connection to the provider; it takes one mail after another."""

    @property
    def usable(self) -> bool:
        """Whether the connection can take another mail."""
        ...

    async def deliver(self, mail: Mail, *, hand_over: HandOver) -> Answer:
        """Offer `mail`, call `hand_over` just before the content leaves, and say what became of it.

        Every answer of the provider, and its absence, is a value; only `hand_over` may raise.
        """
        ...


class MailGateway(Protocol):
    @property
    def name(self) -> str:
        """The provider's name in events and metrics."""
        ...

    def session(self) -> AbstractAsyncContextManager[MailSession]:
        """Connect; raises `ProviderAway`."""
        ...
