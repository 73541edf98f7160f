"""Events of payment (thanh toán), published by payment on `motcua.payment.events.v1`."""

from typing import Annotated, ClassVar

from pydantic import Field

from motcua_contracts.envelope import AboutDossier, EventData
from motcua_contracts.topics import PAYMENT_EVENTS, Topic
from motcua_contracts.types import (
    Code,
    Dong,
    DossierCode,
    DossierId,
    GatewayCode,
    ReasonCode,
    Reference,
    Sha256,
    UtcDatetime,
    Uuid,
)

Price = Annotated[Dong, Field(gt=0)]


class PaymentEvent(AboutDossier):
    """What every fact about a payment order says."""

    topic: ClassVar[Topic | None] = PAYMENT_EVENTS

    dossier_code: DossierCode
    """Code of the dossier (mã hồ sơ)."""
    order_id: Uuid
    """Identity of the payment order."""


class PaymentRequested(PaymentEvent):
    """An order is open and can be paid."""

    type: ClassVar[str] = "vn.motcua.payment.requested.v1"

    amount: Price
    """Amount in đồng."""
    obligation_ids: Annotated[tuple[Uuid, ...], Field(min_length=1)]
    """Obligations that it settles."""
    expires_at: UtcDatetime
    """Until when it can be paid."""
    gateways: Annotated[tuple[GatewayCode, ...], Field(min_length=1)]
    """Ways to pay it."""


class PaymentSucceeded(PaymentEvent):
    """The order is paid, by a call or answer of the gateway that was verified server to server."""

    type: ClassVar[str] = "vn.motcua.payment.succeeded.v1"

    obligation_ids: Annotated[tuple[Uuid, ...], Field(min_length=1)]
    """Obligations that are settled."""
    amount: Price
    """Amount paid in đồng."""
    gateway: GatewayCode
    """Way it was paid."""
    gateway_transaction_id: Reference
    """Transaction number of the gateway."""
    paid_at: UtcDatetime
    """When it was paid, as the gateway says."""


class PaymentAttemptFailed(PaymentEvent):
    """One try to pay did not succeed; the order stays open."""

    type: ClassVar[str] = "vn.motcua.payment.attempt-failed.v1"

    attempt_id: Uuid
    """Identity of the attempt."""
    gateway: GatewayCode
    """Way it was tried."""
    response_code: Code
    """Code of the gateway, from its own list."""


class PaymentExpired(PaymentEvent):
    """The order can no longer be paid; the gateway was asked first. Another may follow it."""

    type: ClassVar[str] = "vn.motcua.payment.expired.v1"


class PaymentReceiptIssued(PaymentEvent):
    """A numbered receipt exists (biên lai điện tử; NĐ 123/2020 amended by NĐ 70/2025)."""

    type: ClassVar[str] = "vn.motcua.payment.receipt-issued.v1"

    receipt_id: Uuid
    """Identity of the receipt; its file is fetched from payment over HTTP."""
    template: Code
    """Template (mẫu số), such as `01BLP0-001`."""
    serial: Code
    """Serial (ký hiệu), such as `BI-23T`."""
    number: Annotated[int, Field(ge=1)]
    """Number within template and serial (số biên lai), without gaps."""
    sha256: Sha256
    """Digest of the file."""
    amount: Price
    """Amount in đồng."""
    issued_at: UtcDatetime
    """When it was issued."""


class PaymentSuspended(EventData):
    """Money came that fits no order, and waits for a decision (treo chờ xử lý).

    Reasons in use: `unknown-order`, `amount-differs`, `order-expired`, `order-closed`,
    `already-paid`. About the dossier when it is known; otherwise the suspense entry itself is the
    subject and the key.
    """

    type: ClassVar[str] = "vn.motcua.payment.suspended.v1"
    topic: ClassVar[Topic | None] = PAYMENT_EVENTS

    suspense_id: Uuid
    """Identity of the suspense entry."""
    gateway: GatewayCode
    """Where the money came in."""
    gateway_transaction_id: Reference
    """Transaction number of the gateway."""
    amount: Dong
    """Amount in đồng, as the gateway says."""
    reason_code: ReasonCode
    """Why it fits no order."""
    dossier_id: DossierId | None = None
    """Dossier it was meant for, when that is known."""
    order_id: Uuid | None = None
    """Order it was meant for, when that is known."""

    @property
    def subject(self) -> str:
        """The dossier's id when it is known, else the suspense entry's id."""
        return self.dossier_id or self.suspense_id


class PaymentRefundRequested(PaymentEvent):
    """Money is to go back to the payer (hoàn trả)."""

    type: ClassVar[str] = "vn.motcua.payment.refund-requested.v1"

    refund_id: Uuid
    """Identity of the refund."""
    amount: Price
    """Amount in đồng."""
    reason_code: ReasonCode
    """Why, such as `dossier-withdrawn`."""
