"""What is done to a system with a bug in it, besides letting it die at a failpoint."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import asyncpg

from chaos.audits import altered, audit
from chaos.faults.fault import Fault
from chaos.faults.inserts import InsertFails
from chaos.faults.outsiders import Misconduct
from chaos.rig import Rig
from chaos.supervisor import Supervisor
from chaos.waiting import until

Strike = Callable[[Rig, Supervisor], Coroutine[Any, Any, None]]

_WRONG_TIMES = 6
_EVENTS_SECONDS = 60.0


class _Wanted(random.Random):
    """Chance that falls as it is told to."""

    def __init__(self, *wanted: object) -> None:
        super().__init__(1)
        self._wanted = wanted

    def choice(self, seq: Any) -> Any:  # noqa: ANN401 - as what it replaces
        return next(each for each in seq if each in self._wanted)


async def wrong_amounts(rig: Rig, supervisor: Supervisor) -> None:
    """The gateway states wrong amounts in its next notices, and signs them rightly."""
    orders = [{"kind": "wrong-amount", "times": _WRONG_TIMES}]
    fault = Misconduct("ipn-wrong-amount", "vnpay", lambda _: orders, supervisor)
    await _done(fault, rig, chance=random.Random(1), seconds=20)  # noqa: S311 - no secret


async def inserts_fail(rig: Rig, _: Supervisor) -> None:
    """For a while no message to a citizen can be kept: what tells of one is held."""
    await asyncio.sleep(4)
    await _done(InsertFails(), rig, chance=_Wanted("notification", "messages"), seconds=6)


async def logs_altered(rig: Rig, _: Supervisor) -> None:
    """Somebody alters a log, and later makes it right again; it is audited before and meanwhile."""
    service = "intake"
    if not await until(lambda: _has_events(rig, service), within=_EVENTS_SECONDS):
        raise TimeoutError("nothing was published that could be altered")
    await audit(rig, service)
    async with altered(rig, service):
        await audit(rig, service, altered=True)


async def _has_events(rig: Rig, service: str) -> bool:
    connection = await asyncpg.connect(rig.endpoints["postgres"][service])
    try:
        return await connection.fetchval("SELECT count(*) > 10 FROM event_log")
    finally:
        await connection.close()


STRIKES: Mapping[str, Strike] = {
    "wrong-amounts": wrong_amounts,
    "inserts-fail": inserts_fail,
    "logs-altered": logs_altered,
}
"""By the names that plans have for them."""


async def _done(fault: Fault, rig: Rig, *, chance: random.Random, seconds: float) -> None:
    """Strike, wait, and heal, whatever comes."""
    struck = await fault.strike(rig, chance)
    fault_id = rig.history.fault(fault.kind, struck.target, **struck.details)
    try:
        await asyncio.sleep(seconds)
    finally:
        await fault.heal(rig, struck)
        rig.history.heal(fault_id)
