"""The facts that payment announces, each from the rows it is about."""

from collections.abc import Sequence

from motcua_contracts.payment import (
    PaymentAttemptFailed,
    PaymentExpired,
    PaymentReceiptIssued,
    PaymentRefundRequested,
    PaymentRequested,
    PaymentSucceeded,
    PaymentSuspended,
)
from payment.domain import RefundReason, SuspenseReason
from payment.models import Attempt, GatewayTransaction, Order, Receipt


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


def succeeded(order: Order, money: GatewayTransaction) -> PaymentSucceeded:
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


def suspended(
    money: GatewayTransaction, reason: SuspenseReason, order: Order | None
) -> PaymentSuspended:
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
    order: Order, money: GatewayTransaction, *, refund_id: str, reason: RefundReason
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
