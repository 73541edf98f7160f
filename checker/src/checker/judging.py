"""Judge a saved run: every invariant, and what there was to count."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from checker import (
    agreement,
    authority,
    certified_once,
    charged_once,
    fold,
    in_order,
    liveness,
    nothing_invented,
    nothing_lost,
    told_once,
)
from checker.reading import MissingPart
from checker.run import Run
from checker.verdicts import Decision, Harm, Rule, Verdict, decide

FORMAT = 1

INVARIANTS: Mapping[str, Sequence[Rule]] = MappingProxyType(
    {
        "I1-nothing-lost": nothing_lost.RULES,
        "I2-charged-once": charged_once.RULES,
        "I3-certified-once": certified_once.RULES,
        "I4-told-once": told_once.RULES,
        "I5-in-order": in_order.RULES,
        "I6-state-is-the-fold": fold.RULES,
        "I7-nothing-invented": nothing_invented.RULES,
        "I8-agreement": agreement.RULES,
        "I9-liveness": liveness.RULES,
        "I10-authority": authority.RULES,
    }
)


class UnknownFormat(Exception):  # noqa: N818 - names what is the matter
    """The run was saved in a format that this checker does not know."""


@dataclass(frozen=True, slots=True)
class Report:
    """What is decided about a run."""

    run: Mapping[str, Any]
    """What `run.json` says."""
    verdicts: Mapping[str, Verdict]
    counts: Mapping[str, Any]
    undecided: tuple[str, ...]
    """Invariants that had to be decided and are not."""

    @property
    def passed(self) -> bool:
        """Nothing is violated, and nothing that must be decided is open."""
        violated = any(v.verdict is Decision.VIOLATED for v in self.verdicts.values())
        return not violated and not self.undecided

    def as_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "passed": self.passed,
            "run": dict(self.run),
            "verdicts": {name: verdict.as_json() for name, verdict in self.verdicts.items()},
            "undecided": list(self.undecided),
            "counts": dict(self.counts),
        }


def judge(folder: Path) -> Report:
    """Decide about the run that was saved in `folder`. Raises `MissingPart` where there is no run
    at all, `UnknownFormat` where it is of another format.
    """
    run = Run(folder)
    if run.about.get("format") != FORMAT:
        raise UnknownFormat(f"{folder}: format {run.about.get('format')}, known is {FORMAT}")
    verdicts = {name: decide(rules, run) for name, rules in INVARIANTS.items()}
    undecided = tuple(
        name
        for name, verdict in verdicts.items()
        if verdict.verdict is Decision.UNDECIDED and _must_be_decided(name, verdict, run)
    )
    return Report(run.about, verdicts, _counts(run, verdicts), undecided)


_ONLY_IF: Mapping[str, tuple[str, ...]] = {
    "I2-charged-once": ("start-attempt", "pay"),
    "I3-certified-once": ("request-copy", "approve-copy"),
}
"""Nobody paid, or asked for a copy: then there is nothing to decide about it."""


def _must_be_decided(name: str, verdict: Verdict, run: Run) -> bool:
    lacking = any(tally.missing for tally in verdict.rules.values())
    commands = _ONLY_IF.get(name)
    return lacking or commands is None or any(run.history.named(*commands))


def _counts(run: Run, verdicts: Mapping[str, Verdict]) -> dict[str, Any]:
    outcomes = Counter(command.outcome for command in run.history.commands)
    return {
        **_harm(verdicts),
        "unknown": outcomes["unknown"],
        "commands": len(run.history.commands),
        "ok": outcomes["ok"],
        "failed": outcomes["fail"],
        "faults": dict(Counter(fault["fault"] for fault in run.history.faults)),
        **_sizes(run),
    }


def _harm(verdicts: Mapping[str, Verdict]) -> dict[str, int]:
    harm = Counter[Harm]()
    for verdict in verdicts.values():
        for tally in verdict.rules.values():
            harm[tally.harm] += tally.violations
    kinds = (Harm.LOST, Harm.DUPLICATED, Harm.REORDERED, Harm.STUCK)
    return {str(kind): harm[kind] for kind in kinds}


def _sizes(run: Run) -> dict[str, int | None]:
    """How much there was; None where the part of the run is missing."""
    counted = {
        "dossiers": lambda: len(run.intake.table("dossiers")),
        "events": lambda: sum(len(database.events) for database in run.databases.values()),
        "records": lambda: sum(len(run.records(r)) for r in run.last_readings.values()),
        "charged": lambda: len(charged_once.charges(run)),
        "suspended": lambda: _having(run.payment.table("gateway_transactions"), "suspended_for"),
        "certified": lambda: _having(run.certification.table("copies"), "certified_at"),
        "messages": lambda: len(run.notification.table("messages")),
        "mails": lambda: sum(map(len, told_once.accepted_mails(run).values())),
        "unknown_mails": lambda: sum(
            row["state"] == told_once.UNKNOWN for row in run.notification.table("messages")
        ),
        "held": lambda: sum(len(d.table("held_messages")) for d in run.databases.values()),
        "planted": lambda: len(run.history.notes("poison")),
        "abandoned": lambda: sum(
            note.get("ending") in {"abandoned", "unfiled"}
            for note in run.history.notes("journey-ended")
        ),
    }
    sizes: dict[str, int | None] = {}
    for name, count in counted.items():
        try:
            sizes[name] = count()
        except MissingPart:
            sizes[name] = None
    return sizes


def _having(rows: Sequence[Mapping[str, Any]], column: str) -> int:
    return sum(row[column] is not None for row in rows)
