"""How the parts of a confined job say that a file is not taken."""

from decimal import Decimal
from typing import TypeAlias

Verdict: TypeAlias = dict[str, str | int | list[str]]


class Refused(Exception):  # noqa: N818 - it is an answer
    """The file is not taken; the verdict says why."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict)
        self.verdict = verdict

    @classmethod
    def damaged(cls, why: str) -> "Refused":
        return cls({"verdict": "damaged", "why": why})

    @classmethod
    def active(cls, *found: str) -> "Refused":
        return cls({"verdict": "active", "found": sorted(found)})

    @classmethod
    def large(cls, what: str, most: float) -> "Refused":
        return cls({"verdict": "large", "what": what, "most": int(most)})


def as_number(value: object) -> float:
    """A number of a PDF, which may stand there as anything. Raises `Refused`."""
    if isinstance(value, int | float | Decimal):
        return float(value)
    raise Refused.damaged("a number is none")
