"""Lines of JSON between a service and processes of its own, over a socket."""

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Self

from pydantic import BaseModel

from certification.seclusion import seclude
from chassis import logging

_LONGEST = 1024 * 1024


class Ready(BaseModel):
    """The first line of such a process: it can begin."""


class Talk:
    """One end of it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def over(cls, end: socket.socket) -> Self:
        return cls(*await asyncio.open_connection(sock=end, limit=_LONGEST))

    async def say(self, line: BaseModel) -> None:
        self._writer.write(line.model_dump_json().encode() + b"\n")
        await self._writer.drain()

    async def hear(self) -> bytes | None:
        """The next line; None when the other end is closed."""
        return await self._reader.readline() or None

    def close(self) -> None:
        self._writer.close()


def main(work: Callable[[Talk], Awaitable[None]]) -> None:
    """What such a process does: `work` until the other end is closed, so that it does not outlive
    its service by more than what it has in hand. Signals to the service's group are not for it: a
    signature is not broken off. What it is told is read by nobody else.
    """
    seclude()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    logging.configure("certification", fields=("job",))
    # What the imports left behind is kept anyway, and a copy makes a million short-lived objects.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    asyncio.run(_connected(work, socket.socket(fileno=int(sys.argv[1]))))


async def _connected(work: Callable[[Talk], Awaitable[None]], end: socket.socket) -> None:
    talk = await Talk.over(end)
    try:
        await work(talk)
    finally:
        talk.close()
