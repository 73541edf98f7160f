import re
from pathlib import Path

from notification.domain import TRANSITIONS

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_the_diagram_in_the_readme_shows_the_transition_table() -> None:
    drawn = re.findall(r"^    ([a-z-]+) --> ([a-z-]+): ([a-z-]+)$", README, flags=re.M)
    table = {(str(a), str(b), str(happening)) for (a, happening), b in TRANSITIONS.items()}
    assert set(drawn) == table
    assert len(drawn) == len(table)
