"""Named points at every boundary where a test can make the process crash, fail or wait.

Armed by the environment: `MOTCUA_FAILPOINTS="relay.after-send=crash@3,gateway.before=delay:2.5"`.
`crash` is SIGKILL to ourselves, told on stderr; `raise` raises `FailpointError`; `delay:s` waits s
seconds. With `@n` only the n-th passage counts, else every one. Where several of a kind pass one
point, `consumer.after-commit/intake.payments` is that point for one of them. Names are literals at
the call, so that `chassis.testing.failpoints` can list them all from the source.
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
    r"(?P<name>[a-z0-9.-]+(/[a-z0-9.-]+)?)=(?P<act>crash|raise|delay:(?P<seconds>\d+(\.\d+)?))(@(?P<nth>[1-9]\d*))?"
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


async def failpoint(name: str, of: str = "") -> None:
    """Nothing, unless `name` is armed, for all who pass there or for `of` alone."""
    if _armed and (seconds := _pass(name, of)):
        await asyncio.sleep(seconds)


def failpoint_sync(name: str) -> None:
    """The same where nothing can be awaited; a delay blocks the thread."""
    if _armed and (seconds := _pass(name, "")):
        time.sleep(seconds)


def _pass(name: str, of: str) -> float:
    """Carry out the order for this point; gives back how many seconds are to be waited."""
    point = f"{name}/{of}" if of else name
    order = _armed.get(point) or _armed.get(name)
    if order is None:
        return 0
    order.passed += 1
    if order.nth not in (None, order.passed):
        return 0
    if order.act == "crash":
        os.write(2, f"failpoint {point}: crash\n".encode())
        os.kill(os.getpid(), signal.SIGKILL)
    if order.act == "raise":
        raise FailpointError(point)
    return order.seconds


arm(os.environ)
