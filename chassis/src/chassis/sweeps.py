"""Sweeps: what time triggers. Each runs on its own; a failure is counted and tried again at the
next turn.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from chassis import metrics

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Sweep:
    """`run` every `every`, or at once when `wake` is called. It must be idempotent: replicas sweep
    side by side.
    """

    name: str
    every: timedelta
    run: Callable[[], Awaitable[object]]
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        self._woken.set()

    async def repeat(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            self._woken.clear()
            await self._once()
            await self._rest(stopping)

    async def _once(self) -> None:
        try:
            await self.run()
        except Exception:  # the next turn tries again; the metric and the log tell
            metrics.SWEEP_FAILURES.labels(self.name).inc()
            log.exception("sweep failed", sweep=self.name)
        else:
            metrics.SWEEP_LAST_SUCCESS.labels(self.name).set(time.time())

    async def _rest(self, stopping: asyncio.Event) -> None:
        waits = [asyncio.ensure_future(self._woken.wait()), asyncio.ensure_future(stopping.wait())]
        try:
            await asyncio.wait(
                waits, timeout=self.every.total_seconds(), return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for wait in waits:
                wait.cancel()
