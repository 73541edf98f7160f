"""Starts again what ended, as a deployment does, and knows what is meant to be down."""

import asyncio
import random
from collections.abc import Iterable, Mapping
from functools import cached_property, partial
from urllib.parse import urlsplit

from chaos.history import History
from chaos.waiting import until
from motcua_local.programs import ENGINES, KINDS, Program
from motcua_local.stack import Stack

LOOK_SECONDS = 0.5
ANSWER_SECONDS = 6.0
READY_SECONDS = 60.0

PROGRAMS = tuple(name for name in KINDS if name not in ENGINES)
"""What it looks after: everything beside the engines, which do not end by themselves."""


class NobodyFreeError(Exception):
    """Every program that might be broken is in somebody's hands already."""


class Supervisor:
    """Looks after the programs of a stack.

    It starts them as `Stack.up` does, but never an engine with them: whoever broke one has it down
    on purpose.
    """

    def __init__(self, stack: Stack, history: History) -> None:
        self._stack = stack
        self._history = history
        self._held: set[str] = set()
        self._taken: set[str] = set()
        self._starting = {name: asyncio.Lock() for name in PROGRAMS}

    @cached_property
    def programs(self) -> Mapping[str, Program]:
        return {name: self._stack.program(name) for name in PROGRAMS}

    def is_free(self, name: str) -> bool:
        """Whether it runs, and nobody has it in hand."""
        return not self._in_hand(name) and self.runs(name)

    def hold(self, names: Iterable[str]) -> None:
        """Leave these as they are until `release`."""
        self._held.update(names)

    def release(self, names: Iterable[str]) -> None:
        self._held.difference_update(names)

    def take(self, chance: random.Random, names: Iterable[str]) -> str:
        """Choose one that is free, and hold it until `let_go`. Raises NobodyFreeError."""
        free = [name for name in names if self.is_free(name)]
        if not free:
            raise NobodyFreeError
        taken = chance.choice(free)
        self.take_all([taken])
        return taken

    def take_all(self, names: Iterable[str]) -> None:
        """Hold all of these until `let_go`, though one may still be on its way back."""
        self._taken.update(names)

    def let_go(self) -> None:
        """Release whatever was taken."""
        self._taken.clear()

    def _in_hand(self, name: str) -> bool:
        return name in self._held or name in self._taken

    async def watch(self) -> None:
        """Start what ended by itself, until cancelled."""
        while True:
            for name in PROGRAMS:
                if not self._in_hand(name) and not self.runs(name):
                    self._history.note("restarted", process=name)
                    await self.start(name)
            await asyncio.sleep(LOOK_SECONDS)

    def runs(self, name: str) -> bool:
        return self._stack.process(name).running() is not None

    async def kill(self, name: str) -> int | None:
        """SIGKILL, as a crash would; gives the pid, None where it did not run."""
        return await asyncio.to_thread(self._stack.process(name).kill)

    async def start(self, name: str) -> None:
        """Start it if it does not run."""
        async with self._starting[name]:
            if not self.runs(name):
                process, command = self._stack.process(name), self.programs[name].command
                await asyncio.to_thread(process.start, command)

    async def start_all(self) -> None:
        await asyncio.gather(*(self.start(name) for name in PROGRAMS))

    async def is_up(self, name: str) -> bool:
        """Whether it answers at all, though what it needs may be away."""
        url = self.programs[name].ready_url
        return url is None or await answers(url.replace("/readyz", "/livez"))

    async def until_ready(self, name: str, *, within: float = READY_SECONDS) -> bool:
        """Whether it says in time that it can work."""
        url = self.programs[name].ready_url
        if url is None:
            return True
        return await until(partial(answers, url), within=within)


async def answers(url: str) -> bool:
    """Whether something answers 200 there; as cheap as can be, for it is asked all the time."""
    address = urlsplit(url)
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection(address.hostname, address.port)
            try:
                writer.write(f"GET {address.path} HTTP/1.0\r\n\r\n".encode())
                return b" 200 " in await reader.readline()
            finally:
                writer.transport.abort()
    except (OSError, TimeoutError):
        return False
