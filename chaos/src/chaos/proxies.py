"""The rig's hold on the fault proxy: started and stopped, told what to do to which edge."""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from chaos.edges import EDGES, Edges
from chaos.toxics import Toxics
from motcua_local.folders import write_secret
from motcua_local.ports import HOST, is_free
from motcua_local.processes import Command
from motcua_local.surroundings import Surroundings

_NOTHING = Toxics()


class ProxyRefusedError(Exception):
    """The proxy does not know such an edge, or could not do it, or is gone."""


class Proxies:
    """One proxy process for all edges of a stack. It must be up before the programs are."""

    def __init__(self, edges: Edges) -> None:
        self.edges = edges
        self._control: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def start(self, around: Surroundings) -> None:
        """Begin without any toxic; what ran of it is stopped, and all connections with it."""
        await self.stop()
        await asyncio.to_thread(self._start, around)

    async def stop(self) -> None:
        if self._control:
            self._control[1].close()
            self._control = None
        await asyncio.to_thread(self.edges.process.stop)

    async def put(self, edge: str, toxics: Toxics) -> None:
        """Do this to an edge (`intake->kafka`) from now on, in place of what was done to it."""
        await self._ask({"edge": edge, "toxics": toxics.written()})

    async def heal(self, edge: str) -> None:
        """Do nothing more to the edge. What was held back goes on."""
        await self.put(edge, _NOTHING)

    async def heal_all(self) -> None:
        for edge in EDGES:
            await self.heal(edge)

    @asynccontextmanager
    async def disturbed(self, edge: str, toxics: Toxics) -> AsyncGenerator[None]:
        """Toxics for the length of a block."""
        await self.put(edge, toxics)
        try:
            yield
        finally:
            await self.heal(edge)

    async def figures(self, edge: str) -> dict[str, int]:
        """Open `connections`, bytes `held` back now, bytes that passed `upstream`, `downstream`."""
        return await self._ask({"edge": edge})

    def _start(self, around: Surroundings) -> None:
        routes = {
            name: [(route.listens, route.leads_to) for route in routes]
            for name, routes in self.edges.routes(around).items()
        }
        told = self.edges.folder / "proxy.json"
        content = {"control": self.edges.control_port, "routes": routes}
        write_secret(told, json.dumps(content, indent=2))
        argv = (sys.executable, "-m", "chaos.proxy", str(told))
        self.edges.process.start(Command(argv, cwd=self.edges.folder))
        self.edges.process.wait_until(self._listens, within=30)

    def _listens(self) -> bool:
        return not is_free(self.edges.control_port)

    async def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        async with self._one_at_a_time:
            if self._control is None:
                self._control = await asyncio.open_connection(HOST, self.edges.control_port)
            reader, writer = self._control
            writer.write(json.dumps(question).encode() + b"\n")
            line = await reader.readline()
        answer: dict[str, Any] = json.loads(line or '{"error": "it does not answer"}')
        if "error" in answer:
            raise ProxyRefusedError(f"{question['edge']}: {answer['error']}")
        return answer
