"""When a load ends, and how it leaves what cannot end."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chaos.history import History
from chaos.journeys import KINDS, drawn
from chaos.load import Load, Pace
from chaos.rig import Rig
from chaos.waiting import until
from motcua_local.stack import Stack

from .moody_server import SILENCE, Mood, MoodyServer, moody_server

NOBODY = "postgresql://nobody@127.0.0.1:9/nothing"


class Scenery:
    """A rig whose services are one server, and whose databases are away."""

    def __init__(self, server: MoodyServer, folder: Path) -> None:
        self.server = server
        self.path = folder / "run" / "history.jsonl"
        service = {"url": server.url}
        endpoints = {
            "services": dict.fromkeys(("intake", "payment", "certification"), service),
            "postgres": dict.fromkeys(("intake", "payment", "certification"), NOBODY),
            "gateways": {"vnpay": service},
            "identity": {"issuer": server.url},
        }
        history = History(self.path)
        self.rig = Rig(Stack(folder), folder / "run", history, endpoints, endpoints, seed=4)

    def lines(self, kind: str) -> list[dict[str, Any]]:
        lines = map(json.loads, self.path.read_text().splitlines())
        return [line for line in lines if line["kind"] == kind]

    def load(self, **wish: Any) -> Load:
        return Load(self.rig, dossiers=6, pace=Pace(at_once=3, **wish))


@pytest.fixture
async def scenery(tmp_path: Path) -> AsyncIterator[Scenery]:
    async with moody_server() as server:
        scenery = Scenery(server, tmp_path)
        yield scenery
        scenery.rig.history.close()


async def test_what_is_refused_at_the_door_ends_unfiled_and_is_not_tried_for_ever(
    scenery: Scenery,
) -> None:
    scenery.server.will(lastly=Mood(422))
    load = scenery.load()
    await load.run()
    assert load.progress.endings == {"unfiled": 12}
    assert (load.progress.filed, load.progress.open, load.progress.stuck) == (0, 0, 0)
    assert {note["ending"] for note in scenery.lines("note")} == {"unfiled"}


async def test_when_patience_is_over_what_is_open_is_stuck_and_says_where(
    scenery: Scenery,
) -> None:
    scenery.server.will(lastly=Mood(after=60))
    load = scenery.load(patience=3)
    async with asyncio.timeout(20):
        await load.run()
    assert load.progress.stuck == 3
    assert load.progress.open == 0
    notes = scenery.lines("note")
    assert {note["where"] for note in notes} <= {"upload", "file", "before filing"}
    assert Counter(line["commandId"] for line in scenery.lines("unknown")) == Counter(
        line["commandId"] for line in scenery.lines("invoke")
    )


async def test_whoever_disturbs_gives_it_time(scenery: Scenery) -> None:
    scenery.server.will(lastly=SILENCE)
    load = scenery.load(patience=3)
    running = asyncio.create_task(load.run())
    for _ in range(8):
        await asyncio.sleep(0.5)
        load.disturbed()
    assert not running.done()
    async with asyncio.timeout(20):
        await running
    assert load.progress.stuck == 3


async def test_a_burst_is_so_many_times_as_many_at_once(scenery: Scenery) -> None:
    scenery.server.will(lastly=Mood(after=60))
    load = scenery.load(patience=30)
    running = asyncio.create_task(load.run())
    try:
        assert await until(lambda: _open(load, 3), within=5)
        bursting = asyncio.create_task(load.burst(2.0, 60.0))
        assert await until(lambda: _open(load, 6), within=5)
        bursting.cancel()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _open(load: Load, journeys: int) -> bool:
    return load.progress.open == journeys


async def test_filings_are_spread_over_the_time_that_they_are_given(scenery: Scenery) -> None:
    scenery.server.will(lastly=Mood(422))
    before = datetime.now(UTC)
    await scenery.load(over_seconds=6.0).run()
    begun = [datetime.fromisoformat(line["at"]) for line in scenery.lines("invoke")]
    assert len(begun) == 12
    for number, at in enumerate(begun):
        assert (at - before).total_seconds() >= number


def test_every_kind_of_journey_is_drawn() -> None:
    chance = random.Random(1)
    assert {drawn(chance) for _ in range(2_000)} == KINDS.keys()
