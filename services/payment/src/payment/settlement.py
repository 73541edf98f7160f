"""A gateway's verified statement takes effect: the same rule whichever door it came in by."""

from payment import facts, metrics
from payment.domain import AttemptStep, Decision, asks_on, judge, next_query, step_attempt
from payment.models import Attempt, Door, GatewayTransaction, Order
from payment.ports import GatewayOutcome, GatewayStatement, Reception
from payment.work import PaymentWork


async def record_statement(
    statement: GatewayStatement, work: PaymentWork, *, door: Door
) -> Reception:
    """Decide about a statement, with dossier, order and attempt locked in this order."""
    work.count(metrics.STATEMENTS.labels(statement.gateway, door, statement.outcome))
    place = await work.attempts.place(statement.gateway, statement.reference)
    if place is None:
        return Reception.UNKNOWN_ORDER
    await work.dossiers.get(place.dossier_id)
    order = await work.orders.get(place.order_id)
    attempt = await work.attempts.get(place.attempt_id)
    booked = await _booked(statement, work)
    decision = judge(statement, order, attempt, booked=booked, now=work.now)
    if decision.step:
        attempt.state = step_attempt(attempt.state, decision.step)
        attempt.code = statement.code
    if decision.step in (AttemptStep.FAIL, AttemptStep.LAPSE):
        work.announce(facts.attempt_failed(order, attempt, statement.code))
    elif decision.step:
        money = booked or work.book(statement, door=door)
        money.order_id, money.attempt_id = order.id, attempt.id
        await _place_money(money, decision, order, work=work)
    _schedule(order, attempt, work)
    return decision.reception


async def _booked(statement: GatewayStatement, work: PaymentWork) -> GatewayTransaction | None:
    if statement.outcome is not GatewayOutcome.PAID or statement.transaction_id is None:
        return None
    return await work.transactions.booked(statement.gateway, statement.transaction_id)


async def _place_money(
    money: GatewayTransaction, decision: Decision, order: Order, *, work: PaymentWork
) -> None:
    if decision.suspense:
        work.suspend(money, decision.suspense, order=order)
    else:
        await work.settle(order, money)
    if decision.refund:
        work.request_refund(order, money, reason=decision.refund)


def _schedule(order: Order, attempt: Attempt, work: PaymentWork) -> None:
    """Questions go on only while their answer matters."""
    if not asks_on(order, attempt):
        attempt.next_query_at = None
    elif attempt.next_query_at is None:
        attempt.next_query_at = next_query(
            attempt, work.now, queries=attempt.queries, first=work.terms.first_query
        )
