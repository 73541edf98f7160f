"""What is decided about a run: rules look at one thing after another, invariants sum them up."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from checker.reading import MissingPart
from checker.run import Run

EXAMPLES = 20

Looks = Iterator[str | None]
"""One for each thing looked at: None where all is well, else in words what is wrong."""


class Decision(StrEnum):
    HOLDS = "holds"
    VIOLATED = "violated"
    UNDECIDED = "undecided"


class Harm(StrEnum):
    """What a violation of a rule means to people; counted over all invariants."""

    LOST = "lost"
    DUPLICATED = "duplicated"
    REORDERED = "reordered"
    STUCK = "stuck"
    FALSE = "false"
    """Something is not what it should be, which is none of the others."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One statement about a run, decided for each thing that it is about. Its name and its meaning
    are those of the function that checks it.
    """

    check: Callable[[Run], Looks]
    harm: Harm = Harm.FALSE

    @property
    def name(self) -> str:
        return self.check.__name__.replace("_", "-")

    @property
    def meaning(self) -> str:
        return " ".join((self.check.__doc__ or "").split())


@dataclass(slots=True)
class Tally:
    """What came of one rule."""

    harm: Harm
    checked: int = 0
    violations: int = 0
    examples: list[str] = field(default_factory=list[str])
    missing: str | None = None
    """A part of the saved run that the rule needs and that is not there."""

    def note(self, look: str | None) -> None:
        self.checked += 1
        if look is not None:
            self.violations += 1
            if len(self.examples) < EXAMPLES:
                self.examples.append(look)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one invariant: never `holds` on nothing, nor while a part of the run is missing."""

    verdict: Decision
    checked: int
    violations: int
    examples: Sequence[str]
    rules: Mapping[str, Tally]

    def as_json(self) -> dict[str, Any]:
        rules = {
            name: {"checked": tally.checked, "violations": tally.violations}
            for name, tally in self.rules.items()
        }
        return {
            "verdict": str(self.verdict),
            "checked": self.checked,
            "violations": self.violations,
            "examples": list(self.examples),
            "rules": rules,
        }


def tally(rule: Rule, run: Run) -> Tally:
    """Let a rule look at everything that it is about."""
    counted = Tally(rule.harm)
    try:
        for look in rule.check(run):
            counted.note(look)
    except MissingPart as missing:
        counted.missing = str(missing)
    return counted


def decide(rules: Sequence[Rule], run: Run) -> Verdict:
    """Sum up the rules of one invariant."""
    tallies = {rule.name: tally(rule, run) for rule in rules}
    checked = sum(each.checked for each in tallies.values())
    violations = sum(each.violations for each in tallies.values())
    lacking = [f"not decided: {each.missing}" for each in tallies.values() if each.missing]
    found = [f"{name}: {text}" for name, each in tallies.items() for text in each.examples]
    if violations:
        decision = Decision.VIOLATED
    else:
        decision = Decision.HOLDS if checked and not lacking else Decision.UNDECIDED
    examples = [*_spread(tallies, found), *dict.fromkeys(lacking)][:EXAMPLES]
    return Verdict(decision, checked, violations, examples, tallies)


def _spread(tallies: Mapping[str, Tally], found: Sequence[str]) -> list[str]:
    """Examples of each rule that is violated, before the second one of any."""
    violated = [each.examples for each in tallies.values() if each.examples]
    if not violated:
        return []
    share = max(1, EXAMPLES // len(violated))
    first = [f"{name}: {text}" for name, each in tallies.items() for text in each.examples[:share]]
    return list(dict.fromkeys([*first, *found]))
