"""Notifications of gateways (IPN): verified, journaled and answered, in this order.

The answer leaves only after the commit: what was answered with "accepted" is on the books.
"""

import structlog

from chassis.app import Service
from chassis.clock import uuid7
from chassis.failpoints import failpoint
from payment import metrics
from payment.models import Door, GatewayNotification
from payment.ports import GatewayStatement, PaymentGateway, Reception, RefusedNotification
from payment.settlement import record_statement
from payment.work import PaymentWork

log = structlog.stdlib.get_logger(__name__)


async def receive(
    raw_query: bytes, gateway: PaymentGateway, service: Service[PaymentWork]
) -> Reception:
    """Take a notification as it came; gives back what to answer. Never raises for what was sent."""
    try:
        reception = await _receive(raw_query, gateway, service)
    except Exception as error:  # whatever it is, the gateway has to notify again
        log.exception(
            "a notification was not kept", gateway=gateway.name, error=type(error).__name__
        )
        reception = Reception.FAILED
    await failpoint("payment.before-ipn-answer")
    metrics.NOTIFICATIONS.labels(gateway.name, reception).inc()
    return reception


async def _receive(
    raw_query: bytes, gateway: PaymentGateway, service: Service[PaymentWork]
) -> Reception:
    try:
        statement = gateway.parse_notification(raw_query)
    except RefusedNotification as refusal:
        async with service.request() as work:
            entry = _entry(raw_query, gateway, refusal.reception, work=work)
            entry.reason = refusal.reason
        return refusal.reception
    async with service.request() as work:
        reception = await record_statement(statement, work, door=Door.NOTIFICATION)
        _describe(_entry(raw_query, gateway, reception, work=work), statement)
    return reception


def _entry(
    raw_query: bytes, gateway: PaymentGateway, reception: Reception, *, work: PaymentWork
) -> GatewayNotification:
    entry = GatewayNotification(
        id=str(uuid7()),
        gateway=gateway.name,
        received_at=work.now,
        raw=gateway.redact(raw_query),
        reception=reception,
    )
    work.notifications.add(entry)
    return entry


def _describe(entry: GatewayNotification, statement: GatewayStatement) -> None:
    entry.outcome = statement.outcome
    entry.reference = statement.reference
    entry.transaction_id = statement.transaction_id
    entry.amount = statement.amount
    entry.paid_at = statement.paid_at
