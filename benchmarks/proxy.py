"""What the fault proxy costs while it does nothing, against the same connection without it.

`.venv/bin/python benchmarks/proxy.py`: round trips one after the other, then megabytes one way, on
one connection, direct and proxied by turns. Loopback; client and server are in one process.
"""

import asyncio
import json
import sys
import time
from asyncio import StreamReader, StreamWriter
from contextlib import closing
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

import psutil
import uvloop

from motcua_local.ports import HOST, Ports, is_free

ROUNDS = 5
TRIPS = 2_000
MEGABYTES = 400
_MEGABYTE = bytes(1_000_000)


async def _answer(reader: StreamReader, writer: StreamWriter) -> None:
    """Send small requests back; swallow a large one, and say when it has come."""
    with closing(writer):
        while asked := await reader.read(1):
            if asked == b"r":
                writer.write(await reader.readexactly(99))
            else:
                left = MEGABYTES * len(_MEGABYTE)
                while left:
                    left -= len(await reader.read(min(left, 1 << 18)))
                writer.write(b"x" * 99)


async def _round_trips(reader: StreamReader, writer: StreamWriter) -> list[float]:
    taken: list[float] = []
    for _ in range(TRIPS):
        began = time.perf_counter()
        writer.write(b"r" * 100)
        await reader.readexactly(99)
        taken.append(time.perf_counter() - began)
    return taken


async def _bulk(reader: StreamReader, writer: StreamWriter) -> float:
    """Megabytes a second."""
    began = time.perf_counter()
    writer.write(b"b")
    for _ in range(MEGABYTES):
        writer.write(_MEGABYTE)
        await writer.drain()
    await reader.readexactly(99)
    return MEGABYTES / (time.perf_counter() - began)


async def _measure(ways: dict[str, int], proxy: psutil.Process) -> None:
    trips: dict[str, list[float]] = {way: [] for way in ways}
    speeds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way, port in ways.items():
            reader, writer = await asyncio.open_connection(HOST, port)
            trips[way] += await _round_trips(reader, writer)
            speeds[way].append(await _bulk(reader, writer))
            writer.close()
    for way in ways:
        tail = quantiles(trips[way], n=100)[98]
        print(
            f"{way}: round trip median {median(trips[way]) * 1e6:.0f} µs, p99 {tail * 1e6:.0f} µs; "
            f"{median(speeds[way]):.0f} MB/s"
        )
    spent = sum(proxy.cpu_times()[:2])
    print(f"the proxy used {spent:.1f} s of processor for {ROUNDS * MEGABYTES} MB and the trips")


async def _main(folder: Path) -> None:
    ports = Ports(folder)
    listens, control = ports.claim("edge"), ports.claim("control")
    async with await asyncio.start_server(_answer, HOST, 0) as server:
        target = server.sockets[0].getsockname()[1]
        told = folder / "routes.json"
        told.write_text(
            json.dumps({"control": control, "routes": {"an->edge": [[listens, target]]}})
        )
        command = (sys.executable, "-m", "chaos.proxy", str(told))
        proxy = await asyncio.create_subprocess_exec(*command)
        try:
            while is_free(control):  # noqa: ASYNC110 - another process opens it
                await asyncio.sleep(0.1)
            await _measure({"direct": target, "proxied": listens}, psutil.Process(proxy.pid))
        finally:
            proxy.kill()
            await proxy.wait()


if __name__ == "__main__":
    with TemporaryDirectory() as name:
        uvloop.run(_main(Path(name)))
