"""What is done to a system with a bug in it, besides letting it die at a failpoint."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import asyncpg

from chaos.audits import altered, audit
from chaos.faults.inserts import InsertFails
from chaos.faults.outsiders import Misconduct
from chaos.rig import Rig
from chaos.supervisor import Supervisor
from chaos.waiting import until

Strike = Callable[[Rig, Supervisor], Coroutine[Any, Any, None]]

_WRONG_TIMES = 6
_DEADLINE = 60.0
_HELD_SECONDS = 7.0
"""Until the third or fourth try of what is held; after the fifth it would be parked."""
_HELD = "SELECT count(*) > 0 FROM held_messages"
_PUBLISHED = "SELECT count(*) > 10 FROM event_log"


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
    struck = await fault.strike(rig, random.Random(1))  # noqa: S311 - no secret
    # It ends by itself, once so many notices were sent.
    rig.history.heal(rig.history.fault(fault.kind, struck.target, **struck.details))


async def inserts_fail(rig: Rig, _: Supervisor) -> None:
    """For a while no message to a citizen can be kept: what tells of one is held, and tried again
    some seconds after the end.
    """
    fault = InsertFails()
    struck = await fault.strike(rig, _Wanted("notification", "messages"))
    fault_id = rig.history.fault(fault.kind, struck.target)
    try:
        await _until(rig, "notification", _HELD)
        await asyncio.sleep(_HELD_SECONDS)
    finally:
        await fault.heal(rig, struck)
        rig.history.heal(fault_id)


async def logs_altered(rig: Rig, _: Supervisor) -> None:
    """Somebody alters a log, and later makes it right again; it is audited before and meanwhile."""
    service = "intake"
    await _until(rig, service, _PUBLISHED)
    await audit(rig, service)
    async with altered(rig, service):
        await audit(rig, service, altered=True)


STRIKES: Mapping[str, Strike] = {
    "wrong-amounts": wrong_amounts,
    "inserts-fail": inserts_fail,
    "logs-altered": logs_altered,
}
"""By the names that plans have for them."""


async def _until(rig: Rig, service: str, question: str) -> None:
    """Wait until a service's database answers with yes. Raises TimeoutError."""

    async def answered() -> bool:
        connection = await asyncpg.connect(rig.endpoints["postgres"][service])
        try:
            return await connection.fetchval(question)
        finally:
            await connection.close()

    if not await until(answered, within=_DEADLINE):
        raise TimeoutError(f"{service}: {question}")
