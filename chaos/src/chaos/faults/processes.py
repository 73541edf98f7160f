"""Processes that stand still, that are away for days, or that crawl."""

import asyncio
import contextlib
import random
import signal

import psutil

from chaos.clocks import Clocks
from chaos.faults.fault import Struck
from chaos.rig import Rig
from chaos.supervisor import PROGRAMS, Supervisor
from motcua_local.programs import KINDS, Kind

PAUSED = tuple(name for name in PROGRAMS if name != "identity")
AGENCY_PROGRAMS = tuple(name for name in PROGRAMS if KINDS[name] is Kind.AGENCY)
AWAY_SECONDS = 72 * 3600.0
CRAWL_SECONDS = (1.9, 0.1)
"""Standing still and going on, in turn: shorter than a session, or it would count as dead."""


class Paused:
    """SIGSTOP for longer than a consumer's session; then it goes on as a zombie, which believes
    that its partitions, leases and connections are still its own.
    """

    kind = "pause"

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor

    def hindrance(self, _: Rig, /) -> str | None:
        return None

    async def strike(self, rig: Rig, /, chance: random.Random) -> Struck:
        victim = self._supervisor.take(chance, PAUSED)
        signalled(rig, victim, signal.SIGSTOP)
        return Struck(victim)

    async def heal(self, rig: Rig, /, struck: Struck) -> None:
        signalled(rig, struck.target, signal.SIGCONT)


class AgencyAway:
    """An agency's own system does not run for three days, as far as clocks can be moved: all clocks
    but that of the trust services, whose stamps would be of another time than the signatures.
    """

    kind = "agency-away"

    def __init__(self, supervisor: Supervisor, clocks: Clocks) -> None:
        self._supervisor = supervisor
        self._clocks = clocks

    def hindrance(self, _: Rig, /) -> str | None:
        return None

    async def strike(self, _: Rig, /, chance: random.Random) -> Struck:
        victim = self._supervisor.take(chance, AGENCY_PROGRAMS)
        await self._supervisor.kill(victim)
        moved = self._clocks.hindrance() is None
        if moved:
            for name in self._others(victim):
                self._clocks.move(name, AWAY_SECONDS)
        return Struck(victim, {"hours": AWAY_SECONDS / 3600 if moved else 0})

    async def heal(self, _: Rig, /, struck: Struck) -> None:
        for name in self._others(struck.target):
            self._clocks.put_right(name)
        await self._supervisor.start(struck.target)

    def _others(self, victim: str) -> list[str]:
        return [name for name in PROGRAMS if name not in {victim, "trust"}]


class AgencySlow:
    """An agency's own system gets next to no time to work in: twenty times slower."""

    kind = "agency-slow"

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._crawling: asyncio.Task[None] | None = None

    def hindrance(self, _: Rig, /) -> str | None:
        return None

    async def strike(self, rig: Rig, /, chance: random.Random) -> Struck:
        victim = self._supervisor.take(chance, AGENCY_PROGRAMS)
        self._crawling = asyncio.create_task(_crawl(rig, victim))
        return Struck(victim)

    async def heal(self, rig: Rig, /, struck: Struck) -> None:
        if self._crawling:
            self._crawling.cancel()
        signalled(rig, struck.target, signal.SIGCONT)


async def _crawl(rig: Rig, victim: str) -> None:
    still, going = CRAWL_SECONDS
    while True:
        signalled(rig, victim, signal.SIGSTOP)
        await asyncio.sleep(still)
        signalled(rig, victim, signal.SIGCONT)
        await asyncio.sleep(going)


def signalled(rig: Rig, name: str, number: signal.Signals) -> None:
    """Send it if there is somebody to get it."""
    process = rig.stack.process(name).running()
    with contextlib.suppress(psutil.NoSuchProcess):
        if process:
            process.send_signal(number)
