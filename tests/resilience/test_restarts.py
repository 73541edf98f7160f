"""Engines and services are restarted while dossiers flow: nothing is lost, nothing comes twice."""

import time
from collections.abc import Sequence
from typing import Any

import pytest

from motcua_local.demo.story import Story
from motcua_local.stack import Stack
from motcua_local.surroundings import AGENCIES, SERVICES
from tests.endings import assert_no_gaps, endings_of
from tests.outside_reader import read_all
from tests.storytelling import told_at_once

DOSSIERS = "abcabcabca"
OURS = (*SERVICES, *(f"agency-{code}" for code in AGENCIES))
GRACE_SECONDS = 20.0
"""The services' own default; their supervisor may kill them after it."""


@pytest.mark.parametrize("engine", ["postgres", "kafka"])
def test_all_dossiers_end_well_though_an_engine_is_restarted(
    engine: str, *, stack: Stack, endpoints: dict[str, Any], undisturbed: dict[str, Story]
) -> None:
    with told_at_once(stack, DOSSIERS) as telling:
        telling.wait_for_steps(len(DOSSIERS) * 5)
        stack.down([engine])
        stack.up([engine])
        stories = telling.all_ended_well()
    _assert_undisturbed(stories, undisturbed, endpoints)


def test_programs_under_load_end_within_their_grace_time_when_told_to(
    stack: Stack, endpoints: dict[str, Any], undisturbed: dict[str, Story]
) -> None:
    with told_at_once(stack, DOSSIERS) as telling:
        telling.wait_for_steps(len(DOSSIERS) * 5)
        codes = _terminate(stack, OURS)
        stack.up(OURS)
        stories = telling.all_ended_well()
    assert codes == dict.fromkeys(OURS, 0)
    _assert_undisturbed(stories, undisturbed, endpoints)


def _terminate(stack: Stack, names: Sequence[str]) -> dict[str, int | None]:
    """SIGTERM to all, and the exit codes, which only the parent learns: this process."""
    running = {name: stack.process(name).running() for name in names}
    for process in running.values():
        assert process is not None
        process.terminate()
    deadline = time.monotonic() + GRACE_SECONDS
    return {
        name: process and process.wait(timeout=deadline - time.monotonic())
        for name, process in running.items()
    }


def _assert_undisturbed(
    stories: list[Story], undisturbed: dict[str, Story], endpoints: dict[str, Any]
) -> None:
    expected = dict(zip(undisturbed, endings_of(undisturbed.values(), endpoints), strict=True))
    for story, ending in zip(stories, endings_of(stories, endpoints), strict=True):
        assert ending == expected[story.key], story.title
    assert_no_gaps(read_all(endpoints["kafka"]))
