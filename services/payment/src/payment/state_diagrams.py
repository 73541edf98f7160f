"""The state diagrams in README.md, drawn from the transition tables.

python -m payment.state_diagrams    write them into README.md
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from payment.domain import ATTEMPT_TRANSITIONS, ORDER_TRANSITIONS, AttemptState, OrderState

README = Path(__file__).parents[2] / "README.md"


State = TypeVar("State", bound=StrEnum)
Step = TypeVar("Step", bound=StrEnum)


def diagram(transitions: Mapping[tuple[State, Step], State], *, first: State, name: str) -> str:
    """A Mermaid state diagram between the markers that name it."""
    edges = [f"    {a} --> {b}: {step}" for (a, step), b in transitions.items()]
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {first}", *edges, "```"]
    return "\n".join([f"<!-- {name} -->", *lines, f"<!-- /{name} -->"])


def drawn(text: str) -> str:
    """`text` with every diagram as the tables have it."""
    for fresh in (
        diagram(ORDER_TRANSITIONS, first=OrderState.OPEN, name="order states"),
        diagram(ATTEMPT_TRANSITIONS, first=AttemptState.STARTED, name="attempt states"),
    ):
        name = fresh.removeprefix("<!-- ").partition(" -->")[0]
        text = re.sub(
            rf"<!-- {name} -->.*?<!-- /{name} -->", lambda _, f=fresh: f, text, flags=re.S
        )
    return text


if __name__ == "__main__":
    README.write_text(drawn(README.read_text(encoding="utf-8")), encoding="utf-8")
