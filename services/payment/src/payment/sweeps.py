"""What time triggers: questions to gateways, the end of orders, and money that met no order."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from chassis.app import Service
from chassis.failpoints import failpoint
from chassis.sweeps import Sweep
from payment import facts
from payment.domain import OrderStep, SuspenseReason, may_expire
from payment.inquiries import Inquiries
from payment.models import Door, GatewayNotification
from payment.ports import GatewayOutcome, GatewayStatement
from payment.redrives import Redrives
from payment.work import PaymentWork

AT_ONCE = 100
_FIRST = str(UUID(int=0))
STRAY_AFTER = timedelta(hours=1)
UNPROVEN_KEPT = timedelta(days=30)


def sweeps(service: Service[PaymentWork], inquiries: Inquiries) -> Sequence[Sweep]:
    redrives = Redrives(service)
    return (
        Sweep("ask the gateways", timedelta(seconds=15), inquiries.ask_due),
        Sweep("expire orders", timedelta(seconds=30), lambda: expire_orders(service)),
        Sweep("find stray money", timedelta(minutes=10), lambda: suspend_strays(service)),
        Sweep("redrive paid dossiers", timedelta(seconds=10), redrives.redrive_due),
        Sweep("compare money and progress", timedelta(seconds=10), redrives.measure),
        Sweep("purge the journal", timedelta(hours=6), lambda: purge_journal(service)),
    )


async def expire_orders(service: Service[PaymentWork]) -> int:
    """End the orders whose time is up. The gateways were asked first: an attempt that is not
    decided holds its order open, and every attempt is asked about until it is.
    """
    expired, after = 0, _FIRST
    while overdue := await _overdue(after, service):
        expired += sum([await _expire(order_id, service) for order_id in overdue])
        after = overdue[-1]
    return expired


async def _overdue(after: str, service: Service[PaymentWork]) -> list[str]:
    async with service.transaction() as work:
        return await work.orders.overdue(work.now, after=after, limit=AT_ONCE)


async def _expire(order_id: str, service: Service[PaymentWork]) -> bool:
    async with service.transaction() as work:
        await work.dossiers.find(await work.orders.dossier_of(order_id))
        order = await work.orders.get(order_id)
        undecided = await work.attempts.undecided(order_id)
        if not may_expire(order, undecided, work.now):
            return False
        work.move(order, OrderStep.EXPIRE)
        work.announce(facts.expired(order))
        await failpoint("payment.before-expire")
    await failpoint("payment.after-expire")
    return True


async def suspend_strays(service: Service[PaymentWork]) -> int:
    """Put verified money for no order of ours into suspense, once the gateway stopped repeating."""
    async with service.transaction() as work:
        strays = await work.notifications.strays(work.now - STRAY_AFTER, limit=AT_ONCE)
        once = {(stray.gateway, stray.transaction_id): stray for stray in strays}
        for stray in once.values():
            money = work.book(_statement(stray), door=Door.NOTIFICATION)
            work.suspend(money, SuspenseReason.UNKNOWN_ORDER, order=None)
        if once:
            await failpoint("payment.before-suspend")
    if once:
        await failpoint("payment.after-suspend")
    return len(once)


async def purge_journal(service: Service[PaymentWork]) -> int:
    """In portions: whoever floods us with forgeries must not make one that takes too long."""
    purged = 0
    while portion := await _purge(service):
        purged += portion
    return purged


async def _purge(service: Service[PaymentWork]) -> int:
    async with service.transaction() as work:
        return await work.notifications.purge_unproven(work.now - UNPROVEN_KEPT, limit=AT_ONCE)


def _statement(stray: GatewayNotification) -> GatewayStatement:
    return GatewayStatement(
        gateway=stray.gateway,
        reference=stray.reference or "",
        outcome=GatewayOutcome.PAID,
        amount=stray.amount,
        transaction_id=stray.transaction_id,
        paid_at=stray.paid_at,
    )
