"""The nemesis: carries out a schedule, writes down what it breaks and heals, and counts.

Two lanes go side by side. In one, single processes are killed and started again, one at a time. In
the other, faults come one after the other: struck, healed, then waited for until all goes on.
Whatever ends it, `stop` heals what is still broken.
"""

import asyncio
import random
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from chaos.faults.fault import Fault, Struck
from chaos.faults.kill import Kill
from chaos.recovery import Recovery, recovered
from chaos.rig import Rig
from chaos.schedule import Planned, PlannedKill, Schedule, chance_of
from chaos.supervisor import PROGRAMS, Supervisor

T = TypeVar("T")

READY_SECONDS = 20.0
"""How long one who was killed is waited for before the next is."""
TRIES = 3
"""How often it is tried to heal something before the nemesis gives up."""

Recovered = Callable[[Rig], Awaitable[Recovery]]


class Nemesis:
    """Carries out one schedule on one rig. `faults` are by kind; those that this machine does not
    permit are in the rig's `not_run`.
    """

    def __init__(
        self,
        rig: Rig,
        schedule: Schedule,
        *,
        faults: Mapping[str, Fault],
        supervisor: Supervisor,
        recovered: Recovered = recovered,
    ) -> None:
        self.doing = "nothing yet"
        """What the second lane does now, for people who watch."""
        self.kills = 0
        self.faults = Counter[str]()
        """How many faults were struck, by kind, without the kills."""
        self.recoveries: dict[str, list[float]] = defaultdict(list)
        """How many seconds it took until all went on, by kind."""
        self._rig = rig
        self._schedule = schedule
        self._known = faults
        self._supervisor = supervisor
        self._recovered = recovered
        self._broken: dict[str, tuple[Fault, Struck]] = {}
        self._in_hand: set[asyncio.Task[Any]] = set()
        self._began = 0.0

    async def run(self) -> None:
        """Until the schedule's end or a cancellation; `stop` must follow."""
        self._began = time.monotonic()
        watching = asyncio.create_task(self._supervisor.watch())
        try:
            async with asyncio.TaskGroup() as lanes:
                lanes.create_task(self._kill_one_by_one())
                lanes.create_task(self._break_one_by_one())
        finally:
            watching.cancel()

    async def stop(self) -> None:
        """Heal what is still broken, and start what does not run."""
        while self._in_hand:
            await asyncio.wait(self._in_hand)
        for fault_id in list(self._broken):
            await self._heal(fault_id)
            self._rig.history.heal(fault_id, stopped=True)
        self._supervisor.let_go()
        await asyncio.to_thread(self._rig.stack.engines.start)
        await self._supervisor.start_all()
        self.doing = "nothing any more"

    async def _kill_one_by_one(self) -> None:
        for planned in self._schedule.kills:
            if not await self._is_time(planned.at):
                return
            if victim := await self._victim(planned):
                await self._kill(victim, planned.seconds)

    async def _break_one_by_one(self) -> None:
        for planned in self._schedule.faults:
            if not await self._is_time(planned.at):
                return
            await self._break(planned)

    async def _is_time(self, at: float) -> bool:
        """Wait for it; False once the run is over."""
        await asyncio.sleep(self._began + at - time.monotonic())
        return time.monotonic() < self._began + self._schedule.minutes * 60

    async def _victim(self, planned: PlannedKill) -> str | None:
        """Whom to kill: as planned, or, while a fault has that one in hand or it has not come back
        from an earlier kill, somebody else.
        """
        others = sorted(set(PROGRAMS) - {planned.victim, "identity"})
        chance = chance_of(self._schedule.seed, "instead", planned.at)
        for name in (planned.victim, *chance.sample(others, len(others))):
            if await self._supervisor.is_up(name) and self._supervisor.is_free(name):
                return name
        return None

    async def _kill(self, victim: str, seconds: float) -> None:
        began = time.monotonic()
        kill = Kill(self._supervisor, victim)
        fault_id = await self._surely(self._strike(kill, chance_of()))
        if fault_id is None:
            return
        self.kills += 1
        await asyncio.sleep(seconds)
        await self._surely(self._heal(fault_id))
        if await self._supervisor.until_ready(victim, within=READY_SECONDS):
            recovery = Recovery(time.monotonic() - began, ())
        else:
            recovery = Recovery(READY_SECONDS, (f"{victim} ready",))
        self._note(fault_id, kill.kind, recovery)

    async def _break(self, planned: Planned) -> None:
        fault = self._known[planned.kind]
        self.doing = f"{planned.kind}: striking"
        chance = chance_of(planned.seed)
        fault_id = await self._surely(self._strike(fault, chance))
        if fault_id is None:
            return
        self.faults[planned.kind] += 1
        self.doing = f"{planned.kind}: {self._broken[fault_id][1].target}"
        await asyncio.sleep(planned.seconds)
        self.doing = f"{planned.kind}: healing"
        await self._surely(self._heal(fault_id))
        self.doing = f"{planned.kind}: coming back"
        self._note(fault_id, planned.kind, await self._recovered(self._rig))

    async def _surely(self, work: Coroutine[Any, Any, T]) -> T:
        """Go through with it, even if this lane is cancelled meanwhile."""
        task = asyncio.create_task(work)
        self._in_hand.add(task)
        task.add_done_callback(self._in_hand.discard)
        return await asyncio.shield(task)

    async def _strike(self, fault: Fault, chance: random.Random) -> str | None:
        """The fault's id; None where it could not be struck."""
        at = _now()
        try:
            struck = await fault.strike(self._rig, chance)
        except Exception as error:  # noqa: BLE001 - the run goes on; what failed is told
            self._rig.history.note("fault-failed", fault=fault.kind, error=repr(error))
            self._let_go(fault)
            return None
        told = {"struckAt": at, **struck.details}
        fault_id = self._rig.history.fault(fault.kind, struck.target, **told)
        self._broken[fault_id] = (fault, struck)
        return fault_id

    async def _heal(self, fault_id: str) -> None:
        fault, struck = self._broken[fault_id]
        for _ in range(TRIES):
            try:
                await fault.heal(self._rig, struck)
            except Exception as error:  # noqa: BLE001 - as above
                self._rig.history.note("heal-failed", faultId=fault_id, error=repr(error))
                await asyncio.sleep(1)
            else:
                del self._broken[fault_id]
                self._let_go(fault)
                return

    def _let_go(self, fault: Fault) -> None:
        if not isinstance(fault, Kill):
            self._supervisor.let_go()

    def _note(self, fault_id: str, kind: str, recovery: Recovery) -> None:
        if not recovery.missing:
            self.recoveries[kind].append(recovery.seconds)
        self._rig.history.heal(fault_id, **recovery.as_details())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
