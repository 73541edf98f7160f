"""The unit of work of payment: one transaction over orders, attempts and money.

Whatever changes a state here announces it in the same breath; nothing else may.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

import structlog

from chassis.clock import uuid7
from chassis.work import Transaction, Work
from motcua_contracts.envelope import Event, EventData
from motcua_contracts.types import ObligationKind
from payment import facts, metrics
from payment.advancement import next_redrive
from payment.domain import (
    OrderLine,
    OrderState,
    OrderStep,
    RefundReason,
    SuspenseReason,
    step_order,
)
from payment.models import (
    Door,
    GatewayTransaction,
    Order,
    Receipt,
    Refund,
    UncoveredObligation,
)
from payment.ports import GatewayStatement
from payment.receipts import CollectingAgency, ReceiptFacts, ReceiptLine, receipt_serial, render
from payment.repository import (
    Attempts,
    Dossiers,
    Notifications,
    Obligations,
    Orders,
    Receipts,
    Refunds,
    Transactions,
    Uncovered,
)

log = structlog.stdlib.get_logger(__name__)

_LINE_NAMES = {
    ObligationKind.CHARGE: "Phí giải quyết thủ tục hành chính",
    ObligationKind.FEE: "Lệ phí giải quyết thủ tục hành chính",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is laid down about collecting money, the same for every unit of work."""

    agency: CollectingAgency
    receipt_template: str
    receipt_serials: Mapping[ObligationKind, str]
    gateways: tuple[str, ...]
    shortest_order: timedelta
    first_query: timedelta
    query_pause: timedelta = timedelta(seconds=10)
    progress_grace: timedelta = timedelta(minutes=10)
    """How long a paid dossier may take to go on before anybody wonders."""


