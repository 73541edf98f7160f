"""A run through time: when what was broken, and how much was done and left to do meanwhile.

Times are in seconds from the start of the run.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Json = Mapping[str, Any]

COUNTERS = ("filed", "ended", "published", "http429", "http503")
"""Columns of a sample that only grow; the others are levels."""
BACKLOG = ("outbox", "lag", "heldWaiting", "heldParked", "openMails")


@dataclass(frozen=True, slots=True)
class Struck:
    """One fault from its stroke to its end; `recovered` is how long until all went on again, None
    where that was not seen.
    """

    kind: str
    target: str
    starts: float
    ends: float
    recovered: float | None


@dataclass(frozen=True, slots=True)
class Bucket:
    """A stretch of the run. What nobody could see, as with a database away, is None."""

    starts: float
    rates: Mapping[str, float | None]
    """Of each counter, per second."""
    peaks: Mapping[str, float | None]
    """Of each level, the highest."""
    faults: Mapping[str, int]
    """How many of each kind struck in it or lasted into it."""


def read_faults(history: Iterable[Json], *, started: datetime) -> tuple[list[Struck], float]:
    """The faults of a history in their order, and when its last line was written. A fault that
    was never healed lasts until then.
    """
    begun: dict[str, Json] = {}
    healed: dict[str, Json] = {}
    last = 0.0
    for line in history:
        last = max(last, _since(line, started))
        if line["kind"] == "fault":
            begun[line["faultId"]] = line
        elif line["kind"] == "heal":
            healed.setdefault(line["faultId"], line)
    struck = [_struck(line, healed.get(name), started, last=last) for name, line in begun.items()]
    return sorted(struck, key=lambda fault: fault.starts), last


def _struck(line: Json, heal: Json | None, started: datetime, *, last: float) -> Struck:
    """A heal line is written when all goes on again; until then it waited as long as it says."""
    starts = _seconds(line.get("struckAt", line["at"]), started)
    recovered: float | None = heal.get("recoveredSeconds") if heal else None
    ends = last
    if heal:
        ends = _since(heal, started) - (recovered or heal.get("notRecoveredWithin", 0.0))
    return Struck(line["fault"], line["target"], starts, max(starts, ends), recovered)


def read_samples(lines: Iterable[Json], *, started: datetime) -> list[Json]:
    """The samples, each with its `seconds` from the start."""
    return [{**line, "seconds": _since(line, started)} for line in lines]


def buckets(samples: Sequence[Json], struck: Sequence[Struck], *, step: float) -> list[Bucket]:
    """The run in stretches of `step` seconds."""
    if not samples:
        return []
    slots: list[list[Json]] = [[] for _ in range(int(samples[-1]["seconds"] // step) + 1)]
    for sample in samples:
        slots[max(0, int(sample["seconds"] // step))].append(sample)
    rates = {name: _rates(name, slots) for name in COUNTERS}
    return [
        Bucket(
            starts=number * step,
            rates={name: rates[name][number] for name in COUNTERS},
            peaks={name: _peak(name, slot) for name in ("open", *BACKLOG)},
            faults=_during(struck, number * step, (number + 1) * step),
        )
        for number, slot in enumerate(slots)
    ]


def _since(line: Json, started: datetime) -> float:
    return _seconds(line["at"], started)


def _seconds(text: str, started: datetime) -> float:
    return (datetime.fromisoformat(text) - started).total_seconds()


def _rates(name: str, slots: Sequence[Sequence[Json]]) -> list[float | None]:
    """How fast a counter grew in each slot, since it was last seen."""
    rates: list[float | None] = []
    seen, at = 0.0, 0.0
    for slot in slots:
        known = [sample for sample in slot if sample.get(name) is not None]
        if not known or known[-1]["seconds"] <= at:
            rates.append(None)
            continue
        newest = known[-1]
        rates.append(max(0.0, (newest[name] - seen) / (newest["seconds"] - at)))
        seen, at = newest[name], newest["seconds"]
    return rates


def _peak(name: str, slot: Sequence[Json]) -> float | None:
    return max((sample[name] for sample in slot if sample.get(name) is not None), default=None)


def _during(struck: Sequence[Struck], starts: float, ends: float) -> Mapping[str, int]:
    return Counter(f.kind for f in struck if f.starts < ends and f.ends >= starts)
