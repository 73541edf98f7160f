"""Where a run takes place: an empty stack, every program of it behind the fault proxy."""

import asyncio
import json
import shutil
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from chaos.clocks import Clocks
from chaos.edges import Edges, routed
from chaos.faults.chest import clear_remains
from chaos.faults.disks import Disks
from chaos.history import History
from chaos.proxies import Proxies
from chaos.rig import Rig
from motcua_local.fresh import alone_with, empty
from motcua_local.programs import programs
from motcua_local.stack import Catalogue, Stack

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Stage:
    """The rig, and what faults take hold of."""

    rig: Rig
    proxies: Proxies
    clocks: Clocks
    disks: Disks


@dataclass(frozen=True)
class Place:
    """The folders of a run, and what the stack in it is made of."""

    folder: Path
    seed: int
    brokers: int = 1
    catalogue: Catalogue = programs

    @property
    def stack(self) -> Path:
        return self.folder / "stack"

    @property
    def run(self) -> Path:
        """Where the run is saved."""
        return self.folder / f"run-{self.seed}"


@asynccontextmanager
async def stage(place: Place, tell: Tell) -> AsyncGenerator[Stage]:
    """Everything up and empty; taken down at the end, however it comes."""
    with alone_with(place.stack):
        edges, clocks = Edges(place.stack, brokers=place.brokers), Clocks(place.stack)
        stack = Stack(
            place.stack,
            tell=lambda name, what: tell(f"{name}: {what}"),
            catalogue=clocks.set_in(routed(place.catalogue, edges)),
            brokers=place.brokers,
            listeners=edges.listeners,
        )
        proxies, disks = Proxies(edges), Disks(place.stack)
        await asyncio.to_thread(_clear, stack, clocks, disks)
        shutil.rmtree(place.run, ignore_errors=True)
        history = History(place.run / "history.jsonl")
        try:
            await proxies.start(stack.surroundings())
            await asyncio.to_thread(stack.up)
            endpoints = json.loads(stack.endpoints_file.read_text())
            doors = edges.doors(endpoints)
            rig = Rig(stack, place.run, history, endpoints, doors, place.seed, place.brokers)
            yield Stage(rig, proxies, clocks, disks)
        finally:
            history.close()
            await asyncio.to_thread(stack.down)
            await proxies.stop()
            await asyncio.to_thread(clear_remains, place.stack)


def _clear(stack: Stack, clocks: Clocks, disks: Disks) -> None:
    clear_remains(stack.folder)
    empty(stack)
    clocks.put_all_right()
    clocks.set_for_engines()
    disks.prepare(stack)
