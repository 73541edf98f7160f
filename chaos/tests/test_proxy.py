"""The fault proxy as a process: each toxic is felt, and over once it is healed."""

import asyncio
import contextlib
import random
import socket
import struct
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chaos.connection import HOLDS
from chaos.proxies import Proxies, ProxyRefusedError
from chaos.toxics import (
    Bandwidth,
    Down,
    Latency,
    Limit,
    ResetPeer,
    Slicer,
    Timeout,
    Toxics,
    read_toxics,
)
from chaos.waiting import until
from motcua_local.ports import HOST

from .behind_proxy import (
    EDGE,
    SOON,
    Door,
    is_over,
    is_reset,
    nothing_comes,
    opened,
    soon,
    surroundings,
)

LONG = 60_000.0
"""Milliseconds that no test waits for."""


@pytest.fixture(scope="module")
async def one_door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    async with opened(tmp_path_factory.mktemp("with a space ")) as door:
        yield door


@pytest.fixture
async def door(one_door: Door) -> AsyncIterator[Door]:
    yield one_door
    await one_door.left()


@pytest.fixture
def proxies(door: Door) -> Proxies:
    return door.proxies


async def test_an_undisturbed_connection_carries_both_ways_and_ends_one_way_first(
    door: Door,
) -> None:
    pair = await door.enter()
    await pair.all_is_well()
    pair.client[1].write_eof()
    assert await soon(pair.server[0].read()) == b""
    pair.answer(b"still")
    assert await pair.comes_back(5) == b"still"
    pair.server[1].close()
    assert await soon(pair.client[0].read()) == b""


async def test_bytes_are_equal_however_they_are_cut_and_delayed(
    door: Door, proxies: Proxies
) -> None:
    pair = await door.enter()
    there, back = random.randbytes(400_000), random.randbytes(300_000)
    disturbance = Toxics.both_ways(
        Latency(latency=30, jitter=30), Slicer(average_size=3_000, size_variation=2_999)
    )
    pair.send(there)
    pair.answer(back)
    await proxies.put(EDGE, disturbance)
    pair.send(there)
    pair.answer(back)
    assert await pair.arrives(2 * len(there)) == there + there
    assert await pair.comes_back(2 * len(back)) == back + back


async def test_bytes_are_equal_while_one_disturbance_follows_another(
    door: Door, proxies: Proxies
) -> None:
    there, back = random.randbytes(8_000_000), random.randbytes(8_000_000)
    kinds = (
        (Latency(latency=20, jitter=20),),
        (Slicer(average_size=500, size_variation=499, delay=100),),
        (Bandwidth(rate=5_000),),
        (Timeout(),),
    )
    pairs = [await door.enter() for _ in range(5)]
    await proxies.put(EDGE, Toxics.both_ways(Timeout()))
    for pair in pairs:
        pair.send(there)
        pair.answer(back)
    arrivals = [pair.arrives(len(there)) for pair in pairs]
    returns = [pair.comes_back(len(back)) for pair in pairs]
    everything = asyncio.gather(*arrivals, *returns)
    for _ in range(30):
        await proxies.put(EDGE, Toxics(random.choice(kinds), random.choice(kinds)))
        await asyncio.wait({everything}, timeout=0.02)
    assert not everything.done(), "it was disturbed to the end"
    await proxies.heal(EDGE)
    assert await everything == [there] * 5 + [back] * 5


async def test_latency_delays_each_message_once_however_many_are_on_their_way(
    door: Door, proxies: Proxies
) -> None:
    pair = await door.enter()
    await proxies.put(EDGE, Toxics(upstream=(Latency(latency=500),)))
    began = time.monotonic()
    sent: list[float] = []
    for _ in range(5):
        sent.append(time.monotonic())
        pair.send(b"message")
        await asyncio.sleep(0.05)
    for at in sent:
        await pair.arrives(7)
        assert time.monotonic() - at >= 0.49  # a timer ticks in milliseconds
    assert time.monotonic() - began < 5 * 0.5


