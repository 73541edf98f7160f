"""Orders, attempts and money: the states, the transition tables, and the rules. Pure.

A dossier owes obligations (phí, lệ phí). One open order asks for all of them that are unpaid; any
number of attempts may try to pay it; a gateway's verified statement decides. Money that fits no
open order is never refused and never forgotten: it goes to suspense (treo chờ xử lý).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from typing_extensions import TypedDict

from motcua_contracts.dossier import Obligation
from motcua_contracts.types import Dong, ObligationKind
from payment.ports import GatewayOutcome, GatewayStatement, Reception


class OrderState(StrEnum):
    OPEN = "open"
    PAID = "paid"
    EXPIRED = "expired"
    CLOSED = "closed"  # the dossier is over, or a newer order asks for what is due
    REFUNDING = "refunding"  # paid, and the dossier ended without us having earned the money


class OrderStep(StrEnum):
    PAY = "pay"
    EXPIRE = "expire"
    CLOSE = "close"


class AttemptState(StrEnum):
    STARTED = "started"
    PAID = "paid"
    FAILED = "failed"
    LAPSED = "lapsed"  # nobody opened the payment page while it could be paid
    SUSPENDED = "suspended"  # its money lies in suspense


class AttemptStep(StrEnum):
    SETTLE = "settle"
    SUSPEND = "suspend"
    FAIL = "fail"
    LAPSE = "lapse"


# A cell that is not here changes nothing. Failed and lapsed are not final: money is money.
ORDER_TRANSITIONS: Mapping[tuple[OrderState, OrderStep], OrderState] = MappingProxyType(
    {
        (OrderState.OPEN, OrderStep.PAY): OrderState.PAID,
        (OrderState.OPEN, OrderStep.EXPIRE): OrderState.EXPIRED,
        (OrderState.OPEN, OrderStep.CLOSE): OrderState.CLOSED,
        (OrderState.PAID, OrderStep.CLOSE): OrderState.REFUNDING,
    }
)
ATTEMPT_TRANSITIONS: Mapping[tuple[AttemptState, AttemptStep], AttemptState] = MappingProxyType(
    {
        (AttemptState.STARTED, AttemptStep.SETTLE): AttemptState.PAID,
        (AttemptState.STARTED, AttemptStep.SUSPEND): AttemptState.SUSPENDED,
        (AttemptState.STARTED, AttemptStep.FAIL): AttemptState.FAILED,
        (AttemptState.STARTED, AttemptStep.LAPSE): AttemptState.LAPSED,
        (AttemptState.FAILED, AttemptStep.SETTLE): AttemptState.PAID,
        (AttemptState.FAILED, AttemptStep.SUSPEND): AttemptState.SUSPENDED,
        (AttemptState.LAPSED, AttemptStep.SETTLE): AttemptState.PAID,
        (AttemptState.LAPSED, AttemptStep.SUSPEND): AttemptState.SUSPENDED,
        (AttemptState.SUSPENDED, AttemptStep.SETTLE): AttemptState.PAID,
    }
)


class SuspenseReason(StrEnum):
    """Why money fits no order; the contract's reason codes."""

    UNKNOWN_ORDER = "unknown-order"
    AMOUNT_DIFFERS = "amount-differs"
    ORDER_EXPIRED = "order-expired"
    ORDER_CLOSED = "order-closed"
    ALREADY_PAID = "already-paid"


class RefundReason(StrEnum):
    """Why money goes back; the contract's reason codes."""

    ORDER_EXPIRED = "order-expired"
    ORDER_CLOSED = "order-closed"
    ALREADY_PAID = "already-paid"
    DOSSIER_WITHDRAWN = "dossier-withdrawn"
    DOSSIER_REFUSED = "dossier-refused"
    DOSSIER_STOPPED = "dossier-stopped"


