"""Whatever a gateway says, in any order and however often: no money is lost or counted twice."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from payment.domain import (
    AttemptState,
    OrderState,
    OrderStep,
    RefundReason,
    SuspenseReason,
    asks_on,
    attempt_end,
    judge,
    may_expire,
    refuse_attempt,
    step_attempt,
    step_order,
)
from payment.ports import GatewayOutcome, GatewayStatement

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
FEE = 200_000
ATTEMPTS, TRANSACTIONS = st.integers(0, 2), st.integers(0, 2)


@dataclass(frozen=True)
class Order:
    id: str = "order"
    state: OrderState = OrderState.OPEN
    amount: int = FEE
    expires_at: datetime = NOW + timedelta(hours=1)


@dataclass(frozen=True)
class Attempt:
    expires_at: datetime
    state: AttemptState = AttemptState.STARTED


@dataclass
class Money:
    amount: int
    order_id: str | None = "order"
    suspended_for: SuspenseReason | None = None
    refunds: list[RefundReason] = field(default_factory=list[RefundReason])


class OneOrder(RuleBasedStateMachine):
    """One order, up to three attempts and transactions, and every statement about them."""

    @initialize()
    def open(self) -> None:
        self.now = NOW
        self.order = Order()
        self.attempts = [Attempt(attempt_end(self.order, self.now))]
        self.books: dict[int, Money] = {}
        self.taken: set[int] = set()

    @rule()
    def start(self) -> None:
        if len(self.attempts) < 3 and not refuse_attempt(self.order, undecided=0, now=self.now):
            self.attempts.append(Attempt(attempt_end(self.order, self.now)))

    @rule(
        attempt=ATTEMPTS,
        transaction=TRANSACTIONS,
        amount=st.sampled_from([FEE, FEE, 1, FEE + 1]),
    )
    def take_money(self, attempt: int, transaction: int, amount: int) -> None:
        if attempt < len(self.attempts):
            self.taken.add(transaction)
            self._hear(attempt, GatewayOutcome.PAID, transaction, amount)

    @rule(
        attempt=ATTEMPTS,
        outcome=st.sampled_from([o for o in GatewayOutcome if o is not GatewayOutcome.PAID]),
    )
    def say_something_else(self, attempt: int, outcome: GatewayOutcome) -> None:
        if attempt < len(self.attempts):
            self._hear(attempt, outcome, None, None)

    @rule(minutes=st.sampled_from([1, 10, 50, 2000]))
    def pass_time(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def expire(self) -> None:
        if may_expire(self.order, self.attempts, self.now):
            self._move(OrderStep.EXPIRE)

    @rule()
    def withdraw(self) -> None:
        paid = self.order.state is OrderState.PAID
        self._move(OrderStep.CLOSE)
        if paid:
            (money,) = [m for m in self.books.values() if m.suspended_for is None]
            money.refunds.append(RefundReason.DOSSIER_WITHDRAWN)

    def _move(self, step: OrderStep) -> None:
        self.order = replace(self.order, state=step_order(self.order.state, step))

    def _hear(
        self,
        number: int,
        outcome: GatewayOutcome,
        transaction: int | None,
        amount: int | None,
    ) -> None:
        statement = GatewayStatement(
            gateway="vnpay",
            reference=str(number),
            outcome=outcome,
            amount=amount,
            transaction_id=None if transaction is None else str(transaction),
        )
        attempt = self.attempts[number]
        booked = None if transaction is None else self.books.get(transaction)
        decision = judge(statement, self.order, attempt, booked=booked, now=self.now)
        if decision.step is None:
            return
        self.attempts[number] = replace(attempt, state=step_attempt(attempt.state, decision.step))
        if transaction is None or amount is None:
            return
        money = self.books.setdefault(transaction, Money(amount))
        money.amount, money.suspended_for = amount, decision.suspense
        if decision.refund:
            money.refunds.append(decision.refund)
        if decision.suspense is None:
            self._move(OrderStep.PAY)

    @invariant()
    def every_transaction_is_on_the_books(self) -> None:
        assert self.books.keys() == self.taken

    @invariant()
    def one_transaction_of_the_right_amount_pays_a_paid_order_and_none_another(self) -> None:
        paying = [money for money in self.books.values() if money.suspended_for is None]
        paid = self.order.state in (OrderState.PAID, OrderState.REFUNDING)
        assert [money.amount for money in paying] == ([FEE] if paid else [])

    @invariant()
    def nothing_goes_back_twice_and_nothing_that_was_earned(self) -> None:
        for money in self.books.values():
            assert len(money.refunds) <= 1
            if money.suspended_for is None:
                assert bool(money.refunds) == (self.order.state is OrderState.REFUNDING)
            elif money.suspended_for is not SuspenseReason.AMOUNT_DIFFERS:
                assert money.refunds

    @invariant()
    def an_undecided_attempt_is_asked_about(self) -> None:
        for attempt in self.attempts:
            if attempt.state is AttemptState.STARTED:
                assert asks_on(self.order, attempt)


TestOneOrder = OneOrder.TestCase
TestOneOrder.settings = settings(max_examples=400, stateful_step_count=12)
