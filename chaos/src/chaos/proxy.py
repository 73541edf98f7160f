"""The TCP fault proxy: `python -m chaos.proxy routes.json`, a process of its own.

It listens on many ports of this machine and leads every connection to another port, as the toxics
of its edge let it. An undisturbed one costs a callback for each piece of data. Where one side does
not read, the other is soon not read from either: nothing piles up in here.

It is told over a loopback port, one JSON object a line: `{"edge": "intake->kafka", "toxics": {…}}`
takes the place of what was done to the edge, `{"edge": …}` alone asks for the figures. Whoever can
open a port of this machine may speak: it is no part of anything that serves people.
"""

import asyncio
import contextlib
import json
import resource
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import uvloop

from chaos.connection import Connection, End, Stream
from chaos.toxics import DIRECTIONS, Direction, Down, ResetPeer, Toxics, read_toxics
from motcua_local.ports import HOST


class Edge:
    """The way of one client to one server, which has several ports if it is a cluster."""

    def __init__(self, routes: Sequence[tuple[int, int]]) -> None:
        self._routes = routes
        self._listening: list[asyncio.Server] = []
        self._reset: ResetPeer | None = None
        self.streams: dict[Direction, Stream] = {name: Stream() for name in DIRECTIONS}
        self.connections: set[Connection] = set()

    async def put(self, toxics: Toxics) -> None:
        self.streams["upstream"].put(toxics.upstream)
        self.streams["downstream"].put(toxics.downstream)
        resets = (toxic for toxic in toxics.whole if isinstance(toxic, ResetPeer))
        self._reset = next(resets, None)
        for connection in [*self.connections]:
            self._reset_in_time(connection)
        if any(isinstance(toxic, Down) for toxic in toxics.whole):
            self._close()
        else:
            await self.open()

    async def open(self) -> None:
        if self._listening:
            return
        loop = asyncio.get_running_loop()
        try:
            for listens, leads_to in self._routes:
                accept = partial(self._accept, leads_to)
                server = await loop.create_server(accept, HOST, listens, backlog=1024)
                self._listening.append(server)
        except OSError:
            self._close()  # all or none, so that it can be tried again
            raise

    def _accept(self, leads_to: int) -> End:
        up, down = (self.streams[direction] for direction in DIRECTIONS)
        return Connection(up, down, leads_to=leads_to, crowd=self).client

    def _close(self) -> None:
        for server in self._listening:
            server.close()
        self._listening.clear()
        for connection in [*self.connections]:
            connection.reset()

    def joined(self, connection: Connection) -> None:
        self.connections.add(connection)
        self._reset_in_time(connection)

    def left(self, connection: Connection) -> None:
        self.connections.discard(connection)

    def _reset_in_time(self, connection: Connection) -> None:
        toxic = self._reset
        if toxic is not None:
            loop = asyncio.get_running_loop()
            loop.call_later(toxic.timeout / 1000, self._reset_for, toxic, connection)

    def _reset_for(self, toxic: ResetPeer, connection: Connection) -> None:
        if self._reset is toxic:
            connection.reset()

    def figures(self) -> dict[str, int]:
        held = sum(flow.held for connection in self.connections for flow in connection.flows)
        passed = {name: stream.passed for name, stream in self.streams.items()}
        return {"connections": len(self.connections), "held": held, **passed}


class Control:
    """Answers the rig: one line in, one line out."""

    def __init__(self, edges: Mapping[str, Edge]) -> None:
        self._edges = edges

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer):
            while line := await reader.readline():
                writer.write(json.dumps(await self._answer(line)).encode() + b"\n")
                await writer.drain()

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            asked = json.loads(line)
            edge = self._edges[asked["edge"]]
            if "toxics" in asked:
                await edge.put(read_toxics(asked["toxics"]))
        except (KeyError, TypeError, ValueError, OSError) as error:
            return {"error": repr(error)}
        return edge.figures()


async def _serve(control_port: int, routes: Mapping[str, Sequence[tuple[int, int]]]) -> None:
    edges = {name: Edge(ports) for name, ports in routes.items()}
    for edge in edges.values():
        await edge.open()
    control = await asyncio.start_server(Control(edges).serve, HOST, control_port)
    await control.serve_forever()


def main() -> None:
    """Serve what the file says: `{"control": port, "routes": {edge: [[listens, leads to], …]}}`."""
    told = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    uvloop.run(_serve(told["control"], told["routes"]))


if __name__ == "__main__":
    main()
