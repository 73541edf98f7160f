"""Outside parties that misbehave, as the simulators do when they are told to."""

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from chaos.faults.fault import Struck
from chaos.rig import Rig
from chaos.supervisor import Supervisor
from motcua_local.demo.people import http

ALWAYS = 1_000_000
"""Times a fault strikes, for one that lasts until it is taken back."""

Orders = list[dict[str, Any]]
Draw = Callable[[random.Random], Orders]


@dataclass(frozen=True)
class Misconduct:
    """One simulator misbehaves in the ways that `draw` gives, until it is told to stop."""

    kind: str
    simulator: str
    draw: Draw
    supervisor: Supervisor

    def hindrance(self, _: Rig, /) -> str | None:
        return None

    async def strike(self, rig: Rig, /, chance: random.Random) -> Struck:
        self.supervisor.take_all([self.simulator])  # killed, it would forget what it was told
        await self.supervisor.until_ready(self.simulator)
        orders = self.draw(chance)
        await _told("PUT", _url(rig, self.simulator), orders)
        return Struck(self.simulator, {"orders": orders})

    async def heal(self, rig: Rig, /, struck: Struck) -> None:
        await _told("DELETE", _url(rig, struck.target))


def misconducts(supervisor: Supervisor) -> Iterator[Misconduct]:
    """Every kind."""
    for kind, (simulator, draw) in MISCONDUCT.items():
        yield Misconduct(kind, simulator, draw, supervisor)


def _order(kind: str, **more: object) -> dict[str, Any]:
    return {"kind": kind, "times": ALWAYS, **more}


def _some_of(*orders: dict[str, Any]) -> Draw:
    def draw(chance: random.Random) -> Orders:
        return chance.sample(orders, chance.randint(1, len(orders)))

    return draw


def _duplicated(chance: random.Random) -> Orders:
    return [_order("duplicate", copies=50), *([_order("ipn-first")] * chance.randint(0, 1))]


def _late(chance: random.Random) -> Orders:
    return [_order("delay", seconds=chance.randint(5, 40))]


def _silent(chance: random.Random) -> Orders:
    """Longer than payment waits for an answer."""
    return [
        _order("charge-then-timeout", seconds=chance.randint(3, 15)),
        _order("query-delay", seconds=12),
        *([_order("drop")] * chance.randint(0, 1)),
    ]


def _trust_away(chance: random.Random) -> Orders:
    targets = chance.sample(("tsa", "ocsp", "crl", "certificates"), chance.randint(1, 4))
    return [_order(chance.choice(("down", "cut")), target=target) for target in targets]


def _trust_slow(chance: random.Random) -> Orders:
    return [_order("delay", seconds=chance.randint(2, 8))]


def _wrong_time(chance: random.Random) -> Orders:
    return [_order(chance.choice(("wrong-time", "past-time")), seconds=chance.randint(300, 86_400))]


MISCONDUCT: Mapping[str, tuple[str, Draw]] = {
    "ipn-duplicated": ("vnpay", _duplicated),
    "ipn-late": ("vnpay", _late),
    "ipn-lost": ("vnpay", _some_of(_order("drop"))),
    "gateway-silent": ("vnpay", _silent),
    "gateway-reset": ("vnpay", _some_of(_order("query-cut"), _order("charge-then-timeout"))),
    "gateway-500": (
        "vnpay",
        _some_of(_order("charge-then-500"), _order("status-500"), _order("page-500")),
    ),
    "trust-away": ("trust", _trust_away),
    "trust-slow": ("trust", _trust_slow),
    "trust-wrong-time": ("trust", _wrong_time),
    "mail-unanswered": ("mail", _some_of(_order("drop"))),
    "mail-busy": ("mail", _some_of(_order("status-451"), _order("status-421"))),
}


async def _told(method: str, simulator: str, orders: Orders | None = None) -> None:
    ask = partial(http().request, method, f"{simulator}/_faults", json=orders)
    (await asyncio.to_thread(ask)).raise_for_status()


def _url(rig: Rig, simulator: str) -> str:
    known = rig.endpoints["gateways"] if simulator == "vnpay" else rig.endpoints
    return known[simulator]["url"]
