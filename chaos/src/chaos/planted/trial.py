"""Every planted bug is tried: put in, brought to light, and looked for by the checker."""

import asyncio
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import checker
from chaos import recording
from chaos.journey import Habits
from chaos.load import Cast, Load, Pace
from chaos.planted.bug import Planted
from chaos.planted.catalogue import BUGS, CONTROL
from chaos.planted.strikes import STRIKES
from chaos.pulse import Pulse
from chaos.rig import Rig
from chaos.stage import Place, Tell, stage
from chaos.supervisor import Supervisor, answers
from chassis.failpoints import ENVIRONMENT
from motcua_local.programs import Program, programs
from motcua_local.surroundings import AGENCIES, Surroundings

PATIENCE = 75.0
"""How long nothing may end, with all services ready, before the rest counts as stuck: a bug may
leave it so for ever.
"""
QUIET_SECONDS = 30.0
_INSISTENT = Habits(twice=0.5, often=0.1, other_body=0.3, forged=1.0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether a bug was caught: every invariant that has to find it did."""

    caught: bool
    by: tuple[str, ...]
    """Which invariants were violated, by their short names."""
    expected: tuple[str, ...]
    seconds: float
    example: str | None
    wrong: str


@dataclass(frozen=True)
class _Place(Place):
    """Each bug has a saved run of its own."""

    bug: str = ""

    @property
    def run(self) -> Path:
        return self.folder / self.bug


class Planter:
    """The programs of a stack, some with a bug in them. Failpoints are armed at their first start:
    whoever died there lives on.
    """

    def __init__(self, bug: Planted) -> None:
        self._bug = bug
        self.armed = True

    def catalogue(self, around: Surroundings) -> Mapping[str, Program]:
        return {name: self._changed(program) for name, program in programs(around).items()}

    def _changed(self, program: Program) -> Program:
        command, plan = program.command, self._bug.plan
        argv = command.argv
        if program.name in self._bug.programs and self._bug.patches:
            python, option, *rest = argv
            argv = (python, option, "chaos.planted", self._bug.name, *rest)
        orders = plan.failpoints.get(program.name, "") if self.armed else ""
        environment = {**command.environment, **plan.settings, ENVIRONMENT: orders}
        return replace(program, command=replace(command, argv=argv, environment=environment))


async def run_planted(folder: Path, tell: Tell, names: Iterable[str] = ()) -> Mapping[str, Outcome]:
    """Try the bugs of these names, or all, and once none at all; writes `planted.json`."""
    known = {CONTROL.name: CONTROL, **BUGS}
    outcomes: dict[str, Outcome] = {}
    for bug in [known[name] for name in names] or known.values():
        outcomes[bug.name] = await tried(bug, folder, tell)
        tell(f"{bug.name}: found by {', '.join(outcomes[bug.name].by) or 'nobody'}")
        told = {name: asdict(outcome) for name, outcome in outcomes.items()}
        (folder / "planted.json").write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    return outcomes


async def tried(bug: Planted, folder: Path, tell: Tell) -> Outcome:
    """Let dossiers flow through a system with this bug, and judge what is left."""
    began = time.monotonic()
    planter = Planter(bug)
    place = _Place(folder / "planted", seed=1, catalogue=planter.catalogue, bug=bug.name)
    async with stage(place, tell) as set_up:
        planter.armed = False
        await _carry_out(bug, set_up.rig)
    judgement = await asyncio.to_thread(checker.judge, place.run)
    return found(bug, judgement.as_json(), seconds=time.monotonic() - began)


async def _carry_out(bug: Planted, rig: Rig) -> None:
    plan = bug.plan
    pace = Pace(at_once=plan.dossiers, patience=PATIENCE, command_patience=PATIENCE)
    load = Load(rig, dossiers=plan.dossiers, pace=pace)
    load.cast = Cast(plan.kinds, _INSISTENT if plan.insistent else Habits())
    supervisor, pulse = Supervisor(rig.stack, rig.history), Pulse(rig, load.progress.as_json)
    about = {"startedAt": _now(), "quietAt": None}
    async with asyncio.TaskGroup() as beside:
        others = (pulse.run(), supervisor.watch(), _be_patient(load, rig))
        watching = [beside.create_task(each) for each in others]
        striking = [beside.create_task(STRIKES[name](rig, supervisor)) for name in plan.strikes]
        await load.run()
        await asyncio.gather(*striking)
        about["loadEndedAt"] = _now()
        if await pulse.until_quiet(seconds=QUIET_SECONDS):
            about["quietAt"] = _now()
        for task in watching:
            task.cancel()
    await recording.record(rig, {**_facts(bug, rig), **about, "recordedAt": _now()})


async def _be_patient(load: Load, rig: Rig) -> None:
    """Nobody loses patience while a service is on its way back."""
    urls = [f"{service['url']}/readyz" for service in rig.endpoints["services"].values()]
    while True:
        if not all(await asyncio.gather(*map(answers, urls))):
            load.disturbed()
        await asyncio.sleep(1)


def _facts(bug: Planted, rig: Rig) -> dict[str, Any]:
    return {
        "format": 1,
        "seed": rig.seed,
        "commit": f"with a bug: {bug.name}",
        "minutes": 1,
        "brokers": rig.brokers,
        "notRun": {},
        "agencies": [*AGENCIES],
    }


def found(bug: Planted, judgement: Mapping[str, Any], *, seconds: float) -> Outcome:
    """What came of a trial, from the checker's verdicts. Where nothing was planted, what was not
    decided counts too: finding nothing must mean that everything was looked at.
    """
    wrong = {"violated"} if bug.caught_by else {"violated", "undecided"}
    violated = {
        name.partition("-")[0]: verdict["examples"]
        for name, verdict in judgement["verdicts"].items()
        if verdict["verdict"] in wrong
    }
    examples = [text for name in (*bug.caught_by, *violated) for text in violated.get(name, [])]
    return Outcome(
        caught=bool(bug.caught_by) and set(bug.caught_by) <= violated.keys(),
        by=tuple(violated),
        expected=bug.caught_by,
        seconds=round(seconds, 1),
        example=next(iter(examples), None),
        wrong=bug.wrong,
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
