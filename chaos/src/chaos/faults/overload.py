"""Five times as much at once."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from chaos.faults.fault import Struck
from chaos.rig import Rig

FACTOR = 5.0
LONGEST_SECONDS = 600.0

Burst = Callable[[float, float], Awaitable[None]]
"""So many times as much at once, for so many seconds or until it is cancelled."""


class Overload:
    """Everybody comes at once."""

    kind = "overload"

    def __init__(self, burst: Burst) -> None:
        self._burst = burst
        self._bursting: asyncio.Future[None] | None = None

    def hindrance(self, _: Rig, /) -> str | None:
        return None

    async def strike(self, _: Rig, /, chance: random.Random) -> Struck:
        del chance
        self._bursting = asyncio.ensure_future(self._burst(FACTOR, LONGEST_SECONDS))
        return Struck("people", {"factor": FACTOR})

    async def heal(self, _: Rig, /, struck: Struck) -> None:
        del struck
        if self._bursting:
            self._bursting.cancel()
            await asyncio.gather(self._bursting, return_exceptions=True)
