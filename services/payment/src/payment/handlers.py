"""What happens to orders when a dossier's facts arrive, and when somebody wants to pay."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from chassis.access import Principal, Role
from chassis.clock import uuid7
from chassis.errors import Conflict, NotFound
from motcua_contracts.dossier import (
    DossierPaymentRequired,
    DossierPaymentSettled,
    DossierRefused,
    DossierStopped,
    DossierWithdrawn,
)
from motcua_contracts.dossier import Obligation as Due
from motcua_contracts.envelope import Event, EventData
from payment.advancement import progress
from payment.domain import (
    OrderLine,
    OrderState,
    OrderStep,
    RefundReason,
    Refused,
    attempt_end,
    order_end,
    refuse_attempt,
    unpaid,
)
from payment.models import Attempt, Dossier, Obligation, Order, UncoveredObligation
from payment.ports import PaymentGateway
from payment.work import PaymentWork

ENDED: Mapping[type[EventData], RefundReason] = {
    DossierWithdrawn: RefundReason.DOSSIER_WITHDRAWN,
    DossierRefused: RefundReason.DOSSIER_REFUSED,
    DossierStopped: RefundReason.DOSSIER_STOPPED,
}


class OrderNotOpen(Conflict, vi="Yêu cầu thanh toán đã đóng", en="The order can no longer be paid"):
    """It is paid, expired or closed: read the order to see which."""


class OrderExpiring(Conflict, vi="Đã hết hạn thanh toán", en="The time to pay is over"):
    """No attempt could be finished before the order ends."""


class NothingDue(Conflict, vi="Hồ sơ không còn khoản phải nộp", en="The dossier owes nothing"):
    """It is paid, or over: read its orders to see which."""


class TooManyAttempts(Conflict, vi="Quá nhiều lượt thanh toán", en="Too many attempts to pay"):
    """Finish one of them, or wait until the gateway says what became of them: half an hour."""


class AmountNotTaken(
    Conflict, vi="Cổng thanh toán không nhận số tiền này", en="This way to pay takes no such amount"
):
    """Pay another way, or ask the one-stop office."""


_REFUSALS: Mapping[Refused, type[Conflict]] = {
    Refused.NOT_OPEN: OrderNotOpen,
    Refused.TOO_LATE: OrderExpiring,
    Refused.TOO_MANY: TooManyAttempts,
}


async def handle_payment_required(event: Event[DossierPaymentRequired], work: PaymentWork) -> None:
    """One open order asks for all that is due; what was paid before is not asked for again."""
    dossier = await _dossier_of(event, work)
    if dossier.ended_for:
        return
    settled = await _owe(dossier, event.data.obligations, work)
    due = unpaid(event.data.obligations, settled)
    lines = [_line(obligation) for obligation in sorted(due, key=_obligation_id)]
    for order in await work.orders.of(dossier.id):
        if order.state is OrderState.OPEN and order.lines == lines:
            return
        if order.state is OrderState.OPEN:
            work.move(order, OrderStep.CLOSE)
    if due:
        ends = order_end(due, work.now, at_least=work.terms.shortest_order)
        work.open(_order(dossier, lines, work, expires_at=ends))


async def handle_dossier_ended(
    event: Event[DossierWithdrawn | DossierRefused | DossierStopped], work: PaymentWork
) -> None:
    """Nobody pays for a dossier that is over, and who paid gets the money back."""
    dossier = await work.dossiers.find(event.subject)
    if dossier is None or dossier.ended_for:
        return
    dossier.ended_for = ENDED[type(event.data)]
    for order in await work.orders.of(dossier.id):
        work.move(order, OrderStep.CLOSE)
        if order.state is OrderState.REFUNDING:
            money = await work.transactions.paying(order.id)
            work.request_refund(order, money, reason=dossier.ended_for)


async def handle_payment_settled(event: Event[DossierPaymentSettled], work: PaymentWork) -> None:
    """Paid implies advanced: the dossier goes on, and our books are compared with why."""
    fact = event.data
    await work.dossiers.find(event.subject)
    orders = await work.orders.of(event.subject)
    found = progress(orders, settled_by=fact.order_id, obligation_ids=fact.obligation_ids)
    for order in orders:
        if order.id in found.advanced:
            work.went_on(order)
    for obligation_id in found.unpaid:
        if await work.uncovered.find(obligation_id) is None:
            work.uncover(_uncovered(obligation_id, fact, work))


async def payable_order(dossier_id: str, work: PaymentWork, *, payer: Principal) -> Order:
    """The order that can be paid now. One that ran out unpaid comes anew, for as long as its
    dossier waits for the money: else nothing but withdrawal would lead out of there.
    """
    dossier = visible(await work.dossiers.find(dossier_id), payer)
    newest = next(reversed(await work.orders.of(dossier.id)), None)
    if newest and newest.state is OrderState.OPEN:
        return newest
    if newest is None or newest.state is not OrderState.EXPIRED or dossier.ended_for:
        raise NothingDue
    ends = work.now + work.terms.shortest_order
    renewed = _order(dossier, newest.lines, work, expires_at=ends)
    work.open(renewed)
    return renewed


async def start_attempt(
    order_id: str, work: PaymentWork, *, gateway: PaymentGateway, payer: Principal
) -> Attempt:
    """Let the owner of an order, or an officer at the counter, try to pay it."""
    order = await _locked_order(order_id, payer, work)
    undecided = await work.attempts.undecided(order.id)
    refused = refuse_attempt(order, undecided=len(undecided), now=work.now)
    if refused:
        raise _REFUSALS[refused]
    if not gateway.takes(order.amount):
        raise AmountNotTaken
    attempt_id = uuid7()
    attempt = Attempt(
        id=str(attempt_id),
        order_id=order.id,
        dossier_id=order.dossier_id,
        gateway=gateway.name,
        reference=attempt_id.hex,
        started_at=work.now,
        expires_at=attempt_end(order, work.now),
        next_query_at=work.now + work.terms.first_query,
    )
    work.attempts.add(attempt)
    return attempt


async def _locked_order(order_id: str, payer: Principal, work: PaymentWork) -> Order:
    dossier_id = await work.orders.dossier_of(order_id)
    visible(await work.dossiers.find(dossier_id) if dossier_id else None, payer)
    return await work.orders.get(order_id)


def visible(dossier: Dossier | None, reader: Principal) -> Dossier:
    """The dossier, to its applicant and to officers of the office that took it in; nobody else
    learns that it owes anything.
    """
    if dossier is None or not (reader.owns(dossier.applicant_id) or _takes_in(reader, dossier)):
        raise NotFound
    return dossier


def _takes_in(reader: Principal, dossier: Dossier) -> bool:
    agency = dossier.intake_agency
    return agency is not None and Role.OFFICER in reader.roles and reader.serves(agency)


async def _dossier_of(event: Event[DossierPaymentRequired], work: PaymentWork) -> Dossier:
    dossier = await work.dossiers.find(event.subject)
    if dossier is None:
        dossier = Dossier(
            id=event.subject,
            code=event.data.code,
            procedure_code=event.data.procedure_code,
            applicant_id=event.data.applicant_id,
            intake_agency=event.data.intake_agency,
        )
        work.dossiers.add(dossier)
    return dossier


async def _owe(dossier: Dossier, required: Sequence[Due], work: PaymentWork) -> set[str]:
    """Note what is due, with its newest amount; gives back which obligations are settled."""
    known = {row.id: row for row in await work.obligations.of(dossier.id)}
    for due in required:
        row = known.get(due.obligation_id)
        if row is None:
            row = _obligation(dossier, due)
            work.obligations.add(row)
            known[row.id] = row
        elif row.settled_by is None:
            row.amount, row.due_at = due.amount, due.due_at
            row.exemption_ground = due.exemption_ground
    return {row.id for row in known.values() if row.settled_by}


def _obligation(dossier: Dossier, due: Due) -> Obligation:
    return Obligation(
        id=due.obligation_id,
        dossier_id=dossier.id,
        kind=due.kind,
        amount=due.amount,
        due_at=due.due_at,
        exemption_ground=due.exemption_ground,
    )


def _uncovered(
    obligation_id: str, fact: DossierPaymentSettled, work: PaymentWork
) -> UncoveredObligation:
    return UncoveredObligation(
        id=obligation_id,
        dossier_id=fact.dossier_id,
        dossier_code=fact.code,
        order_id=fact.order_id,
        heard_at=work.now,
    )


def _obligation_id(due: Due) -> str:
    return due.obligation_id


def _line(due: Due) -> OrderLine:
    return {"obligation_id": due.obligation_id, "kind": due.kind, "amount": due.amount}


def _order(
    dossier: Dossier, lines: Sequence[OrderLine], work: PaymentWork, *, expires_at: datetime
) -> Order:
    return Order(
        id=str(uuid7()),
        dossier_id=dossier.id,
        dossier_code=dossier.code,
        procedure_code=dossier.procedure_code,
        amount=sum(line["amount"] for line in lines),
        lines=[*lines],
        opened_at=work.now,
        expires_at=expires_at,
    )