async def test_what_latency_held_back_comes_at_once_when_it_is_healed(
    door: Door, proxies: Proxies
) -> None:
    pair = await door.enter()
    await proxies.put(EDGE, Toxics.both_ways(Latency(latency=LONG)))
    pair.send(b"late")
    await nothing_comes(pair.server[0])
    await proxies.heal(EDGE)
    assert await pair.arrives(4) == b"late"
    await pair.all_is_well()


async def test_bandwidth_lets_no_more_pass_in_its_time(door: Door, proxies: Proxies) -> None:
    pair = await door.enter()
    await proxies.put(EDGE, Toxics(downstream=(Bandwidth(rate=100),)))
    began = time.monotonic()
    pair.answer(bytes(100_000))
    await pair.comes_back(50_000)
    assert time.monotonic() - began >= 0.45

    await proxies.put(EDGE, Toxics(downstream=(Bandwidth(rate=0.1),)))
    await proxies.heal(EDGE)
    await pair.comes_back(50_000)
    await pair.all_is_well()


async def test_a_slicer_makes_many_slices_of_one(door: Door, proxies: Proxies) -> None:
    pair = await door.enter()
    await proxies.put(EDGE, Toxics(upstream=(Slicer(average_size=10, delay=20_000),)))
    pair.send(bytes(100))
    slices = [len(await soon(pair.server[0].read(100))) for _ in range(3)]
    assert max(slices) < 100
    await pair.arrives(100 - sum(slices))


async def test_a_half_open_connection_takes_all_and_gives_it_when_healed(
    door: Door, proxies: Proxies
) -> None:
    pair = await door.enter()
    await proxies.put(EDGE, Toxics.both_ways(Timeout()))
    pair.send(b"there")
    pair.answer(b"back")
    newcomer = await door.enter()
    newcomer.send(b"new")
    await nothing_comes(pair.server[0])
    await nothing_comes(pair.client[0])
    await nothing_comes(newcomer.server[0])

    await proxies.heal(EDGE)
    assert await pair.arrives(5) == b"there"
    assert await pair.comes_back(4) == b"back"
    assert await newcomer.arrives(3) == b"new"


async def test_loss_of_one_way_leaves_the_other(door: Door, proxies: Proxies) -> None:
    pair = await door.enter()
    await proxies.put(EDGE, Toxics(upstream=(Timeout(),)))
    pair.send(b"lost")
    pair.answer(b"heard")
    assert await pair.comes_back(5) == b"heard"
    await nothing_comes(pair.server[0])


async def test_nobody_hears_of_an_end_behind_a_partition_before_it_is_healed(
    door: Door, proxies: Proxies
) -> None:
    pair = await door.enter()
    await proxies.put(EDGE, Toxics(upstream=(Timeout(),)))
    pair.send(b"last")
    pair.client[1].close()
    await nothing_comes(pair.server[0])
    await proxies.heal(EDGE)
    assert await soon(pair.server[0].read()) == b"last"


async def test_a_limit_cuts_after_so_many_bytes(door: Door, proxies: Proxies) -> None:
    pair = await door.enter()
    await proxies.put(EDGE, Toxics(upstream=(Limit(bytes=1_000),)))
    pair.send(bytes(2_000))
    assert await soon(pair.server[0].read()) == bytes(1_000)
    await is_over(pair.client[0])

    newcomer = await door.enter()
    newcomer.send(bytes(999))
    await newcomer.arrives(999)
    newcomer.send(bytes(2))
    assert await soon(newcomer.server[0].read()) == bytes(1)

    await proxies.heal(EDGE)
    healed = await door.enter()
    healed.send(bytes(2_000))
    await healed.arrives(2_000)


async def test_a_reset_is_felt_at_both_ends_by_old_connections_and_new(
    door: Door, proxies: Proxies
) -> None:
    old = await door.enter()
    await proxies.put(EDGE, Toxics(whole=(ResetPeer(timeout=300),)))
    await is_reset(old.client[0])
    await is_reset(old.server[0])
    new = await door.enter()
    await is_reset(new.client[0])
    await is_reset(new.server[0])

    await proxies.put(EDGE, Toxics(whole=(ResetPeer(timeout=LONG),)))
    await (await door.enter()).all_is_well()
    await proxies.heal(EDGE)
    await (await door.enter()).all_is_well()


