"""The facts that payment announces, each from the rows it is about. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from typing_extensions import TypedDict

from motcua_contracts.payment import (
    PaymentAttemptFailed,
    PaymentExpired,
    PaymentReceiptIssued,
    PaymentRefundRequested,
    PaymentRequested,
    PaymentSucceeded,
    PaymentSuspended,
)
from motcua_contracts.types import Dong, ObligationKind
from payment.domain import RefundReason, SuspenseReason


class OrderLine(TypedDict):
    """One obligation as its order asks for it: fixed when the order opens."""

    obligation_id: str
    kind: ObligationKind
    amount: Dong


class Order(Protocol):
    """What the facts say of an order."""

    @property
    def id(self) -> str: ...
    @property
    def dossier_id(self) -> str: ...
    @property
    def dossier_code(self) -> str: ...
    @property
    def amount(self) -> Dong: ...
    @property
    def lines(self) -> Sequence[OrderLine]: ...
    @property
    def expires_at(self) -> datetime: ...


class Money(Protocol):
    """What the facts say of a gateway's transaction."""

    @property
    def id(self) -> str: ...
    @property
    def gateway(self) -> str: ...
    @property
    def transaction_id(self) -> str: ...
    @property
    def amount(self) -> Dong: ...
    @property
    def paid_at(self) -> datetime: ...


class Receipt(Protocol):
    """What the facts say of a receipt."""

    @property
    def id(self) -> str: ...
    @property
    def template(self) -> str: ...
    @property
    def serial(self) -> str: ...
    @property
    def number(self) -> int: ...
    @property
    def sha256(self) -> str: ...
    @property
    def amount(self) -> Dong: ...
    @property
    def issued_at(self) -> datetime: ...


class Attempt(Protocol):
    """What the facts say of an attempt."""

    @property
    def id(self) -> str: ...
    @property
    def gateway(self) -> str: ...


def requested(order: Order, gateways: Sequence[str]) -> PaymentRequested:
    return PaymentRequested(
        dossier_id=order.dossier_id,
        dossier_code=order.dossier_code,
        order_id=order.id,
        amount=order.amount,
        obligation_ids=_obligations(order),
        expires_at=order.expires_at,
        gateways=tuple(gateways),
    )


def succeeded(order: Order, money: Money) -> PaymentSucceeded:
    return PaymentSucceeded(
        dossier_id=order.dossier_id,
        dossier_code=order.dossier_code,
        order_id=order.id,
        obligation_ids=_obligations(order),
        amount=money.amount,
        gateway=money.gateway,
        gateway_transaction_id=money.transaction_id,
        paid_at=money.paid_at,
    )


def attempt_failed(order: Order, attempt: Attempt, response_code: str) -> PaymentAttemptFailed:
    return PaymentAttemptFailed(
        dossier_id=order.dossier_id,
        dossier_code=order.dossier_code,
        order_id=order.id,
        attempt_id=attempt.id,
        gateway=attempt.gateway,
        response_code=response_code,
    )


def expired(order: Order) -> PaymentExpired:
    return PaymentExpired(
        dossier_id=order.dossier_id, dossier_code=order.dossier_code, order_id=order.id
    )


def receipt_issued(order: Order, receipt: Receipt) -> PaymentReceiptIssued:
    return PaymentReceiptIssued(
        dossier_id=order.dossier_id,
        dossier_code=order.dossier_code,
        order_id=order.id,
        receipt_id=receipt.id,
        template=receipt.template,
        serial=receipt.serial,
        number=receipt.number,
        sha256=receipt.sha256,
        amount=receipt.amount,
        issued_at=receipt.issued_at,
    )


def suspended(money: Money, reason: SuspenseReason, order: Order | None) -> PaymentSuspended:
    return PaymentSuspended(
        suspense_id=money.id,
        gateway=money.gateway,
        gateway_transaction_id=money.transaction_id,
        amount=money.amount,
        reason_code=reason,
        dossier_id=order.dossier_id if order else None,
        order_id=order.id if order else None,
    )


def refund_requested(
    order: Order, money: Money, *, refund_id: str, reason: RefundReason
) -> PaymentRefundRequested:
    return PaymentRefundRequested(
        dossier_id=order.dossier_id,
        dossier_code=order.dossier_code,
        order_id=order.id,
        refund_id=refund_id,
        amount=money.amount,
        reason_code=reason,
    )


def _obligations(order: Order) -> tuple[str, ...]:
    return tuple(line["obligation_id"] for line in order.lines)
