"""How the parts of a confined job say that a file is not taken."""

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
