"""Processes that do one job after another, a few of them, behind a queue of bounded length.

One that dies takes its job with it and no other; the next job gets a new one. Whoever gives a job
up ends the process that has it: a security module that hangs would hold it for ever. One that has
yet to start is left starting: on a busy machine none would ever come, were each try to begin anew.
"""

import asyncio
import socket
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import structlog
from pydantic import BaseModel

from certification import metrics
from certification.lines import Talk
from chassis.errors import Transient

START_SECONDS = 60.0
"""Its libraries are large: seconds on a quiet machine."""

log = structlog.get_logger(__name__)


class QueueFull(Transient):
    """As many jobs wait as may; this one was not begun."""

    retry_after = 1.0


class Interrupted(Transient):
    """The process died over the job: whether it was done is not known."""

    retry_after = 1.0


@dataclass(frozen=True)
class Program:
    """A module that is run, and what it is told first: there a secret goes, for arguments and the
    environment can be seen from outside.
    """

    name: str
    """For metrics and logs."""
    module: str
    environment: Mapping[str, str]
    greeting: BaseModel | None = None


class Pool:
    """Its processes start when there is work for them."""

    def __init__(self, program: Program, *, processes: int, queue: int) -> None:
        self._free: asyncio.LifoQueue[_Process] = asyncio.LifoQueue()
        self._all = [_Process(program) for _ in range(processes)]
        for process in reversed(self._all):
            self._free.put_nowait(process)
        self._most_waiting = queue
        self._waiting = 0
        self._depth = metrics.SIGNING_QUEUE.labels(program.name)
        self._depth.set(0)

    async def do(self, job: BaseModel) -> bytes:
        """The line that answers `job`. Raises `QueueFull` or `Interrupted`."""
        async with self._process() as process:
            return await process.do(job)

    async def close(self) -> None:
        """End all processes, whatever they have in hand; none starts any more."""
        for process in self._all:
            await process.close()

    @asynccontextmanager
    async def _process(self) -> AsyncGenerator["_Process"]:
        process = await self._wait()
        try:
            yield process
        finally:
            self._free.put_nowait(process)

    async def _wait(self) -> "_Process":
        if not self._free.empty():
            return self._free.get_nowait()
        if self._waiting >= self._most_waiting:
            raise QueueFull("too many jobs wait for a process")
        self._waiting += 1
        self._depth.set(self._waiting)
        try:
            return await self._free.get()
        finally:
            self._waiting -= 1
            self._depth.set(self._waiting)


class _Process:
    """One process, started when it is needed, and again when it died."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._child: asyncio.subprocess.Process | None = None
        self._talk: Talk | None = None
        self._starting: asyncio.Task[Talk] | None = None
        self._closed = False

    async def do(self, job: BaseModel) -> bytes:
        talk = await self._started()
        try:
            await talk.say(job)
            answer = await talk.hear()
        except (OSError, ValueError):
            answer = None
        except BaseException:
            await self.end()
            raise
        if answer is None:
            await self.end()
            metrics.SIGNING_DEATHS.labels(self._program.name).inc()
            log.warning("a process died over its job", process=self._program.name)
            raise Interrupted(f"the {self._program.name} process died")
        return answer

    async def _started(self) -> Talk:
        if self._talk:
            return self._talk
        if self._starting is None or self._starting.done():
            self._starting = asyncio.create_task(self._start())
        return await asyncio.shield(self._starting)

    async def _start(self) -> Talk:
        if self._closed:
            raise Interrupted("the service stops")
        self._talk = await self._ready()
        if self._talk is None:
            await self.end()
            log.warning("a process did not start", process=self._program.name)
            raise Interrupted(f"the {self._program.name} process did not start")
        return self._talk

    async def _ready(self) -> Talk | None:
        """None if it ended over it, or took too long."""
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(START_SECONDS):
                talk = await self._spawn()
                return talk if await talk.hear() else None
        return None

    async def _spawn(self) -> Talk:
        ours, theirs = socket.socketpair()
        with theirs:
            self._child = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-I", "-m", self._program.module, str(theirs.fileno())),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                env=dict(self._program.environment),
            )
        talk = await Talk.over(ours)
        if self._program.greeting:
            await talk.say(self._program.greeting)
        return talk

    async def close(self) -> None:
        self._closed = True
        if self._starting:
            self._starting.cancel()
            await asyncio.wait({self._starting})
        await self.end()

    async def end(self) -> None:
        child, talk = self._child, self._talk
        self._child = self._talk = None
        if talk:
            talk.close()
        if child:
            if child.returncode is None:
                child.kill()
            await child.wait()
