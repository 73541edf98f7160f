"""A whole stack behind the proxy: it works as ever, and what is done to an edge is felt there."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chaos.edges import EDGES, Edges, routed
from chaos.proxies import Proxies
from chaos.toxics import Timeout, Toxics
from chaos.waiting import until
from motcua_local.demo.command import HIDDEN_TOPIC
from motcua_local.demo.stories import STORIES
from motcua_local.demo.story import Scene, Story
from motcua_local.demo.witness import Witness
from motcua_local.engines import Engines
from motcua_local.fresh import alone_with, empty
from motcua_local.programs import programs
from motcua_local.stack import Stack
from motcua_local.status import read_status

FOLDER = Path(__file__).parents[2] / "var" / "proxy stack"
SILENT = {"agency-H42.11->intake", "payment->vnpay", "people->notification"}
"""In these stories planning decides nothing, no payment is in doubt so that the gateway is asked,
and notification is asked by nobody ever.
"""

pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True)
class Behind:
    """A stack behind the proxy."""

    stack: Stack
    proxies: Proxies
    doors: Mapping[str, Any]

    def tell(self, key: str) -> Story:
        topics = [name for name in self.stack.plan.topics if name != HIDDEN_TOPIC]
        witness = Witness.at(self.doors["kafka"], topics)
        scene = Scene(
            self.doors,
            witness,
            keepsakes=self.stack.keepsakes,
            kill=self.stack.kill,
            start=lambda name: self.stack.up([name]),
        )
        story = Story(key, STORIES[key][0], scene, tell=lambda _step: None)
        try:
            STORIES[key][1](story)
        finally:
            witness.close()
        return story

    async def intake_waits(self) -> bool:
        """Whether an event of intake's has not been published for a while."""
        status = await asyncio.to_thread(read_status, self.stack)
        return (status.backlogs["intake"].outbox_age or 0) > 3


@pytest.fixture
async def behind() -> AsyncIterator[Behind]:
    with alone_with(FOLDER):
        edges = Edges(FOLDER)
        stack = Stack(FOLDER, catalogue=routed(programs, edges))
        stack.engines = Engines(FOLDER, short_lived=True, listeners=edges.listeners)
        proxies = Proxies(edges)
        await asyncio.to_thread(empty, stack)
        try:
            await proxies.start(stack.surroundings())
            await asyncio.to_thread(stack.up)
            endpoints = json.loads(stack.endpoints_file.read_text())
            yield Behind(stack, proxies, edges.doors(endpoints))
        finally:
            await asyncio.to_thread(stack.down)
            await proxies.stop()


async def test_stories_are_told_through_every_edge_and_wait_where_one_stands_still(
    behind: Behind,
) -> None:
    for key in "ac":
        await asyncio.to_thread(behind.tell, key)
    passed = {name: await behind.proxies.figures(name) for name in EDGES}
    silent = {name for name, way in passed.items() if not (way["upstream"] and way["downstream"])}
    assert silent <= SILENT

    async with behind.proxies.disturbed("intake->kafka", Toxics.both_ways(Timeout())):
        telling = asyncio.create_task(asyncio.to_thread(behind.tell, "a"))
        assert await until(behind.intake_waits, within=60)
        assert not telling.done()
    await telling
    assert not await behind.intake_waits()
