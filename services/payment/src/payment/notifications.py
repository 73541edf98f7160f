"""Notifications of gateways (IPN): verified, journaled and answered, in this order.

The answer leaves only after the commit: what was answered with "accepted" is on the books.
"""

from collections import Counter
from datetime import datetime

import structlog

from chassis.app import Service
from chassis.clock import uuid7
from chassis.failpoints import failpoint
from payment import metrics
from payment.models import Door, GatewayNotification
from payment.ports import GatewayStatement, PaymentGateway, Reception, RefusedNotification
from payment.settlement import record_statement
from payment.work import PaymentWork

FORGERIES_A_MINUTE = 60
"""Enough to see what comes, not enough to fill a disk; the metric counts them all."""

log = structlog.stdlib.get_logger(__name__)


class Notifications:
    """The notifications that reach one service."""

    def __init__(self, service: Service[PaymentWork]) -> None:
        self._service = service
        self._forgeries = Counter[datetime]()

    async def receive(self, raw_query: bytes, gateway: PaymentGateway) -> Reception:
        """Take a notification as it came; gives back what to answer. Never raises."""
        try:
            reception = await self._receive(raw_query, gateway)
        except Exception as error:  # whatever it is, the gateway has to notify again
            why = type(error).__name__
            log.exception("a notification was not kept", gateway=gateway.name, error=why)
            reception = Reception.FAILED
        await failpoint("payment.before-ipn-answer")
        metrics.NOTIFICATIONS.labels(gateway.name, reception).inc()
        return reception

    async def _receive(self, raw_query: bytes, gateway: PaymentGateway) -> Reception:
        try:
            statement = gateway.parse_notification(raw_query)
        except RefusedNotification as refusal:
            if refusal.reception is not Reception.UNVERIFIED or self._has_room():
                async with self._service.request() as work:
                    entry = _entry(raw_query, gateway, refusal.reception, work=work)
                    entry.reason = refusal.reason
            return refusal.reception
        async with self._service.request() as work:
            reception = await record_statement(statement, work, door=Door.NOTIFICATION)
            _describe(_entry(raw_query, gateway, reception, work=work), statement)
            await failpoint("payment.before-ipn-commit")
        return reception

    def _has_room(self) -> bool:
        """Whether one more forgery is journaled this minute: anybody can send them."""
        minute = self._service.clock().replace(second=0, microsecond=0)
        self._forgeries = Counter({minute: self._forgeries[minute] + 1})
        return self._forgeries[minute] <= FORGERIES_A_MINUTE


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
