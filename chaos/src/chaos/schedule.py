"""When which fault comes: drawn from the seed alone, so that a run can be tried again.

There are two lanes. In one, single processes are killed all the time. In the other, faults of all
kinds come one after the other: each kind once before any comes again, as long as time permits.
"""

import itertools
import random
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

SETTLE_SECONDS = 8.0
"""Before the first fault: the load has just begun."""
RECOVERY_SECONDS = 7.0
"""Planned for coming back after a fault; where it takes longer, all that follows is late."""
KILL_EVERY = (4.0, 7.0)
KILLED_FOR = (0.1, 1.0)

VICTIMS: Mapping[str, int] = {
    **dict.fromkeys(("intake", "payment", "certification", "notification"), 2),
    **dict.fromkeys(("agency-H42.10", "agency-H42.11", "vnpay", "mail", "trust"), 2),
    # Nobody can sign in meanwhile: often, it would hide what else is wrong.
    "identity": 1,
}
"""Who is killed, and how often in a round."""

_NETWORK = (
    "network-latency",
    "network-bandwidth",
    "network-reset",
    "network-half-open",
    "network-cut",
    "network-one-way",
)
_OUTSIDERS = (
    "ipn-duplicated",
    "ipn-late",
    "ipn-lost",
    "gateway-silent",
    "gateway-reset",
    "gateway-500",
    "trust-away",
    "trust-slow",
    "trust-wrong-time",
    "mail-unanswered",
    "mail-busy",
)
SECONDS: Mapping[str, tuple[float, float]] = {
    "pause": (15, 45),
    "broker-kill": (1, 8),
    "database-kill": (0.5, 4),
    "backends-terminated": (1, 5),
    "insert-fails": (3, 8),
    **dict.fromkeys(_NETWORK, (4, 15)),
    "disk-full": (6, 15),
    "agency-away": (8, 20),
    "agency-slow": (10, 25),
    **dict.fromkeys(_OUTSIDERS, (5, 15)),
    "poison": (1, 3),
    "future-schema": (1, 3),
    "clock-jump": (6, 15),
    "topic-rebuilt": (0, 2),
    "offsets-reset": (0, 2),
    "rebalance-storm": (22, 40),
    "overload": (12, 30),
}
"""Every kind of the second lane: how long it lasts, at least and at most."""


@dataclass(frozen=True)
class PlannedKill:
    """`victim` is killed `at` seconds after the start, and started again `seconds` later."""

    at: float
    victim: str
    seconds: float


@dataclass(frozen=True)
class Planned:
    """A fault that comes `at` seconds after the start and lasts `seconds`; all else that is left
    to chance comes from `seed`.
    """

    at: float
    kind: str
    seconds: float
    seed: int


@dataclass(frozen=True)
class Schedule:
    """The plan of one run, both lanes in the order of time."""

    seed: int
    minutes: float
    kills: tuple[PlannedKill, ...]
    faults: tuple[Planned, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def chance_of(*words: object) -> random.Random:
    """The same words give the same chances."""
    return random.Random(" ".join(map(str, words)))  # noqa: S311 - no secret


def schedule(seed: int, *, minutes: float, kinds: Collection[str]) -> Schedule:
    """The plan of a run. `kinds` are those that this machine permits; only those of the second
    lane count.
    """
    end = minutes * 60
    known = sorted(set(kinds) & SECONDS.keys())
    return Schedule(
        seed, minutes, tuple(_kills(seed, end=end)), tuple(_faults(seed, end=end, kinds=known))
    )


def _kills(seed: int, *, end: float) -> Iterator[PlannedKill]:
    chance = chance_of(seed, "kills")
    at = SETTLE_SECONDS
    cards = [name for name, times in VICTIMS.items() for _ in range(times)]
    for victim in _rounds(chance, cards):
        if at > end:
            return
        yield PlannedKill(round(at, 2), victim, round(chance.uniform(*KILLED_FOR), 2))
        at += chance.uniform(*KILL_EVERY)


def _faults(seed: int, *, end: float, kinds: list[str]) -> Iterator[Planned]:
    chance = chance_of(seed, "faults")
    stretch = _stretch(kinds, seconds=end - SETTLE_SECONDS)
    at = SETTLE_SECONDS
    for kind in _rounds(chance, kinds):
        least, most = SECONDS[kind]
        lasts = least + (most - least) * stretch * chance.random()
        if at + lasts > end:
            return
        yield Planned(round(at, 2), kind, round(lasts, 2), chance.getrandbits(32))
        at += lasts + RECOVERY_SECONDS


def _stretch(kinds: list[str], *, seconds: float) -> float:
    """From 0 to 1: how much longer than at least faults may last, so that all kinds have a turn."""
    least = sum(SECONDS[kind][0] + RECOVERY_SECONDS for kind in kinds)
    more = sum(most - least for least, most in map(SECONDS.__getitem__, kinds))
    return min(1.0, max(0.0, (seconds - least) / more)) if more else 0.0


def _rounds(chance: random.Random, cards: list[str]) -> Iterator[str]:
    """All cards in some order, then all of them in another, for ever."""
    for _ in itertools.repeat(None) if cards else ():
        yield from chance.sample(cards, len(cards))
