"""The clock of one program, or of both engines, jumps, and later jumps back."""

import random

from chaos.clocks import ENGINES, Clocks
from chaos.faults.fault import Struck
from chaos.rig import Rig
from chaos.supervisor import PROGRAMS

HOUR = 3600.0
JUMPS = (-HOUR, HOUR, 30 * 24 * HOUR)
ENGINE_JUMPS = (-HOUR, HOUR)
"""A broker that is a month ahead throws away what it promised to keep for two weeks."""


class ClockJump:
    """One hour back, one hour ahead, or a month ahead."""

    kind = "clock-jump"

    def __init__(self, clocks: Clocks) -> None:
        self._clocks = clocks

    def hindrance(self, _: Rig, /) -> str | None:
        return self._clocks.hindrance()

    async def strike(self, _: Rig, /, chance: random.Random) -> Struck:
        victim = chance.choice((*PROGRAMS, ENGINES))
        seconds = chance.choice(ENGINE_JUMPS if victim == ENGINES else JUMPS)
        self._clocks.move(victim, seconds)
        return Struck(victim, {"seconds": seconds})

    async def heal(self, _: Rig, /, struck: Struck) -> None:
        self._clocks.put_right(struck.target)
