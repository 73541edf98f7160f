"""Money without progress is found, told, and the dossier's facts are sent again.

What leaves are the records that left before, byte for byte, all of the dossier and in their order.
They come from the event log, so no sequence is given twice and the hash chain is not touched.
Readers know them by their ids; whoever missed one has it now.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime

import structlog

from chassis.app import Service
from chassis.failpoints import failpoint
from chassis.kafka import abandon, producer, within
from chassis.metrics import tell_age
from chassis.relay import content
from motcua_contracts.topics import PAYMENT_EVENTS
from payment import metrics
from payment.advancement import is_hopeless, next_redrive
from payment.models import Order
from payment.work import PaymentWork

AT_ONCE = 100

_PUBLISHED = """
SELECT subject, headers::text, value FROM event_log
WHERE topic = $1 AND subject = ANY ($2::text[]) ORDER BY subject, sequence
"""

log = structlog.stdlib.get_logger(__name__)


class Redrives:
    """The paid orders of one service whose dossiers do not go on."""

    def __init__(self, service: Service[PaymentWork]) -> None:
        self._service = service

    async def redrive_due(self) -> int:
        """Send again what is due, and give up what was sent often enough; gives back how many
        dossiers were sent.
        """
        sent = 0
        while orders := await self._take_due():
            dossiers = sorted({order.dossier_id for order in orders if order.next_redrive_at})
            await self._send_again(dossiers)
            sent += len(dossiers)
        return sent

    async def measure(self) -> None:
        """Set the gauges of what is found."""
        async with self._service.transaction() as work:
            awaited = await work.orders.count_awaited(work.now)
            uncovered = await work.uncovered.open()
        metrics.MONEY_WITHOUT_PROGRESS.labels("repeated").set(awaited.repeated)
        metrics.MONEY_WITHOUT_PROGRESS.labels("given-up").set(awaited.given_up)
        tell_age(metrics.MONEY_WITHOUT_PROGRESS_SECONDS, _age(awaited.oldest, work.now))
        metrics.PROGRESS_WITHOUT_MONEY.set(len(uncovered))
        oldest = uncovered[0].heard_at if uncovered else None
        tell_age(metrics.PROGRESS_WITHOUT_MONEY_SECONDS, _age(oldest, work.now))

    async def _take_due(self) -> list[Order]:
        """Settle when each is looked at next before sending: after a crash it is sent again."""
        async with self._service.transaction() as work:
            orders = await work.orders.to_redrive(work.now, limit=AT_ONCE)
            for order in orders:
                _take(order, work)
            if orders:
                await failpoint("payment.before-redrive")
        for order in orders:
            _tell(order)
        return orders

    async def _send_again(self, dossiers: Sequence[str]) -> None:
        if not dossiers:
            return
        async with self._service.database.engine.connect() as connection:
            asked = (PAYMENT_EVENTS.name, list(dossiers))
            published = (await connection.exec_driver_sql(_PUBLISHED, asked)).mappings().all()
        sender = producer(self._service.settings.kafka, client_id=self._service.name)
        try:
            await within(sender.start())
            await failpoint("payment.before-resend")
            sending = [
                await within(sender.send(PAYMENT_EVENTS.name, **content(dict(row))))
                for row in published
            ]
            await within(asyncio.gather(*sending))
            await failpoint("payment.after-resend")
        finally:
            await abandon(sender)
        metrics.REDRIVES.inc(len(dossiers))


def _take(order: Order, work: PaymentWork) -> None:
    if is_hopeless(order.redrives):
        order.next_redrive_at = None
        return
    order.redrives += 1
    grace = work.terms.progress_grace
    order.next_redrive_at = next_redrive(work.now, redrives=order.redrives, grace=grace)


def _tell(order: Order) -> None:
    """Name the order: without this line nobody would know whom it concerns."""
    line = log.bind(dossier_id=order.dossier_id, order_id=order.id, attempts=order.redrives)
    if order.next_redrive_at:
        line.warning("money without progress: the facts of the dossier are sent again")
    else:
        line.error("money without progress: sent often enough, somebody has to look")


def _age(since: datetime | None, now: datetime) -> float:
    return (now - since).total_seconds() if since else 0
