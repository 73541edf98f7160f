"""The rules of orders, attempts and money, cell by cell."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motcua_contracts.dossier import Obligation
from motcua_contracts.types import ObligationKind
from payment.domain import (
    AFTER_EXPIRY,
    ATTEMPT_TRANSITIONS,
    LONGEST_ATTEMPT,
    LONGEST_DOUBT,
    ORDER_TRANSITIONS,
    UNDECIDED_ATTEMPTS,
    AttemptState,
    AttemptStep,
    OrderState,
    OrderStep,
    RefundReason,
    Refused,
    SuspenseReason,
    asks_on,
    attempt_end,
    judge,
    may_expire,
    next_query,
    order_end,
    refuse_attempt,
    step_attempt,
    step_order,
    unpaid,
)
from payment.ports import GatewayOutcome, GatewayStatement, Reception

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
FEE = 200_000


@dataclass(frozen=True)
class AnOrder:
    id: str = "order"
    state: OrderState = OrderState.OPEN
    amount: int = FEE
    expires_at: datetime = NOW + timedelta(days=5)


@dataclass(frozen=True)
class AnAttempt:
    state: AttemptState = AttemptState.STARTED
    expires_at: datetime = NOW + timedelta(minutes=15)


@dataclass(frozen=True)
class Booked:
    order_id: str | None = "order"
    suspended_for: SuspenseReason | None = None


def states(
    outcome: GatewayOutcome = GatewayOutcome.PAID, amount: int | None = FEE
) -> GatewayStatement:
    return GatewayStatement(
        gateway="vnpay",
        reference="r",
        outcome=outcome,
        amount=amount,
        transaction_id="1" if outcome is GatewayOutcome.PAID else None,
    )


def obligation(number: int, amount: int = FEE, due_at: datetime = NOW) -> Obligation:
    return Obligation(
        obligation_id=f"00000000-0000-7000-8000-{number:012d}",
        kind=ObligationKind.CHARGE,
        amount=amount,
        due_at=due_at,
    )


ORDER_CELLS = {
    (OrderState.OPEN, OrderStep.PAY): OrderState.PAID,
    (OrderState.OPEN, OrderStep.EXPIRE): OrderState.EXPIRED,
    (OrderState.OPEN, OrderStep.CLOSE): OrderState.CLOSED,
    (OrderState.PAID, OrderStep.PAY): OrderState.PAID,
    (OrderState.PAID, OrderStep.EXPIRE): OrderState.PAID,
    (OrderState.PAID, OrderStep.CLOSE): OrderState.REFUNDING,
    (OrderState.EXPIRED, OrderStep.PAY): OrderState.EXPIRED,
    (OrderState.EXPIRED, OrderStep.EXPIRE): OrderState.EXPIRED,
    (OrderState.EXPIRED, OrderStep.CLOSE): OrderState.EXPIRED,
    (OrderState.CLOSED, OrderStep.PAY): OrderState.CLOSED,
    (OrderState.CLOSED, OrderStep.EXPIRE): OrderState.CLOSED,
    (OrderState.CLOSED, OrderStep.CLOSE): OrderState.CLOSED,
    (OrderState.REFUNDING, OrderStep.PAY): OrderState.REFUNDING,
    (OrderState.REFUNDING, OrderStep.EXPIRE): OrderState.REFUNDING,
    (OrderState.REFUNDING, OrderStep.CLOSE): OrderState.REFUNDING,
}

STARTED, PAID, FAILED, LAPSED, SUSPENDED = (
    AttemptState.STARTED,
    AttemptState.PAID,
    AttemptState.FAILED,
    AttemptState.LAPSED,
    AttemptState.SUSPENDED,
)
ATTEMPT_CELLS = {
    AttemptStep.SETTLE: {STARTED: PAID, FAILED: PAID, LAPSED: PAID, SUSPENDED: PAID, PAID: PAID},
    AttemptStep.SUSPEND: {
        STARTED: SUSPENDED,
        FAILED: SUSPENDED,
        LAPSED: SUSPENDED,
        SUSPENDED: SUSPENDED,
        PAID: PAID,
    },
    AttemptStep.FAIL: {
        STARTED: FAILED,
        FAILED: FAILED,
        LAPSED: LAPSED,
        SUSPENDED: SUSPENDED,
        PAID: PAID,
    },
    AttemptStep.LAPSE: {
        STARTED: LAPSED,
        FAILED: FAILED,
        LAPSED: LAPSED,
        SUSPENDED: SUSPENDED,
        PAID: PAID,
    },
}


@pytest.mark.parametrize(("state", "step"), list(product(OrderState, OrderStep)))
def test_every_order_cell(state: OrderState, step: OrderStep):
    assert step_order(state, step) is ORDER_CELLS[state, step]


@pytest.mark.parametrize(("state", "step"), list(product(AttemptState, AttemptStep)))
def test_every_attempt_cell(state: AttemptState, step: AttemptStep):
    assert step_attempt(state, step) is ATTEMPT_CELLS[step][state]


def test_no_state_is_out_of_reach():
    assert {OrderState.OPEN, *ORDER_TRANSITIONS.values()} == set(OrderState)
    assert {AttemptState.STARTED, *ATTEMPT_TRANSITIONS.values()} == set(AttemptState)


@pytest.mark.parametrize("state", list(AttemptState))
@pytest.mark.parametrize("order", list(OrderState))
def test_the_right_money_settles_an_open_order_and_goes_back_from_any_other(
    order: OrderState, state: AttemptState
):
    decision = judge(states(), AnOrder(state=order), AnAttempt(state), booked=None, now=NOW)
    suspense = {
        OrderState.OPEN: None,
        OrderState.PAID: SuspenseReason.ALREADY_PAID,
        OrderState.REFUNDING: SuspenseReason.ALREADY_PAID,
        OrderState.EXPIRED: SuspenseReason.ORDER_EXPIRED,
        OrderState.CLOSED: SuspenseReason.ORDER_CLOSED,
    }[order]
    assert decision.reception is Reception.ACCEPTED
    assert decision.suspense is suspense
    assert decision.step is (AttemptStep.SUSPEND if suspense else AttemptStep.SETTLE)
    assert decision.refund == (RefundReason(suspense) if suspense else None)


@pytest.mark.parametrize("order", list(OrderState))
@given(amount=st.integers(min_value=0, max_value=10**12).filter(lambda a: a != FEE))
def test_a_wrong_amount_never_pays_and_waits_in_suspense(order: OrderState, amount: int):
    decision = judge(states(amount=amount), AnOrder(state=order), AnAttempt(), booked=None, now=NOW)
    assert decision.reception is Reception.WRONG_AMOUNT
    assert decision.suspense is SuspenseReason.AMOUNT_DIFFERS
    assert decision.step is AttemptStep.SUSPEND
    assert decision.refund is None


@pytest.mark.parametrize("attempt", list(AttemptState))
@pytest.mark.parametrize("order", list(OrderState))
@pytest.mark.parametrize("reason", [None, *SuspenseReason])
@pytest.mark.parametrize("amount", [FEE, FEE + 1])
def test_a_transaction_that_is_booked_is_one_transaction(
    amount: int, reason: SuspenseReason | None, order: OrderState, attempt: AttemptState
):
    decision = judge(
        states(amount=amount),
        AnOrder(state=order),
        AnAttempt(attempt),
        booked=Booked(suspended_for=reason),
        now=NOW,
    )
    corrected = reason is SuspenseReason.AMOUNT_DIFFERS and order is OrderState.OPEN
    if amount != FEE:
        assert decision.reception is Reception.WRONG_AMOUNT
        assert decision.step is None
    elif corrected:
        assert decision.step is AttemptStep.SETTLE
    else:
        assert decision.reception is Reception.REPEATED
        assert decision.step is None
    assert decision.suspense is None
    assert decision.refund is None


@pytest.mark.parametrize("outcome", [o for o in GatewayOutcome if o is not GatewayOutcome.PAID])
@pytest.mark.parametrize("attempt", list(AttemptState))
def test_every_statement_that_is_not_money(attempt: AttemptState, outcome: GatewayOutcome):
    decision = judge(states(outcome), AnOrder(), AnAttempt(attempt), booked=None, now=NOW)
    fails = outcome is GatewayOutcome.FAILED and attempt is AttemptState.STARTED
    assert decision.step is (AttemptStep.FAIL if fails else None)
    assert decision.suspense is None
    started = attempt is AttemptState.STARTED
    assert decision.reception is (Reception.ACCEPTED if started else Reception.REPEATED)


def test_a_failure_that_states_another_amount_is_not_about_our_attempt():
    decision = judge(states(GatewayOutcome.FAILED, 1), AnOrder(), AnAttempt(), booked=None, now=NOW)
    assert decision.reception is Reception.WRONG_AMOUNT
    assert decision.step is None


def test_an_attempt_that_the_gateway_never_heard_of_lapses_only_after_its_time():
    unheard = states(GatewayOutcome.NOT_FOUND, None)
    ends = AnAttempt().expires_at + AFTER_EXPIRY
    steps = [
        judge(unheard, AnOrder(), AnAttempt(), booked=None, now=now).step
        for now in (NOW, ends, ends + timedelta(seconds=1))
    ]
    assert steps == [None, None, AttemptStep.LAPSE]


def test_nothing_due_asks_for_nothing():
    assert unpaid([], set()) == []
    assert unpaid([obligation(1, 0)], set()) == []
    assert unpaid([obligation(1), obligation(2, 0)], {obligation(1).obligation_id}) == []


def test_what_is_paid_is_not_asked_for_again_and_nothing_twice():
    required = [obligation(1), obligation(2), obligation(2)]
    assert unpaid(required, {obligation(1).obligation_id}) == [obligation(2)]


def test_what_costs_nothing_is_settled_with_the_rest():
    required = [obligation(1), obligation(2, 0)]
    assert unpaid(required, set()) == required


def test_an_order_ends_when_its_first_obligation_is_due():
    due = [
        obligation(1, due_at=NOW + timedelta(days=9)),
        obligation(2, due_at=NOW + timedelta(days=3)),
    ]
    assert order_end(due, NOW, at_least=timedelta(hours=1)) == NOW + timedelta(days=3)


def test_an_order_that_is_asked_for_late_can_still_be_paid():
    due = [obligation(1, due_at=NOW - timedelta(days=9))]
    assert order_end(due, NOW, at_least=timedelta(hours=1)) == NOW + timedelta(hours=1)


def test_an_attempt_ends_before_its_order():
    assert attempt_end(AnOrder(), NOW) == NOW + LONGEST_ATTEMPT
    soon = AnOrder(expires_at=NOW + timedelta(minutes=3))
    assert attempt_end(soon, NOW) == soon.expires_at


@pytest.mark.parametrize("state", list(OrderState))
def test_only_an_open_order_takes_attempts(state: OrderState):
    refused = refuse_attempt(AnOrder(state=state), undecided=0, now=NOW)
    assert refused is (None if state is OrderState.OPEN else Refused.NOT_OPEN)


def test_no_attempt_starts_that_could_not_be_finished():
    order = AnOrder(expires_at=NOW + timedelta(seconds=59))
    assert refuse_attempt(order, undecided=0, now=NOW) is Refused.TOO_LATE


def test_attempts_are_bounded():
    last = UNDECIDED_ATTEMPTS - 1
    assert refuse_attempt(AnOrder(), undecided=last, now=NOW) is None
    assert refuse_attempt(AnOrder(), undecided=last + 1, now=NOW) is Refused.TOO_MANY


@pytest.mark.parametrize("attempt", list(AttemptState))
@pytest.mark.parametrize("order", list(OrderState))
def test_the_gateway_is_asked_until_the_attempt_is_decided(
    order: OrderState, attempt: AttemptState
):
    asked = attempt is AttemptState.STARTED or (
        attempt is AttemptState.SUSPENDED and order is OrderState.OPEN
    )
    assert asks_on(AnOrder(state=order), AnAttempt(attempt)) is asked


@given(st.integers(min_value=0, max_value=10_000))
def test_questions_become_rarer_but_never_stop(queries: int):
    first, over = timedelta(minutes=5), AnAttempt(expires_at=NOW - timedelta(days=1))
    wait = next_query(over, NOW, queries=queries, first=first) - NOW
    later = next_query(over, NOW, queries=queries + 1, first=first) - NOW
    assert first <= wait <= later <= timedelta(hours=6)


@given(st.integers(min_value=4, max_value=10_000))
def test_the_gateway_is_asked_as_soon_as_the_attempt_is_over(queries: int):
    at = next_query(AnAttempt(), NOW, queries=queries, first=timedelta(minutes=5))
    assert at == AnAttempt().expires_at + AFTER_EXPIRY + timedelta(seconds=1)


def test_money_that_is_booked_for_another_order_corrects_nothing():
    elsewhere = Booked("another", SuspenseReason.AMOUNT_DIFFERS)
    decision = judge(states(), AnOrder(), AnAttempt(), booked=elsewhere, now=NOW)
    assert (decision.reception, decision.step) == (Reception.REPEATED, None)


def test_an_order_expires_once_nothing_may_still_pay_it():
    order = AnOrder(expires_at=NOW)
    after = NOW + timedelta(seconds=1)
    assert not may_expire(order, [], NOW)
    assert may_expire(order, [], after)
    assert may_expire(order, [AnAttempt(FAILED), AnAttempt(LAPSED)], after)
    assert not may_expire(order, [AnAttempt(FAILED), AnAttempt(STARTED)], after)


def test_a_gateway_in_doubt_holds_an_order_open_for_a_day_only():
    order = AnOrder(expires_at=NOW)
    assert not may_expire(order, [AnAttempt()], NOW + LONGEST_DOUBT)
    assert may_expire(order, [AnAttempt()], NOW + LONGEST_DOUBT + timedelta(seconds=1))


@pytest.mark.parametrize("state", [s for s in OrderState if s is not OrderState.OPEN])
def test_only_an_open_order_expires(state: OrderState):
    assert not may_expire(AnOrder(state=state, expires_at=NOW), [], NOW + timedelta(days=99))
