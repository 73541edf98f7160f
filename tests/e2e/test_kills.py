"""kill -9 of every single process in the middle of a story: all stories end as if nothing was.

Seven stories are told at once, and each has two processes killed under it, at steps drawn by a seed
that is printed; `MOTCUA_TEST_SEED` draws the same again. One process is down at a time, and after a
moment it is started again.
"""

import os
import random
import secrets
import sys
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import pytest

from motcua_local.demo.story import Step, Story
from motcua_local.programs import KINDS
from motcua_local.stack import Stack
from tests.endings import Ending, assert_no_gaps, endings_of
from tests.outside_reader import read_all
from tests.storytelling import told_at_once

STORIES = "aaabbcc"
ONLY_IN = {
    "payment": "ac",
    "vnpay": "ac",
    "certification": "c",
    "trust": "c",
    "agency-H42.10": "a",
    "agency-H42.11": "b",
}
"""Who has no part in every story."""
KILLS_PER_STORY = 2
MAIL_LANES = 4


@dataclass(frozen=True)
class Blow:
    """`process` is killed when the story at `place` has told so many steps."""

    process: str
    place: int
    step: int


@dataclass
class Blows:
    """Deals them, one at a time, and remembers which story was hit at which step."""

    stack: Stack
    planned: Mapping[tuple[int, int], str]
    pauses: random.Random
    supervisor: ThreadPoolExecutor
    dealt: list[Blow] = field(default_factory=list[Blow])
    recoveries: list[Future[None]] = field(default_factory=list[Future[None]])
    _told: dict[int, int] = field(default_factory=dict[int, int])
    _one_is_down: Lock = field(default_factory=Lock)

    def hear(self, place: int, _story: Story, _step: Step) -> None:
        told = self._told[place] = self._told.get(place, 0) + 1
        if process := self.planned.get((place, told)):
            self._one_is_down.acquire()  # released by whoever starts it again
            self.stack.kill(process)
            self.dealt.append(Blow(process, place, told))
            self.recoveries.append(self.supervisor.submit(self._start_again, process))

    def _start_again(self, process: str) -> None:
        try:
            time.sleep(self.pauses.uniform(0.1, 1.0))
            self.stack.up([process])
        finally:
            self._one_is_down.release()


@dataclass(frozen=True)
class Aftermath:
    stories: list[Story]
    endings: list[Ending]
    dealt: list[Blow]


@pytest.fixture(scope="module")
def aftermath(stack: Stack, endpoints: dict[str, Any], undisturbed: dict[str, Story]) -> Aftermath:
    seed = int(os.environ.get("MOTCUA_TEST_SEED") or secrets.randbelow(10**6))
    chance = random.Random(seed)
    planned = _plan(chance, {key: len(story.steps) for key, story in undisturbed.items()})
    sys.stdout.write(f"MOTCUA_TEST_SEED={seed} kills at (story, step): {planned}\n")
    with ThreadPoolExecutor() as supervisor:
        blows = Blows(stack, planned, chance, supervisor)
        with told_at_once(stack, STORIES, listener=blows.hear, unanswered_mail=True) as telling:
            stories = telling.all_ended_well()
        for recovery in blows.recoveries:
            recovery.result()
    return Aftermath(stories, endings_of(stories, endpoints), blows.dealt)


def _plan(chance: random.Random, lengths: Mapping[str, int]) -> dict[tuple[int, int], str]:
    """For each process a story in which it has a part, and a step in its middle."""
    free = [place for place in range(len(STORIES)) for _ in range(KILLS_PER_STORY)]
    planned: dict[tuple[int, int], str] = {}
    for process in sorted(
        KINDS, key=lambda name: (len(ONLY_IN.get(name, STORIES)), chance.random())
    ):
        fitting = [p for p in free if STORIES[p] in ONLY_IN.get(process, STORIES)]
        place = chance.choice(fitting)
        free.remove(place)
        middle = range(1, lengths[STORIES[place]] - 2)
        step = chance.choice([step for step in middle if (place, step) not in planned])
        planned[place, step] = process
    return planned


@pytest.mark.parametrize("process", KINDS)
def test_a_story_ends_well_though_a_process_is_killed_in_its_middle(
    aftermath: Aftermath, process: str
) -> None:
    [blow] = [blow for blow in aftermath.dealt if blow.process == process]
    story = aftermath.stories[blow.place]
    assert story.passed
    assert 0 < blow.step < len(story.steps)


def test_all_dossiers_end_as_if_nothing_had_happened(
    aftermath: Aftermath, undisturbed: dict[str, Story], endpoints: dict[str, Any]
) -> None:
    expected = dict(zip(undisturbed, endings_of(undisturbed.values(), endpoints), strict=True))
    for story, ending in zip(aftermath.stories, aftermath.endings, strict=True):
        assert ending.as_if_answered() == expected[story.key], story.title


def test_there_is_one_receipt_for_each_payment(aftermath: Aftermath) -> None:
    receipts = [[order.receipts for order in ending.orders] for ending in aftermath.endings]
    assert receipts == [[1], [1], [1], [], [], [1], [1]]


def test_there_is_one_mail_for_each_fact(aftermath: Aftermath) -> None:
    """SMTP cannot be asked what became of a mail whose answer was lost: those are known as such,
    and no more of them than were in hand when mail sink or notification died.
    """
    for ending in aftermath.endings:
        told_once = {mails for name, mails in ending.mails.items() if name not in ending.unknown}
        assert told_once == {1}
    assert sum(len(ending.unknown) for ending in aftermath.endings) <= 2 * MAIL_LANES


def test_the_facts_on_every_topic_are_numbered_without_gaps(
    aftermath: Aftermath, endpoints: dict[str, Any]
) -> None:
    assert aftermath.stories
    assert_no_gaps(read_all(endpoints["kafka"]))
