from datetime import timedelta
from itertools import product

import pytest

from notification.domain import (
    LEASED,
    OPEN,
    TRANSITIONS,
    Happening,
    NoSuchTransition,
    Patience,
    State,
    next_state,
)

# The table once more, written out by hand.
CELLS = """
              reserved         claimed   sending          sent  failed    outcome-unknown
claim         claimed          -         -                -     -         -
hand-over     -                sending   -                -     -         -
accept        -                -         sent             -     -         sent
defer         -                reserved  reserved         -     -         reserved
reject        -                failed    failed           -     -         failed
lose          -                -         outcome-unknown  -     -         -
give-up       failed           -         -                -     -         -
lease-expire  -                reserved  outcome-unknown  -     -         -
resend        -                -         -                -     reserved  reserved
"""


def cells() -> dict[tuple[State, Happening], str]:
    states, *rows = (line.split() for line in CELLS.strip().splitlines())
    return {
        (State(state), Happening(happening)): cell
        for happening, *row in rows
        for state, cell in zip(states, row, strict=True)
    }


@pytest.mark.parametrize(("state", "happening"), list(product(State, Happening)))
def test_every_cell_of_the_transition_table(state: State, happening: Happening) -> None:
    expected = cells()[state, happening]
    if expected == "-":
        with pytest.raises(NoSuchTransition, match=f"{state} cannot {happening}"):
            next_state(state, happening)
    else:
        assert next_state(state, happening) == expected


def test_a_sent_message_is_never_sent_again() -> None:
    assert not [state for state, _ in TRANSITIONS if state is State.SENT]


def test_after_the_content_began_to_leave_only_a_definite_no_leads_to_another_attempt() -> None:
    again = {
        happening
        for (state, happening), to in TRANSITIONS.items()
        if state in {State.SENDING, State.OUTCOME_UNKNOWN} and to is State.RESERVED
    }
    assert again == {Happening.DEFER, Happening.RESEND}


def test_whatever_is_leased_is_open() -> None:
    assert LEASED < OPEN


def test_waits_double_up_to_the_longest() -> None:
    patience = Patience(first=timedelta(seconds=5), longest=timedelta(seconds=60))
    assert [patience.delay(n).seconds for n in range(1, 7)] == [5, 10, 20, 40, 60, 60]
    assert patience.delay(10_000) == timedelta(seconds=60)
