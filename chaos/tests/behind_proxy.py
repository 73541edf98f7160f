"""A server of the test's own behind one edge of the real proxy, and clients that come through."""

import asyncio
import contextlib
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from chaos.edges import Edges
from chaos.proxies import Proxies
from motcua_local.credentials import Credentials
from motcua_local.ports import HOST
from motcua_local.surroundings import Surroundings

EDGE = "intake->postgres"
SOON = 30.0
"""Seconds for what should come at once, on a machine that has much else to do."""

_NOBODY = 9
"""The port `discard`: nobody listens there."""
_OTHERS = ("mail-smtp", "vnpay", "trust", "payment", "intake", "certification", "notification")

T = TypeVar("T")
Ends = tuple[StreamReader, StreamWriter]


def surroundings(folder: Path, *, postgres: int) -> Surroundings:
    """Of all that a stack has, one thing is there."""
    ports = dict.fromkeys(_OTHERS, _NOBODY) | {"postgres": postgres}
    return Surroundings(folder, ports, Credentials(folder))


async def soon(awaited: Awaitable[T]) -> T:
    return await asyncio.wait_for(awaited, SOON)


@dataclass
class Pair:
    """The two ends of a connection through the proxy."""

    client: Ends
    server: Ends

    def send(self, content: bytes) -> None:
        self.client[1].write(content)

    def answer(self, content: bytes) -> None:
        self.server[1].write(content)

    async def arrives(self, count: int) -> bytes:
        return await soon(self.server[0].readexactly(count))

    async def comes_back(self, count: int) -> bytes:
        return await soon(self.client[0].readexactly(count))

    async def all_is_well(self) -> None:
        """Both ways carry bytes, and nothing stands before them."""
        self.send(b"well?")
        assert await self.arrives(5) == b"well?"
        self.answer(b"well.")
        assert await self.comes_back(5) == b"well."


class Door:
    """Connections through the edge."""

    def __init__(self, proxies: Proxies) -> None:
        self.proxies = proxies
        self.port = proxies.edges.ports_of(EDGE)[0]
        self._arrived = asyncio.Queue[Ends]()
        self._opened: list[StreamWriter] = []

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """The server hands each connection over to the test."""
        self._opened.append(writer)
        await self._arrived.put((reader, writer))

    async def knock(self) -> Ends:
        ends = await soon(asyncio.open_connection(HOST, self.port))
        self._opened.append(ends[1])
        return ends

    async def enter(self) -> Pair:
        client = await self.knock()
        return Pair(client, await soon(self._arrived.get()))

    async def left(self) -> None:
        """Nobody is in the way of the next test, and nothing is done to it."""
        await self.proxies.heal(EDGE)
        for writer in self._opened:
            writer.transport.abort()
        self._opened.clear()
        while not self._arrived.empty():
            self._arrived.get_nowait()


@asynccontextmanager
async def opened(folder: Path) -> AsyncGenerator[Door]:
    """The server and the proxy's process."""
    proxies = Proxies(Edges(folder))
    door = Door(proxies)
    async with await asyncio.start_server(door.serve, HOST, 0) as server:
        port = server.sockets[0].getsockname()[1]
        await proxies.start(surroundings(folder, postgres=port))
        try:
            yield door
        finally:
            await proxies.stop()


async def nothing_comes(reader: StreamReader) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.3)


async def is_reset(reader: StreamReader) -> None:
    with pytest.raises(ConnectionResetError):
        await soon(reader.read())


async def is_over(reader: StreamReader) -> None:
    """However it ended: what was not read when it was closed makes it a reset."""
    with contextlib.suppress(ConnectionResetError):
        while await soon(reader.read(65536)):
            pass
