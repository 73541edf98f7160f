"""The state diagram in README.md, drawn from the transition table.

python -m intake.state_diagram    write it into README.md
"""

import re
from pathlib import Path

from intake.status import STATUS_WORDS, TRANSITIONS, is_final
from motcua_contracts.types import DossierStatus

README = Path(__file__).parents[2] / "README.md"
_BEGIN, _END = "<!-- states -->", "<!-- /states -->"


def diagram() -> str:
    """The table as a Mermaid state diagram."""
    names = [f'    state "{s} {STATUS_WORDS[s].vi}" as s{s}' for s in DossierStatus]
    steps = [f"    s{a} --> s{b}" for a, targets in TRANSITIONS.items() for b in targets]
    ends = [f"    s{s} --> [*]" for s in DossierStatus if is_final(s)]
    return "\n".join(["stateDiagram-v2", *names, "    [*] --> s1", *steps, *ends])


def drawn(page: str) -> str:
    """`page` with the diagram as the table has it."""
    fresh = f"{_BEGIN}\n```mermaid\n{diagram()}\n```\n{_END}"
    return re.sub(f"{_BEGIN}.*?{_END}", lambda _: fresh, page, flags=re.S)


if __name__ == "__main__":
    README.write_text(drawn(README.read_text(encoding="utf-8")), encoding="utf-8")
