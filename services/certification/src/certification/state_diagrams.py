"""The state diagram in README.md, drawn from the transition table.

python -m certification.state_diagrams    write it into README.md
"""

import re
from pathlib import Path

from certification.domain import TRANSITIONS, CopyState

README = Path(__file__).parents[2] / "README.md"

_MARKED = re.compile(r"<!-- copy states -->.*?<!-- /copy states -->", re.DOTALL)


def diagram() -> str:
    """A Mermaid state diagram between its markers."""
    edges = [f"    {before} --> {after}: {step}" for (before, step), after in TRANSITIONS.items()]
    first = f"    [*] --> {CopyState.REQUESTED}"
    lines = ["```mermaid", "stateDiagram-v2", first, *edges, "```"]
    return "\n".join(["<!-- copy states -->", *lines, "<!-- /copy states -->"])


def drawn(text: str) -> str:
    """`text` with the diagram as the table has it."""
    return _MARKED.sub(lambda _: diagram(), text)


if __name__ == "__main__":
    README.write_text(drawn(README.read_text(encoding="utf-8")), encoding="utf-8")
