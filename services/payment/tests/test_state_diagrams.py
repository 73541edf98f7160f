"""The README draws the states as the tables have them."""

from payment.domain import ATTEMPT_TRANSITIONS, ORDER_TRANSITIONS
from payment.state_diagrams import README, drawn


def test_the_readme_is_drawn_from_the_tables():
    text = README.read_text(encoding="utf-8")
    assert drawn(text) == text, "run: python -m payment.state_diagrams"
    for (before, step), after in (*ORDER_TRANSITIONS.items(), *ATTEMPT_TRANSITIONS.items()):
        assert f"{before} --> {after}: {step}" in text


def test_a_stale_diagram_is_drawn_anew():
    stale = "before\n<!-- order states -->\nold\n<!-- /order states -->\nafter"
    assert "old" not in drawn(stale)
    assert "open --> paid: pay" in drawn(stale)
