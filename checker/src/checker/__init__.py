"""Decides from a saved run alone whether motcua kept its promises; shares no code with it."""

from checker.judging import INVARIANTS, Report, UnknownFormat, judge
from checker.reading import MissingPart
from checker.verdicts import Decision, Verdict

__all__ = [
    "INVARIANTS",
    "Decision",
    "MissingPart",
    "Report",
    "UnknownFormat",
    "Verdict",
    "judge",
]
