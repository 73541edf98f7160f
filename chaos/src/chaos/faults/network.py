"""The network fails on one edge, each time on another, in one of the ways that networks have.

All of it is done by our proxy, one-way loss too, where one direction stands still: it needs no root
and no network namespace, and it hits one client's connections to one server, which on one loopback
device a rule of nftables could tell apart by their proxy's port alone.
"""

import random
from collections.abc import Callable, Iterator, Mapping

from chaos.edges import EDGES
from chaos.faults.fault import Fault, Struck
from chaos.proxies import Proxies
from chaos.rig import Rig
from chaos.toxics import Bandwidth, Latency, Limit, OneWay, ResetPeer, Slicer, Timeout, Toxics


class OnAnEdge:
    """Something is done to an edge that chance chooses."""

    def __init__(self, kind: str, proxies: Proxies) -> None:
        self.kind = kind
        self._proxies = proxies
        self._draw = _WAYS[kind]

    def hindrance(self, _: Rig, /) -> str | None:
        return None

    async def strike(self, _: Rig, /, chance: random.Random) -> Struck:
        edge, toxics = chance.choice([*EDGES]), self._draw(chance)
        await self._proxies.put(edge, toxics)
        return Struck(edge, toxics.written())

    async def heal(self, _: Rig, /, struck: Struck) -> None:
        await self._proxies.heal(struck.target)


def network_faults(proxies: Proxies) -> Iterator[Fault]:
    """One of each kind."""
    for kind in _WAYS:
        yield OnAnEdge(kind, proxies)


def _latency(chance: random.Random) -> Toxics:
    latency = chance.uniform(50, 500)
    return Toxics.both_ways(Latency(latency, jitter=chance.uniform(0, latency / 2)))


def _bandwidth(chance: random.Random) -> Toxics:
    """Slow, and in small pieces, as slow networks are."""
    return Toxics.both_ways(
        Bandwidth(rate=chance.uniform(5, 50)), Slicer(average_size=200, size_variation=199)
    )


def _reset(chance: random.Random) -> Toxics:
    return Toxics(whole=(ResetPeer(timeout=chance.uniform(0, 1000)),))


def _half_open(_: random.Random) -> Toxics:
    return Toxics.both_ways(Timeout())


def _cut(chance: random.Random) -> Toxics:
    """In the middle of a request, or of an answer."""
    return _in_one_direction(Limit(chance.randint(1, 5_000)), chance)


def _one_way(chance: random.Random) -> Toxics:
    return _in_one_direction(Timeout(), chance)


def _in_one_direction(toxic: OneWay, chance: random.Random) -> Toxics:
    return Toxics(upstream=(toxic,)) if chance.random() < 0.5 else Toxics(downstream=(toxic,))


_WAYS: Mapping[str, Callable[[random.Random], Toxics]] = {
    "network-latency": _latency,
    "network-bandwidth": _bandwidth,
    "network-reset": _reset,
    "network-half-open": _half_open,
    "network-cut": _cut,
    "network-one-way": _one_way,
}
