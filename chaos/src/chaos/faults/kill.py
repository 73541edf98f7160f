"""SIGKILL of one process, as a crash would."""

import random

from chaos.faults.fault import Struck
from chaos.rig import Rig
from chaos.supervisor import Supervisor


class Kill:
    """The kill of one program, which is started again when it is healed."""

    kind = "kill"

    def __init__(self, supervisor: Supervisor, victim: str) -> None:
        self._supervisor = supervisor
        self._victim = victim

    def hindrance(self, _: Rig) -> str | None:
        return None

    async def strike(self, _: Rig, chance: random.Random) -> Struck:
        del chance
        self._supervisor.hold([self._victim])
        pid = await self._supervisor.kill(self._victim)
        return Struck(self._victim, {"pid": pid})

    async def heal(self, _: Rig, struck: Struck) -> None:
        await self._supervisor.start(struck.target)
        self._supervisor.release([struck.target])
