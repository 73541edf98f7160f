"""Paid implies advanced, cell by cell: the state of an order against what its dossier says."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from motcua_contracts.types import ObligationKind
from payment.advancement import REDRIVES, Progress, is_hopeless, next_redrive, progress
from payment.domain import OrderLine, OrderState

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
GRACE = timedelta(minutes=10)


def line(obligation: str, amount: int = 200_000) -> OrderLine:
    return {"obligation_id": obligation, "kind": ObligationKind.CHARGE, "amount": amount}


@dataclass(frozen=True)
class Order:
    state: OrderState
    id: str = "order"
    lines: list[OrderLine] = field(default_factory=lambda: [line("charge"), line("fee", 0)])


def said(*orders: Order, by: str = "order", obligations: str = "charge fee") -> Progress:
    return progress(orders, settled_by=by, obligation_ids=obligations.split())


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (OrderState.PAID, Progress(("order",), ())),
        # It went on, and ended afterwards: the money was there.
        (OrderState.REFUNDING, Progress(("order",), ())),
        (OrderState.OPEN, Progress((), ("charge", "fee"))),
        (OrderState.EXPIRED, Progress((), ("charge", "fee"))),
        (OrderState.CLOSED, Progress((), ("charge", "fee"))),
    ],
)
def test_a_dossier_that_went_on_is_compared_with_the_state_of_its_order(
    state: OrderState, expected: Progress
):
    assert said(Order(state)) == expected


def test_every_state_of_an_order_is_a_cell():
    cells = test_a_dossier_that_went_on_is_compared_with_the_state_of_its_order
    (tried,) = [mark.args[1] for mark in cells.pytestmark]  # pyright: ignore[reportFunctionMemberAccess] - pytest's own
    assert {state for state, _ in tried} == set(OrderState)


def test_a_dossier_that_went_on_by_an_order_we_do_not_have_is_progress_without_money():
    assert said() == Progress((), ("charge", "fee"))


def test_what_counts_is_the_money_for_the_obligations_whichever_order_is_named():
    expired, paid = Order(OrderState.EXPIRED, "first"), Order(OrderState.PAID, "second")
    assert said(expired, paid, by="first") == Progress(("second",), ())


def test_an_obligation_beyond_the_paid_ones_is_told_by_its_name():
    found = said(Order(OrderState.PAID), obligations="charge fee another")
    assert found == Progress(("order",), ("another",))


def test_a_paid_order_of_other_obligations_goes_on_waiting():
    first = Order(OrderState.PAID, "first", [line("first")])
    second = Order(OrderState.PAID, "second", [line("second")])
    assert said(first, second, by="second", obligations="second") == Progress(("second",), ())


def test_an_order_that_is_named_went_on_though_not_all_of_it_is_said():
    """What is exempt need not be owed at intake."""
    assert said(Order(OrderState.PAID), obligations="charge") == Progress(("order",), ())


def test_the_pauses_grow_and_end():
    looks = [next_redrive(NOW, redrives=n, grace=GRACE) - NOW for n in range(REDRIVES + 1)]
    assert looks[0] == GRACE
    assert all(later == 2 * sooner for sooner, later in pairwise(looks))
    assert [is_hopeless(n) for n in range(REDRIVES + 1)] == [False] * REDRIVES + [True]
