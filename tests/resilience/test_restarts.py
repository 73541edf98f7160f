"""Engines and services are restarted while dossiers flow: nothing is lost, nothing comes twice."""

from typing import Any

import pytest

from motcua_local.demo.story import Story
from motcua_local.stack import Stack
from motcua_local.surroundings import AGENCIES, SERVICES
from tests.endings import assert_no_gaps, endings_of
from tests.outside_reader import read_all
from tests.storytelling import told_at_once

DOSSIERS = "abababababab"
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


def test_a_program_under_load_ends_within_its_grace_time_when_told_to(
    stack: Stack, endpoints: dict[str, Any], undisturbed: dict[str, Story]
) -> None:
    codes: dict[str, int | None] = {}
    with told_at_once(stack, DOSSIERS) as telling:
        for name in (*SERVICES, *(f"agency-{code}" for code in AGENCIES)):
            telling.wait_for_steps(len(DOSSIERS))
            codes[name] = _terminate(stack, name)
            stack.up([name])
        stories = telling.all_ended_well()
    assert codes == dict.fromkeys(codes, 0)
    _assert_undisturbed(stories, undisturbed, endpoints)


def _terminate(stack: Stack, name: str) -> int | None:
    """SIGTERM, and the exit code, which only its parent learns: this process."""
    process = stack.process(name).running()
    assert process is not None
    process.terminate()
    return process.wait(timeout=GRACE_SECONDS)


def _assert_undisturbed(
    stories: list[Story], undisturbed: dict[str, Story], endpoints: dict[str, Any]
) -> None:
    expected = dict(zip(undisturbed, endings_of(undisturbed.values(), endpoints), strict=True))
    for story, ending in zip(stories, endings_of(stories, endpoints), strict=True):
        assert ending == expected[story.key], story.title
    assert_no_gaps(read_all(endpoints["kafka"]))