async def test_where_all_is_down_nobody_is_let_in(door: Door, proxies: Proxies) -> None:
    old = await door.enter()
    await proxies.put(EDGE, Toxics(whole=(Down(),)))
    await is_reset(old.client[0])
    with pytest.raises(ConnectionRefusedError):
        await door.knock()
    await proxies.heal(EDGE)
    await (await door.enter()).all_is_well()


async def test_the_crash_of_one_side_is_the_crash_of_the_other(door: Door) -> None:
    pair = await door.enter()
    await pair.all_is_well()
    _crash(pair.server[1])
    await is_reset(pair.client[0])

    pair = await door.enter()
    await pair.all_is_well()
    _crash(pair.client[1])
    await is_reset(pair.server[0])


async def test_who_comes_while_the_server_is_away_is_reset(proxies: Proxies) -> None:
    away = proxies.edges.ports_of("payment->vnpay")[0]
    with pytest.raises(ConnectionResetError):
        await _hears(away)


@pytest.mark.parametrize("toxics", [Toxics(), Toxics.both_ways(Latency(latency=1))])
async def test_a_reader_that_stalls_stalls_the_sender_and_fills_no_memory(
    door: Door, proxies: Proxies, toxics: Toxics
) -> None:
    process = proxies.edges.process.running()
    assert process
    pair = await door.enter()
    pair.server[0]._transport.pause_reading()  # pyright: ignore[reportAttributeAccessIssue]
    await proxies.put(EDGE, toxics)
    before = process.memory_info().rss
    content = random.randbytes(64 * 1024 * 1024)
    pair.send(content)
    await _stands_still(pair.client[1])

    assert (await proxies.figures(EDGE))["held"] <= 2 * HOLDS
    assert process.memory_info().rss - before < 8 * HOLDS + 4 * 1024 * 1024
    pair.server[0]._transport.resume_reading()  # pyright: ignore[reportAttributeAccessIssue]
    assert await pair.arrives(len(content)) == content


async def test_figures_tell_what_passed(door: Door, proxies: Proxies) -> None:
    before = await proxies.figures(EDGE)
    pair = await door.enter()
    await pair.all_is_well()
    after = await proxies.figures(EDGE)
    passed = {name: after[name] - before[name] for name in ("upstream", "downstream")}
    assert passed == {"upstream": 5, "downstream": 5}
    assert after["connections"] >= 1


async def test_an_edge_that_nobody_has_is_refused(proxies: Proxies) -> None:
    with pytest.raises(ProxyRefusedError, match="intake->moon"):
        await proxies.heal("intake->moon")


async def test_a_new_start_forgets_what_was_done(tmp_path: Path) -> None:
    async with opened(tmp_path) as door:
        await door.proxies.put(EDGE, Toxics(whole=(Down(),)))
        before = door.proxies.edges.process.running()
        await door.proxies.start(surroundings(tmp_path, postgres=9))
        assert door.proxies.edges.process.running() != before
        with pytest.raises(ConnectionResetError):
            await _hears(door.port)


def test_toxics_are_written_and_read_again() -> None:
    toxics = Toxics(
        upstream=(Latency(1, 2), Bandwidth(3), Slicer(4, 5, 6)),
        downstream=(Timeout(), Limit(7)),
        whole=(ResetPeer(8), Down()),
    )
    assert read_toxics(toxics.written()) == toxics


async def _hears(port: int) -> bytes:
    """What comes from there; nobody listens behind it."""
    reader, writer = await soon(asyncio.open_connection(HOST, port))
    with contextlib.closing(writer):
        return await soon(reader.read())


def _crash(writer: asyncio.StreamWriter) -> None:
    """As a killed process leaves its connections that had something unread."""
    own = writer.get_extra_info("socket")
    own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _stands_still(writer: asyncio.StreamWriter) -> None:
    """Until nothing has left for a second."""
    seen = [-1]

    async def still() -> bool:
        seen.append(writer.transport.get_write_buffer_size())
        return seen[-1] == seen[-2]

    assert await until(still, within=SOON, every=1)
    assert seen[-1] > 0
