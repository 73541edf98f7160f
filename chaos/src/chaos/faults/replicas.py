"""A storm of rebalances: every two seconds a further replica of one service comes or goes."""

import asyncio
import random
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from chaos.faults.fault import Struck
from chaos.faults.processes import signalled
from chaos.rig import Rig
from chaos.supervisor import Supervisor, answers
from motcua_local.ports import HOST
from motcua_local.processes import DetachedProcess
from motcua_local.surroundings import SERVICES

EVERY_SECONDS = 2.0
AT_ONCE = 3
"""Beside the one that is always there."""


class RebalanceStorm:
    """Up to four members of each of a service's groups: they join, leave, and die without a word.
    Each is a whole replica, with a relay and a dispatcher that want to work, too.
    """

    kind = "rebalance-storm"

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._storm: asyncio.Task[None] | None = None

    def hindrance(self, _: Rig, /) -> str | None:
        return None

    async def strike(self, rig: Rig, /, chance: random.Random) -> Struck:
        service = self._supervisor.take(chance, SERVICES)
        replicas = Replicas(rig, self._supervisor, service)
        self._storm = asyncio.create_task(replicas.come_and_go(chance))
        return Struck(service)

    async def heal(self, rig: Rig, /, struck: Struck) -> None:
        del struck
        if self._storm:
            self._storm.cancel()
            await asyncio.gather(self._storm, return_exceptions=True)
        await asyncio.to_thread(end_replicas, rig.stack.folder)


class Replicas:
    """The further replicas of one service."""

    def __init__(self, rig: Rig, supervisor: Supervisor, service: str) -> None:
        self._rig = rig
        self._service = service
        self._command = supervisor.programs[service].command

    async def come_and_go(self, chance: random.Random) -> None:
        """Until cancelled. Who is on the way may arrive, or on a busy machine none ever would."""
        for name in self._names():
            await self._start(name)
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            name = chance.choice(self._names())
            if self._rig.stack.process(name).running() is None:
                await self._start(name)
            elif await answers(f"http://{HOST}:{self._port(name)}/readyz"):
                signalled(self._rig, name, chance.choice((signal.SIGKILL, signal.SIGTERM)))

    async def _start(self, name: str) -> None:
        await asyncio.shield(asyncio.to_thread(self.start, name))

    def start(self, name: str) -> None:
        self._rig.stack.engines.ports.claim(name)
        own = {f"{self._service.upper()}_HTTP_PORT": str(self._port(name))}
        environment = {**self._command.environment, **own}
        self._rig.stack.process(name).start(replace(self._command, environment=environment))

    def _port(self, name: str) -> int:
        return self._rig.stack.engines.ports.remembered()[name]

    def _names(self) -> list[str]:
        return _names(self._service)


def end_replicas(folder: Path) -> None:
    """End all that still run, also those of a run that crashed."""
    for process in _processes(folder):
        process.kill()


def _processes(folder: Path) -> Iterator[DetachedProcess]:
    for service in SERVICES:
        yield from (DetachedProcess(name, folder) for name in _names(service))


def _names(service: str) -> list[str]:
    return [f"{service}-replica-{number}" for number in range(1, AT_ONCE + 1)]
