"""What payment asks of a gateway, and what a gateway may state.

A statement carries the same facts whichever door it came in by (notification, return, query), so
one rule in `domain` decides about all of them.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from motcua_contracts.types import Dong


class Language(StrEnum):
    VIETNAMESE = "vi"
    ENGLISH = "en"


class GatewayOutcome(StrEnum):
    """What a gateway says has become of one attempt."""

    PAID = "paid"
    FAILED = "failed"
    PENDING = "pending"  # it knows the attempt and has not decided
    NOT_FOUND = "not-found"  # nobody ever opened its payment page
    UNKNOWN = "unknown"  # no answer, or none that can be trusted: says nothing about the money


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayStatement:
    """One verified statement of a gateway about the attempt with our `reference`.

    `transaction_id` and `amount` are there whenever the outcome is PAID; `code` is the gateway's
    own word.
    """

    gateway: str
    reference: str
    outcome: GatewayOutcome
    code: str = ""
    amount: Dong | None = None
    transaction_id: str | None = None
    paid_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentPage:
    """What a gateway needs to know to let somebody pay one attempt."""

    reference: str
    amount: Dong
    description: str
    started_at: datetime
    expires_at: datetime
    payer_address: str
    language: Language = Language.VIETNAMESE


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAttempt:
    """What a gateway needs to know to answer a query about one attempt."""

    reference: str
    started_at: datetime
    expires_at: datetime


class Reception(StrEnum):
    """What became of a notification; each gateway has its own words to answer with."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"
    UNKNOWN_ORDER = "unknown-order"
    WRONG_AMOUNT = "wrong-amount"
    UNVERIFIED = "unverified"
    UNREADABLE = "unreadable"
    FAILED = "failed"


class RefusedNotification(Exception):  # noqa: N818 - the field's word
    """A notification that must not be acted on; `reason` is for the journal, not the sender."""

    reception: Reception

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason: str = reason


class UnverifiedNotification(RefusedNotification):
    """Nothing proves that it comes from the gateway."""

    reception = Reception.UNVERIFIED


class ForeignNotification(RefusedNotification):
    """Truly the gateway's, but about another merchant's terminal: no order of ours."""

    reception = Reception.UNKNOWN_ORDER


class UnreadableNotification(RefusedNotification):
    """Truly the gateway's, but a field is missing or is not what its specification says."""

    reception = Reception.UNREADABLE


class PaymentGateway(Protocol):
    """One outside provider. Nothing here touches our database."""

    @property
    def name(self) -> str:
        """The name in URLs, rows and events, for example `vnpay`."""
        ...

    def takes(self, amount: Dong) -> bool:
        """Whether one payment can be of this amount."""
        ...

    def pay_url(self, page: PaymentPage) -> str:
        """The signed address that the payer's browser opens."""
        ...

    def parse_notification(self, raw_query: bytes) -> GatewayStatement:
        """Verify a notification or a return as received; raises `RefusedNotification`."""
        ...

    def redact(self, raw_query: bytes) -> str:
        """The notification as the journal keeps it: without the signature, of bounded length."""
        ...

    def answer(self, reception: Reception) -> dict[str, str]:
        """The body that tells the gateway whether to notify again."""
        ...

    def explain(self, code: str, language: Language) -> str:
        """The gateway's code in words for a citizen."""
        ...

    async def query(self, attempt: OpenAttempt) -> GatewayStatement:
        """Ask the gateway; no answer, or none that can be trusted, is UNKNOWN, never an error."""
        ...
