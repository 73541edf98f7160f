"""Named points at every boundary where a test can make the process crash, fail or wait.

Armed by the environment: `MOTCUA_FAILPOINTS="relay.before-ack=crash@3,gateway.before=delay:2.5"`.
`crash` is SIGKILL to ourselves, `raise` raises `FailpointError`, `delay:s` waits s seconds; with
`@n` only the n-th passage counts, else every one. Names are literals at the call, so that
`chassis.testing.failpoints` can list them all from the source.
"""

import asyncio
import os
import re
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass

ENVIRONMENT = "MOTCUA_FAILPOINTS"

_ORDER = re.compile(
    r"(?P<name>[a-z0-9.-]+)=(?P<act>crash|raise|delay:(?P<seconds>\d+(\.\d+)?))(@(?P<nth>[1-9]\d*))?"
)


class FailpointError(Exception):
    """What an armed point raises: to the code around it, a bug like any other."""


@dataclass(slots=True)
class _Order:
    act: str
    seconds: float
    nth: int | None
    passed: int = 0


_armed: dict[str, _Order] = {}


def arm(environment: Mapping[str, str]) -> None:
    """Arm what the environment orders, and nothing else. Raises ValueError on a malformed order."""
    orders = [text.strip() for text in environment.get(ENVIRONMENT, "").split(",") if text.strip()]
    _armed.clear()
    for text in orders:
        order = _ORDER.fullmatch(text)
        if order is None:
            raise ValueError(
                f"{ENVIRONMENT}: '{text}' is not name=crash|raise|delay:seconds, optionally @n"
            )
        nth = int(order["nth"]) if order["nth"] else None
        _armed[order["name"]] = _Order(order["act"], float(order["seconds"] or 0), nth)


async def failpoint(name: str) -> None:
    """Nothing, unless `name` is armed."""
    if _armed and (seconds := _pass(name)):
        await asyncio.sleep(seconds)


def failpoint_sync(name: str) -> None:
    """The same where nothing can be awaited; a delay blocks the thread."""
    if _armed and (seconds := _pass(name)):
        time.sleep(seconds)


def _pass(name: str) -> float:
    """Carry out the order for `name`; gives back how many seconds are to be waited."""
    order = _armed.get(name)
    if order is None:
        return 0
    order.passed += 1
    if order.nth not in (None, order.passed):
        return 0
    if order.act == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    if order.act == "raise":
        raise FailpointError(name)
    return order.seconds


arm(os.environ)