class PaymentWork(Work):
    """Locks go from the dossier down, so that whatever concerns one dossier's money takes turns."""

    def __init__(self, transaction: Transaction, *, terms: Terms) -> None:
        super().__init__(transaction)
        self.terms = terms
        self.dossiers = self.repository(Dossiers)
        self.orders = self.repository(Orders)
        self.obligations = self.repository(Obligations)
        self.uncovered = self.repository(Uncovered)
        self.attempts = self.repository(Attempts)
        self.transactions = self.repository(Transactions)
        self.refunds = self.repository(Refunds)
        self.receipts = self.repository(Receipts)
        self.notifications = self.repository(Notifications)
        self._uncovered: list[UncoveredObligation] = []

    async def preload(self, events: Sequence[Event[EventData]]) -> None:
        dossiers = {event.subject for event in events}
        await self.dossiers.load(dossiers)
        await self.orders.load_of(dossiers)
        await self.obligations.load_of(dossiers)

    def open(self, order: Order) -> None:
        self.orders.add(order)
        self.announce(facts.requested(order, self.terms.gateways))
        self.count(metrics.ORDERS.labels(order.state))

    def move(self, order: Order, step: OrderStep) -> None:
        """Take a step of the transition table; a step that changes nothing is none."""
        state = step_order(order.state, step)
        if state is not order.state:
            order.state, order.ended_at = state, self.now
            self._await_progress(order)
            self.count(metrics.ORDERS.labels(state))

    def _await_progress(self, order: Order) -> None:
        """A dossier goes on once it is paid, unless it ended."""
        paid, grace = order.state is OrderState.PAID, self.terms.progress_grace
        order.awaited_since = self.now if paid else None
        order.next_redrive_at = next_redrive(self.now, redrives=0, grace=grace) if paid else None

    def went_on(self, order: Order) -> None:
        """The money had its effect: nobody waits for that any more."""
        order.awaited_since = order.next_redrive_at = None

    def book(self, statement: GatewayStatement, *, door: Door) -> GatewayTransaction:
        """Put money on the books. Its transaction is unique there: a race for it is an error."""
        if statement.transaction_id is None or statement.amount is None:
            raise ValueError("a payment without transaction or amount")
        money = GatewayTransaction(
            id=str(uuid7()),
            gateway=statement.gateway,
            transaction_id=statement.transaction_id,
            amount=statement.amount,
            paid_at=statement.paid_at or self.now,
            booked_at=self.now,
            door=door,
        )
        self.transactions.add(money)
        return money

    def uncover(self, obligation: UncoveredObligation) -> None:
        """A dossier went on without our having been paid: it is kept, and told."""
        self.uncovered.add(obligation)
        self._uncovered.append(obligation)

    def committed(self) -> None:
        """Count what is now true, and name progress without money."""
        super().committed()
        for obligation in self._uncovered:
            log.error(
                "progress without money",
                dossier_id=obligation.dossier_id,
                order_id=obligation.order_id,
                obligation_id=obligation.id,
            )

    async def settle(self, order: Order, money: GatewayTransaction) -> None:
        """The money pays the order, with all that it asks for, and gets its receipts."""
        money.amount, money.suspended_for = order.amount, None
        self.move(order, OrderStep.PAY)
        paid = {line["obligation_id"] for line in order.lines}
        for obligation in await self.obligations.of(order.dossier_id):
            if obligation.id in paid:
                obligation.settled_by = order.id
        self.announce(facts.succeeded(order, money))
        payable = [line for line in order.lines if line["amount"]]
        for kind, lines in groupby(sorted(payable, key=_kind), key=_kind):
            await self._issue_receipt(order, money, lines=list(lines), kind=kind)

    def suspend(
        self, money: GatewayTransaction, reason: SuspenseReason, *, order: Order | None
    ) -> None:
        """Money that fits no open order waits where everybody can see it."""
        money.suspended_for = reason
        self.announce(facts.suspended(money, reason, order))
        self.count(metrics.SUSPENDED.labels(money.gateway, reason))

    def request_refund(
        self, order: Order, money: GatewayTransaction, *, reason: RefundReason
    ) -> None:
        """Money is to go back to the payer; the treasury carries it out."""
        refund = Refund(
            id=str(uuid7()),
            order_id=order.id,
            money_id=money.id,
            amount=money.amount,
            reason=reason,
            requested_at=self.now,
        )
        self.refunds.add(refund)
        self.announce(facts.refund_requested(order, money, refund_id=refund.id, reason=reason))
        self.count(metrics.REFUNDS.labels(reason))

    async def _issue_receipt(
        self,
        order: Order,
        money: GatewayTransaction,
        *,
        lines: Sequence[OrderLine],
        kind: ObligationKind,
    ) -> None:
        """Phí and lệ phí have receipts of their own, each numbered in its own series."""
        template = self.terms.receipt_template
        serial = receipt_serial(self.terms.receipt_serials[kind], self.now)
        name = f"{_LINE_NAMES[kind]} {order.procedure_code}"
        described = ReceiptFacts(
            template=template,
            serial=serial,
            number=await self.receipts.next_number(template, serial),
            agency=self.terms.agency,
            dossier_code=order.dossier_code,
            lines=[ReceiptLine(name=name, amount=line["amount"]) for line in lines],
            gateway=money.gateway,
            transaction_id=money.transaction_id,
            paid_at=money.paid_at,
        )
        receipt = _receipt(described, order_id=order.id, kind=kind, issued_at=self.now)
        self.receipts.add(receipt)
        self.announce(facts.receipt_issued(order, receipt))
        self.count(metrics.RECEIPTS.labels(serial))


def _kind(line: OrderLine) -> ObligationKind:
    return ObligationKind(line["kind"])


def _receipt(
    described: ReceiptFacts, *, order_id: str, kind: ObligationKind, issued_at: datetime
) -> Receipt:
    rendered = render(described)
    return Receipt(
        id=str(uuid7()),
        order_id=order_id,
        kind=kind,
        template=described.template,
        serial=described.serial,
        number=described.number,
        amount=described.total,
        document=rendered.document,
        sha256=rendered.sha256,
        issued_at=issued_at,
    )