# What becomes of the right money for an order that is no longer open.
_LATE: Mapping[OrderState, SuspenseReason] = MappingProxyType(
    {
        OrderState.PAID: SuspenseReason.ALREADY_PAID,
        OrderState.REFUNDING: SuspenseReason.ALREADY_PAID,
        OrderState.EXPIRED: SuspenseReason.ORDER_EXPIRED,
        OrderState.CLOSED: SuspenseReason.ORDER_CLOSED,
    }
)

# Money of a wrong amount waits for the gateway to correct itself or for a person;
# the rest goes back.
_REFUNDED: Mapping[SuspenseReason, RefundReason] = MappingProxyType(
    {
        SuspenseReason.ORDER_EXPIRED: RefundReason.ORDER_EXPIRED,
        SuspenseReason.ORDER_CLOSED: RefundReason.ORDER_CLOSED,
        SuspenseReason.ALREADY_PAID: RefundReason.ALREADY_PAID,
    }
)

UNDECIDED_ATTEMPTS = 10
"""How many attempts of an order may be under way at once: each of them may turn out paid."""
LONGEST_ATTEMPT = timedelta(minutes=15)
SHORTEST_ATTEMPT = timedelta(minutes=1)
AFTER_EXPIRY = timedelta(minutes=15)
"""How long after its end an attempt may still turn out paid: a bank confirms what was typed in."""
LONGEST_DOUBT = timedelta(hours=24)
"""How long an order waits, past its end, for a gateway that gives no clear answer."""


class OrderLine(TypedDict):
    """One obligation as its order asks for it: fixed when the order opens."""

    obligation_id: str
    kind: ObligationKind
    amount: Dong


class Order(Protocol):
    """What the rules look at of an order."""

    @property
    def id(self) -> str: ...
    @property
    def state(self) -> OrderState: ...
    @property
    def amount(self) -> Dong: ...
    @property
    def expires_at(self) -> datetime: ...


class Attempt(Protocol):
    """What the rules look at of an attempt."""

    @property
    def state(self) -> AttemptState: ...
    @property
    def expires_at(self) -> datetime: ...


class Money(Protocol):
    """What the rules look at of a gateway's transaction that is on the books."""

    @property
    def order_id(self) -> str | None: ...
    @property
    def suspended_for(self) -> SuspenseReason | None: ...


def step_order(state: OrderState, step: OrderStep) -> OrderState:
    return ORDER_TRANSITIONS.get((state, step), state)


def step_attempt(state: AttemptState, step: AttemptStep) -> AttemptState:
    return ATTEMPT_TRANSITIONS.get((state, step), state)


def unpaid(required: Sequence[Obligation], settled: Collection[str]) -> list[Obligation]:
    """What an order has to ask for: nothing twice, nothing paid before. What is exempt is settled
    with the rest, for its dossier waits for all of it; alone it needs no order.
    """
    once = {o.obligation_id: o for o in required}
    left = [o for o in once.values() if o.obligation_id not in settled]
    return left if any(o.amount for o in left) else []


def order_end(due: Sequence[Obligation], now: datetime, *, at_least: timedelta) -> datetime:
    """Until the earliest due time; an order that is asked for late still leaves time to pay it."""
    return max(min(o.due_at for o in due if o.amount), now + at_least)


def attempt_end(order: Order, now: datetime) -> datetime:
    """An attempt ends before its order does."""
    return min(now + LONGEST_ATTEMPT, order.expires_at)


class Refused(StrEnum):
    """Why an attempt may not start."""

    NOT_OPEN = "not-open"
    TOO_LATE = "too-late"
    TOO_MANY = "too-many"


