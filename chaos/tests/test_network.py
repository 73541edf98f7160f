"""The network faults: each is felt on the edge that chance chose, and over once it is healed."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, cast

import pytest

from chaos.edges import EDGES
from chaos.faults.fault import Fault
from chaos.faults.network import network_faults
from chaos.rig import Rig
from chaos.schedule import SECONDS

from .behind_proxy import EDGE, Door, Pair, is_over, is_reset, nothing_comes, opened

RIG = cast("Rig", None)
"""None of these faults looks at it."""


class OnThisEdge(random.Random):
    """Chance that falls on the edge of the test."""

    def choice(self, seq: Any) -> Any:
        return EDGE if EDGE in seq else super().choice(seq)


@pytest.fixture(scope="module")
async def one_door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    async with opened(tmp_path_factory.mktemp("network")) as door:
        yield door


@pytest.fixture
async def door(one_door: Door) -> AsyncIterator[Door]:
    yield one_door
    await one_door.left()


@pytest.fixture
def faults(door: Door) -> Mapping[str, Fault]:
    return {fault.kind: fault for fault in network_faults(door.proxies)}


async def _late(pair: Pair) -> None:
    """Even the fastest of some round trips is."""
    assert min([await _seconds(pair.all_is_well()) for _ in range(4)]) >= 2 * 0.025


async def _slow(pair: Pair) -> None:
    async def some_kilobytes() -> None:
        pair.send(bytes(20_000))
        await pair.arrives(20_000)

    assert min([await _seconds(some_kilobytes()) for _ in range(3)]) >= 0.35


async def _seconds(what: Awaitable[None]) -> float:
    began = time.monotonic()
    await what
    return time.monotonic() - began


async def _reset(pair: Pair) -> None:
    await is_reset(pair.client[0])
    await is_reset(pair.server[0])


async def _deaf_both_ways(pair: Pair) -> None:
    pair.send(b"there")
    pair.answer(b"back")
    await nothing_comes(pair.server[0])
    await nothing_comes(pair.client[0])


async def _cut(pair: Pair) -> None:
    pair.send(bytes(10_000))
    pair.answer(bytes(10_000))
    await is_over(pair.server[0])
    await is_over(pair.client[0])


async def _deaf_one_way(pair: Pair) -> None:
    pair.send(b"there")
    pair.answer(b"back")
    heard = 0
    for reader in (pair.server[0], pair.client[0]):
        try:
            await nothing_comes(reader)
        except pytest.fail.Exception:
            heard += 1
    assert heard == 1


FELT: Mapping[str, Callable[[Pair], Awaitable[None]]] = {
    "network-latency": _late,
    "network-bandwidth": _slow,
    "network-reset": _reset,
    "network-half-open": _deaf_both_ways,
    "network-cut": _cut,
    "network-one-way": _deaf_one_way,
}


@pytest.mark.parametrize("kind", FELT)
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_fault_is_felt_and_healed(
    door: Door, faults: Mapping[str, Fault], kind: str, seed: int
) -> None:
    pair = await door.enter()
    with pytest.raises((AssertionError, TimeoutError, pytest.fail.Exception)):
        await asyncio.wait_for(FELT[kind](pair), 2)  # so what is felt below is the fault
    pair = await door.enter()

    struck = await faults[kind].strike(RIG, OnThisEdge(seed))
    assert struck.target == EDGE
    await FELT[kind](pair)
    await faults[kind].heal(RIG, struck)
    await (await door.enter()).all_is_well()


async def test_every_edge_has_its_turn(faults: Mapping[str, Fault]) -> None:
    chance, struck = random.Random(7), set[str]()
    for _ in range(10 * len(EDGES)):
        hit = await faults["network-latency"].strike(RIG, chance)
        await faults["network-latency"].heal(RIG, hit)
        struck.add(hit.target)
    assert struck == EDGES.keys()


def test_the_schedule_knows_every_kind(faults: Mapping[str, Fault]) -> None:
    planned = {kind for kind in SECONDS if kind.startswith("network-")}
    assert faults.keys() == planned
    assert not any(fault.hindrance(RIG) for fault in faults.values())
