"""Every kind of journey on a running stack, with people who do everything twice and try forgeries:
each comes to its end, and what is written down of it is whole.
"""

import asyncio
import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from chaos.history import History
from chaos.journey import Habits
from chaos.journeys import KINDS
from chaos.load import Cast, Load, Pace
from chaos.progress import Progress
from chaos.rig import Rig
from motcua_local.engines import Engines
from motcua_local.fresh import alone_with, empty
from motcua_local.stack import Stack

FOLDER = Path(__file__).parents[2] / "var" / "journeys stack"
TROUBLE = Habits(twice=0.2, often=0.05, other_body=0.3, forged=0.7)
JOURNEYS = 2 * len(KINDS)

ENDINGS: Mapping[str, set[str]] = {
    "record": {"returned"},
    "record-cancelled-first": {"returned"},
    "record-withdrawn-unpaid": {"withdrawn"},
    "record-withdrawn-paid": {"withdrawn"},
    "record-withdrawn-while-paying": {"withdrawn"},
    "record-withdrawn-at-the-desk": {"withdrawn", "returned"},
    "record-refused": {"refused"},
    "registration": {"returned"},
    "copy": {"returned"},
    "copy-then-registration": {"returned"},
    "copy-withdrawn": {"withdrawn"},
}

pytestmark = pytest.mark.timeout(900)


@dataclass(frozen=True)
class Told:
    """A load that was carried out, and what is written down of it."""

    rig: Rig
    progress: Progress
    lines: list[dict[str, Any]]

    def of(self, *kinds: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["kind"] in kinds]

    def invoked(self, command: str) -> list[dict[str, Any]]:
        return [line for line in self.of("invoke") if line["command"] == command]

    def outcome(self, invoke: Mapping[str, Any]) -> dict[str, Any]:
        [outcome] = [
            line
            for line in self.of("ok", "fail", "unknown")
            if line["commandId"] == invoke["commandId"]
        ]
        return outcome


@pytest.fixture(scope="module")
async def told(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Told]:
    with pytest.MonkeyPatch.context() as environment, alone_with(FOLDER):
        for name in filter(re.compile("MOTCUA_.+_PORT").fullmatch, os.environ):
            environment.delenv(name)
        stack = Stack(FOLDER)
        stack.engines = Engines(FOLDER, short_lived=True)
        try:
            await asyncio.to_thread(empty, stack)
            await asyncio.to_thread(stack.up)
            yield await _carried_out(stack, tmp_path_factory.mktemp("run"))
        finally:
            await asyncio.to_thread(stack.down)


async def _carried_out(stack: Stack, run: Path) -> Told:
    endpoints = json.loads(stack.endpoints_file.read_text())
    history = History(run / "history.jsonl")
    rig = Rig(stack, run, history, endpoints, doors=endpoints, seed=1)
    load = Load(rig, dossiers=JOURNEYS, pace=Pace(at_once=12, patience=120))
    load.cast = Cast(tuple(KINDS), TROUBLE)
    await load.run()
    history.close()
    lines = (run / "history.jsonl").read_text().splitlines()
    return Told(rig, load.progress, [json.loads(line) for line in lines])


def test_every_journey_comes_to_its_end(told: Told) -> None:
    assert told.progress.stuck == told.progress.unknown == told.progress.open == 0
    assert told.progress.filed == told.progress.ended == JOURNEYS + 2  # one kind has two dossiers
    endings: dict[str, set[str]] = defaultdict(set)
    for note in told.of("note"):
        endings[note["journey"]].add(note["ending"])
    assert endings.keys() == ENDINGS.keys()
    for kind, seen in endings.items():
        assert seen <= ENDINGS[kind], kind


def test_each_command_has_one_outcome(told: Told) -> None:
    invoked = [line["commandId"] for line in told.of("invoke")]
    ended = [line["commandId"] for line in told.of("ok", "fail", "unknown")]
    assert Counter(invoked) == Counter(ended)
    assert set(Counter(invoked).values()) == {1}
    assert [line["n"] for line in told.lines] == [*range(1, len(told.lines) + 1)]


def test_what_comes_again_under_a_key_is_the_same_command(told: Told) -> None:
    by_key: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in told.of("invoke"):
        if "key" in line and not line.get("otherBody"):
            by_key[line["key"]].append(line)
    own = {"n", "at", "commandId"}
    for lines in by_key.values():
        first, *others = [{k: v for k, v in line.items() if k not in own} for line in lines]
        assert all(other == first for other in others)
    assert max(map(len, by_key.values())) > 2


def test_the_same_key_has_the_same_answer_and_no_second_effect(told: Told) -> None:
    for command, field in (("file", "dossierId"), ("start-attempt", "reference")):
        answers: dict[str, set[str]] = defaultdict(set)
        for invoke in told.invoked(command):
            outcome = told.outcome(invoke)
            if outcome["kind"] == "ok":
                answers[invoke["key"]].add(outcome[field])
        assert answers
        assert {len(each) for each in answers.values()} == {1}


async def test_nobody_filed_more_than_was_answered(told: Told) -> None:
    connection = await asyncpg.connect(told.rig.endpoints["postgres"]["intake"])
    try:
        ids = await connection.fetch("SELECT id::text FROM dossiers")
    finally:
        await connection.close()
    answered = {told.outcome(invoke).get("dossierId") for invoke in told.invoked("file")}
    assert {row["id"] for row in ids} == answered - {None}


def test_another_body_is_refused(told: Told) -> None:
    others = [line for line in told.of("invoke") if line.get("otherBody")]
    assert {told.outcome(other)["status"] for other in others} <= {409, 422}
    assert {told.outcome(other)["kind"] for other in others} == {"fail"}


def test_forgeries_are_refused_and_repetitions_known(told: Told) -> None:
    forged = told.invoked("forged-ipn")
    assert {line["how"] for line in forged} > {"no-signature", "replayed"}
    for line in forged:
        # Replayed before its first came: then it is the true one.
        codes = {"02", "00"} if line["how"] == "replayed" else {"97"}
        assert told.outcome(line)["rspCode"] in codes, line