def refuse_attempt(order: Order, *, undecided: int, now: datetime) -> Refused | None:
    if order.state is not OrderState.OPEN:
        return Refused.NOT_OPEN
    if now + SHORTEST_ATTEMPT > order.expires_at:
        return Refused.TOO_LATE
    return Refused.TOO_MANY if undecided >= UNDECIDED_ATTEMPTS else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a statement means: the step it makes, and what is to be answered.

    `step` is None where nothing changes. Money in suspense has its reason, and a refund where the
    citizen is to have it back.
    """

    reception: Reception
    step: AttemptStep | None = None
    suspense: SuspenseReason | None = None
    refund: RefundReason | None = None


_REPEATED = Decision(reception=Reception.REPEATED)
_NOTED = Decision(reception=Reception.ACCEPTED)


def judge(
    statement: GatewayStatement,
    order: Order,
    attempt: Attempt,
    *,
    booked: Money | None,
    now: datetime,
) -> Decision:
    """Decide about a verified statement; `booked` is its transaction if the books have it already.

    The gateway's documents ask for this order of checks: amount, then state.
    """
    if statement.outcome is GatewayOutcome.PAID:
        return _judge_money(statement, order, booked)
    if statement.amount is not None and statement.amount != order.amount:
        return Decision(reception=Reception.WRONG_AMOUNT)
    if attempt.state is not AttemptState.STARTED:
        return _REPEATED
    if statement.outcome is GatewayOutcome.FAILED:
        return Decision(reception=Reception.ACCEPTED, step=AttemptStep.FAIL)
    if statement.outcome is GatewayOutcome.NOT_FOUND and now > attempt.expires_at + AFTER_EXPIRY:
        return Decision(reception=Reception.ACCEPTED, step=AttemptStep.LAPSE)
    return _NOTED


def _judge_money(statement: GatewayStatement, order: Order, booked: Money | None) -> Decision:
    differs = statement.amount != order.amount
    if booked is not None and (differs or not _corrected(order, booked)):
        return Decision(reception=Reception.WRONG_AMOUNT) if differs else _REPEATED
    if differs:
        return _suspend(SuspenseReason.AMOUNT_DIFFERS, Reception.WRONG_AMOUNT)
    if order.state is OrderState.OPEN:
        return Decision(reception=Reception.ACCEPTED, step=AttemptStep.SETTLE)
    return _suspend(_LATE[order.state], Reception.ACCEPTED)


def _corrected(order: Order, booked: Money) -> bool:
    """A gateway may correct an amount that it stated wrongly, for as long as the order is open."""
    corrects = booked.suspended_for is SuspenseReason.AMOUNT_DIFFERS
    return corrects and booked.order_id == order.id and order.state is OrderState.OPEN


def _suspend(reason: SuspenseReason, reception: Reception) -> Decision:
    return Decision(
        reception=reception,
        step=AttemptStep.SUSPEND,
        suspense=reason,
        refund=_REFUNDED.get(reason),
    )


def asks_on(order: Order, attempt: Attempt) -> bool:
    """Whether the gateway is still to be asked: undecided, or its money may yet be corrected."""
    if attempt.state is AttemptState.SUSPENDED:
        return order.state is OrderState.OPEN
    return attempt.state is AttemptState.STARTED


def next_query(attempt: Attempt, now: datetime, *, queries: int, first: timedelta) -> datetime:
    """When to ask the gateway again: ever more seldom, at least four times a day, and in any case
    as soon as the attempt can no longer be paid.
    """
    later = now + min(first * 2 ** min(queries, 12), timedelta(hours=6))
    over = attempt.expires_at + AFTER_EXPIRY + timedelta(seconds=1)
    return over if now < over < later else later


def may_expire(order: Order, attempts: Sequence[Attempt], now: datetime) -> bool:
    """Whether an open order is over: its time is up, and no attempt may still turn out paid.

    A gateway that leaves us in doubt holds the order open, but not for ever: money that comes after
    all goes to suspense and back.
    """
    if order.state is not OrderState.OPEN or now <= order.expires_at:
        return False
    doubt = any(asks_on(order, attempt) for attempt in attempts)
    return not doubt or now > order.expires_at + LONGEST_DOUBT
