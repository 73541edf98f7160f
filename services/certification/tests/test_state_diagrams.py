"""The README draws the states as the table has them."""

from certification.domain import TRANSITIONS
from certification.state_diagrams import README, drawn


def test_the_readme_is_drawn_from_the_table():
    text = README.read_text(encoding="utf-8")
    assert drawn(text) == text, "run: python -m certification.state_diagrams"
    for (before, step), after in TRANSITIONS.items():
        assert f"{before} --> {after}: {step}" in text


def test_a_stale_diagram_is_drawn_anew():
    stale = "before\n<!-- copy states -->\nold\n<!-- /copy states -->\nafter"
    assert "old" not in drawn(stale)
    assert "ready --> signing: approve" in drawn(stale)
