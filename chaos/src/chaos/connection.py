"""One connection through the proxy: two sockets, and what flows between them both ways."""

import asyncio
import contextlib
import random
import socket
import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, cast

from chaos.toxics import Bandwidth, Latency, Limit, OneWay, Slicer, Timeout
from motcua_local.ports import HOST

HOLDS = 256 * 1024
"""So many bytes of one direction of a connection may wait in here; then its source is not read."""

_BEATS = 20
"""A slow edge gets its bytes in so many portions a second."""
_ON_RESET = struct.pack("ii", 1, 0)

Ending = Literal["end of file", "reset"]


@dataclass
class Piece:
    """What arrived, when, and how much of the jitter is its own: from -1 to 1."""

    content: memoryview | Ending
    arrived: float
    share: float


class Stream:
    """One direction of an edge: what is done to it, and what passed, on all its connections."""

    def __init__(self) -> None:
        self.toxics: tuple[OneWay, ...] = ()
        self.passed = 0
        self._changed = asyncio.Event()

    def put(self, toxics: tuple[OneWay, ...]) -> None:
        self.toxics = toxics
        self._changed.set()
        self._changed = asyncio.Event()

    async def change(self, within: float | None) -> None:
        """Until something else is done to it, but no longer than `within` seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), within)


class Flow:
    """One direction of one connection."""

    def __init__(self, connection: "Connection", stream: Stream, way: tuple["End", "End"]) -> None:
        self._connection = connection
        self._stream = stream
        self._source, self._sink = way
        self._waiting: deque[Piece] = deque()
        self.held = 0
        self.ended = False
        self._writable = asyncio.Event()
        self._reading = True
        self._pumping: asyncio.Task[None] | None = None
        self._felt: tuple[OneWay, ...] = ()
        self._free_at = 0.0
        self._allowed: int | None = None

    def take(self, content: bytes | Ending) -> None:
        if self._connection.over:
            return
        if self._pumping is None and self._writable.is_set() and not self._stream.toxics:
            self._pass(content)
        else:
            self._keep(content)
            self._pumping = self._pumping or asyncio.create_task(self._pump())

    def writable(self, *, now: bool) -> None:
        (self._writable.set if now else self._writable.clear)()
        self._throttle()

    def stop(self) -> None:
        if self._pumping:
            self._pumping.cancel()

    def _keep(self, content: bytes | Ending) -> None:
        if isinstance(content, bytes):
            self.held += len(content)
            self._throttle()
        kept = memoryview(content) if isinstance(content, bytes) else content
        share = random.uniform(-1, 1)  # noqa: S311 - not a secret
        self._waiting.append(Piece(kept, asyncio.get_running_loop().time(), share))

    async def _pump(self) -> None:
        while self._waiting and not self._connection.over:
            await self._writable.wait()
            self._feel()
            seconds = self._wait(self._waiting[0])
            if seconds is None or seconds > 0:
                await self._stream.change(within=seconds)
                continue
            self._pass(self._next_portion(self._waiting[0]))
        self._pumping = None

    def _feel(self) -> None:
        """A toxic begins to count when it is put on."""
        if self._felt is not self._stream.toxics:
            self._felt = self._stream.toxics
            self._free_at = 0
            limits = (toxic.bytes for toxic in self._felt if isinstance(toxic, Limit))
            self._allowed = next(limits, None)

    def _wait(self, first: Piece) -> float | None:
        """Seconds until something may pass; None while nothing may."""
        due = self._free_at
        for toxic in self._felt:
            if isinstance(toxic, Timeout):
                return None
            if isinstance(toxic, Latency):
                late = toxic.latency + toxic.jitter * first.share
                due = max(due, first.arrived + late / 1000)
        return due - asyncio.get_running_loop().time()

    def _next_portion(self, first: Piece) -> bytes | memoryview | Ending:
        if isinstance(first.content, str):
            self._waiting.popleft()
            return first.content
        size = self._portion(len(first.content))
        portion, first.content = first.content[:size], first.content[size:]
        if not first.content:
            self._waiting.popleft()
        self.held -= size
        self._throttle()
        return portion

    def _portion(self, size: int) -> int:
        """How much of so many bytes passes now; what follows waits for it."""
        for toxic in self._felt:
            if isinstance(toxic, Slicer):
                size = min(size, _slice(toxic))
            elif isinstance(toxic, Bandwidth):
                size = min(size, max(1, int(toxic.rate * 1000 / _BEATS)))
        if self._allowed is not None:
            size = min(size, self._allowed)
            self._allowed -= size
        pause = sum(_pause(toxic, size) for toxic in self._felt)
        self._free_at = max(self._free_at, asyncio.get_running_loop().time()) + pause
        return size

    def _pass(self, content: bytes | memoryview | Ending) -> None:
        if content == "reset":
            self._connection.reset()
        elif content == "end of file":
            self.ended = True
            self._sink.end()
            self._connection.close_if_ended()
        else:
            self._stream.passed += len(content)
            self._sink.write(cast("bytes", content))
        if self._allowed == 0:
            self._connection.close()

    def _throttle(self) -> None:
        reading = self.held <= HOLDS and self._writable.is_set()
        if reading != self._reading:
            self._reading = reading
            self._source.read(wanted=reading)


def _slice(toxic: Slicer) -> int:
    variation = random.randint(-toxic.size_variation, toxic.size_variation)  # noqa: S311
    return max(1, toxic.average_size + variation)


def _pause(toxic: OneWay, size: int) -> float:
    """Seconds that pass before anything follows so many bytes."""
    match toxic:
        case Bandwidth(rate=rate):
            return size / (rate * 1000)
        case Slicer(delay=delay):
            return delay / 1_000_000
        case _:
            return 0


class End(asyncio.Protocol):
    """One of the two sockets of a connection."""

    outward: Flow
    inward: Flow

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._transport: asyncio.Transport | None = None
        self._ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._connection.made(self)

    def data_received(self, data: bytes) -> None:
        self.outward.take(data)

    def eof_received(self) -> bool:
        self._ended = True
        self.outward.take("end of file")
        return True  # the other direction goes on

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._connection.lost(self)

    def pause_writing(self) -> None:
        self.inward.writable(now=False)

    def resume_writing(self) -> None:
        self.inward.writable(now=True)

    def read(self, *, wanted: bool) -> None:
        if (transport := self._open()) and not self._ended:
            (transport.resume_reading if wanted else transport.pause_reading)()

    def write(self, content: bytes) -> None:
        if transport := self._open():
            transport.write(content)

    def end(self) -> None:
        if transport := self._open():
            transport.write_eof()

    def close(self) -> None:
        """Once all that was written is sent."""
        if transport := self._open():
            transport.close()

    def reset(self) -> None:
        if transport := self._open():
            own = cast("socket.socket", transport.get_extra_info("socket"))
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ON_RESET)
            transport.abort()

    def _open(self) -> asyncio.Transport | None:
        """The transport, unless it has not come yet or is on its way out."""
        transport = self._transport
        return None if transport is None or transport.is_closing() else transport


class Crowd(Protocol):
    """Who knows all connections of an edge."""

    def joined(self, connection: "Connection") -> None: ...

    def left(self, connection: "Connection") -> None: ...


class Connection:
    """A client's socket, the one to the server, and what flows between them both ways."""

    def __init__(self, up: Stream, down: Stream, *, leads_to: int, crowd: "Crowd") -> None:
        self.over = False
        self._leads_to = leads_to
        self._crowd = crowd
        self.client, self.server = End(self), End(self)
        self.flows = (
            Flow(self, up, (self.client, self.server)),
            Flow(self, down, (self.server, self.client)),
        )
        self.client.outward = self.server.inward = self.flows[0]
        self.client.inward = self.server.outward = self.flows[1]
        self._reaching: asyncio.Task[None] | None = None

    def made(self, end: End) -> None:
        end.inward.writable(now=True)
        if end is self.client:
            self._crowd.joined(self)
            self._reaching = asyncio.create_task(self._reach())

    async def _reach(self) -> None:
        """Where nobody listens the client is reset: the refusal it would get can no more be had."""
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: self.server, HOST, self._leads_to)
        except OSError:
            self.reset()
        else:
            if self.over:
                self.server.reset()

    def lost(self, end: End) -> None:
        """One side is gone, unasked: the other hears of it as soon as it would hear anything."""
        if not self.over:
            end.inward.writable(now=False)
            end.outward.take("reset")

    def close_if_ended(self) -> None:
        if all(flow.ended for flow in self.flows):
            self.close()

    def close(self) -> None:
        self._leave(End.close)

    def reset(self) -> None:
        self._leave(End.reset)

    def _leave(self, how: Callable[[End], None]) -> None:
        if not self.over:
            self.over = True
            self._crowd.left(self)
            for end, flow in zip((self.client, self.server), self.flows, strict=True):
                how(end)
                flow.stop()
