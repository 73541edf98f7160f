"""The nemesis carries out its plan, tells what it does, and leaves nothing broken behind."""

import asyncio
import json
import random
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from chaos.faults.fault import Fault, Struck
from chaos.history import History
from chaos.nemesis import Nemesis
from chaos.recovery import Recovery
from chaos.rig import Rig
from chaos.schedule import Planned, PlannedKill, Schedule
from chaos.supervisor import PROGRAMS, Supervisor
from chaos.waiting import until
from motcua_local.engines import Engines
from motcua_local.processes import Command
from motcua_local.programs import KINDS, Program
from motcua_local.stack import Stack
from motcua_local.surroundings import Surroundings


class _NoEngines:
    """Engines that only count how often they are started."""

    def __init__(self, real: Engines) -> None:
        self.ports, self.credentials, self.kafka = real.ports, real.credentials, real.kafka
        self.started = 0

    def start(self) -> None:
        self.started += 1


@dataclass
class Breakage:
    """A fault that breaks a flag."""

    kind: str = "broken-flag"
    broken: bool = False
    heals: list[str] = field(default_factory=list[str])
    fails: int = 0
    slow: asyncio.Event | None = None

    def hindrance(self, _: Rig, /) -> str | None:
        return None

    async def strike(self, _: Rig, /, chance: random.Random) -> Struck:
        if self.slow:
            await self.slow.wait()
        self.broken = True
        return Struck("flag", {"drawn": chance.randint(1, 100)})

    async def heal(self, _: Rig, /, struck: Struck) -> None:
        if self.fails:
            self.fails -= 1
            raise OSError("not yet")
        self.broken = False
        self.heals.append(struck.target)


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """Programs that only sleep, in a folder of their own."""
    stack = Stack(tmp_path, catalogue=_sleepers)
    stack.engines = cast("Engines", _NoEngines(stack.engines))
    history = History(tmp_path / "history.jsonl")
    return Rig(stack, tmp_path, history, endpoints={}, doors={}, seed=1)


@pytest.fixture
async def supervisor(rig: Rig) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(rig.stack, rig.history)
    await supervisor.start_all()
    yield supervisor
    for name in PROGRAMS:
        rig.stack.process(name).stop(interrupt=signal.SIGKILL)


def _sleepers(around: Surroundings) -> Mapping[str, Program]:
    command = Command(("sleep", "1000"), cwd=around.folder)
    return {name: Program(name, KINDS[name], command) for name in PROGRAMS}


async def test_what_is_killed_is_started_again(rig: Rig, supervisor: Supervisor) -> None:
    before = _pids(rig)
    plan = _plan(kills=[PlannedKill(0, "intake", 0.1), PlannedKill(0.1, "mail", 0.1)])
    nemesis = _nemesis(rig, plan, supervisor)
    await nemesis.run()

    after = _pids(rig)
    assert {name for name in PROGRAMS if after[name] != before[name]} == {"intake", "mail"}
    assert nemesis.kills == 2
    assert [line["target"] for line in _lines(rig, "fault")] == ["intake", "mail"]
    assert len(nemesis.recoveries["kill"]) == 2
    assert all(line["recoveredSeconds"] >= 0.1 for line in _lines(rig, "heal"))


async def test_a_program_in_the_hands_of_a_fault_is_not_killed(
    rig: Rig, supervisor: Supervisor
) -> None:
    supervisor.take_all(["intake"])
    before = _pids(rig)
    await _nemesis(rig, _plan(kills=[PlannedKill(0, "intake", 0.1)]), supervisor).run()
    [line] = _lines(rig, "fault")
    assert line["target"] not in {"intake", "identity"}
    assert _pids(rig)["intake"] == before["intake"]


async def test_a_program_that_has_not_come_back_yet_is_not_killed_again(
    rig: Rig, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody_listens = replace(supervisor.programs["intake"], ready_url="http://127.0.0.1:1/readyz")
    monkeypatch.setitem(cast("dict[str, Program]", supervisor.programs), "intake", nobody_listens)
    await _nemesis(rig, _plan(kills=[PlannedKill(0, "intake", 0.1)]), supervisor).run()
    [line] = _lines(rig, "fault")
    assert line["target"] != "intake"


async def test_what_ends_by_itself_is_started_again_and_told(
    rig: Rig, supervisor: Supervisor
) -> None:
    rig.stack.process("payment").kill()
    watching = asyncio.create_task(supervisor.watch())
    await _eventually(lambda: supervisor.runs("payment"))
    watching.cancel()
    assert [line["process"] for line in _lines(rig, "note")] == ["payment"]


async def test_a_fault_is_struck_healed_and_its_recovery_told(
    rig: Rig, supervisor: Supervisor
) -> None:
    breakage = Breakage()
    plan = _plan(faults=[Planned(0, breakage.kind, 0.1, seed=5), Planned(0, breakage.kind, 0, 5)])
    nemesis = _nemesis(rig, plan, supervisor, breakage)
    await nemesis.run()

    assert breakage.heals == ["flag", "flag"]
    assert nemesis.faults == {breakage.kind: 2}
    assert nemesis.recoveries == {breakage.kind: [1.5, 1.5]}
    first, second = _lines(rig, "fault")
    assert first["drawn"] == second["drawn"]
    healed = [(line["faultId"], line["recoveredSeconds"]) for line in _lines(rig, "heal")]
    assert healed == [(first["faultId"], 1.5), (second["faultId"], 1.5)]


async def test_stopped_in_the_middle_it_heals_what_is_broken(
    rig: Rig, supervisor: Supervisor
) -> None:
    breakage = Breakage()
    plan = _plan(
        faults=[Planned(0, breakage.kind, 1000, seed=5)], kills=[PlannedKill(0, "trust", 1000)]
    )
    nemesis = _nemesis(rig, plan, supervisor, breakage)
    running = asyncio.create_task(nemesis.run())
    await _eventually(lambda: breakage.broken and not supervisor.runs("trust"))
    running.cancel()
    await asyncio.wait([running])
    await nemesis.stop()

    assert not breakage.broken
    assert all(supervisor.is_free(name) for name in PROGRAMS)
    assert cast("_NoEngines", rig.stack.engines).started == 1
    broken, healed = ({line["faultId"] for line in _lines(rig, k)} for k in ("fault", "heal"))
    assert broken == healed
    assert len(broken) == 2


async def test_a_strike_that_is_cancelled_is_gone_through_with_and_healed(
    rig: Rig, supervisor: Supervisor
) -> None:
    breakage = Breakage(slow=asyncio.Event())
    nemesis = _nemesis(rig, _plan(faults=[Planned(0, breakage.kind, 0, 5)]), supervisor, breakage)
    running = asyncio.create_task(nemesis.run())
    await asyncio.sleep(0.1)
    running.cancel()
    await asyncio.wait([running])
    asyncio.get_running_loop().call_later(0.1, cast("asyncio.Event", breakage.slow).set)
    await nemesis.stop()
    assert breakage.heals == ["flag"]


async def test_what_does_not_heal_at_once_is_tried_again(rig: Rig, supervisor: Supervisor) -> None:
    breakage = Breakage(fails=2)
    plan = _plan(faults=[Planned(0, breakage.kind, 0, 5)])
    await _nemesis(rig, plan, supervisor, breakage).run()
    assert breakage.heals == ["flag"]
    assert [line["note"] for line in _lines(rig, "note")] == ["heal-failed", "heal-failed"]


async def test_a_fault_that_cannot_be_struck_is_told_and_not_counted(
    rig: Rig, supervisor: Supervisor
) -> None:
    class Impossible(Breakage):
        async def strike(self, _: Rig, /, chance: random.Random) -> Struck:
            supervisor.take(chance, ["intake"])
            raise OSError("no such thing")

    plan = _plan(faults=[Planned(0, "broken-flag", 0, 5)])
    nemesis = _nemesis(rig, plan, supervisor, Impossible())
    await nemesis.run()
    assert not nemesis.faults
    [line] = _lines(rig, "note")
    assert line["error"] == "OSError('no such thing')"
    assert supervisor.is_free("intake")


async def test_what_is_planned_for_after_the_end_does_not_come(
    rig: Rig, supervisor: Supervisor
) -> None:
    plan = Schedule(1, 0.001, (PlannedKill(1, "mail", 0),), (Planned(1, "broken-flag", 0, 5),))
    nemesis = _nemesis(rig, plan, supervisor, Breakage())
    await nemesis.run()
    assert (nemesis.kills, nemesis.faults.total()) == (0, 0)


async def _eventually(ask: Callable[[], bool]) -> None:
    async def asked() -> bool:
        return ask()

    assert await until(asked, within=20, every=0.05)


def _plan(
    *, kills: list[PlannedKill] | None = None, faults: list[Planned] | None = None
) -> Schedule:
    return Schedule(1, 1, tuple(kills or ()), tuple(faults or ()))


def _nemesis(rig: Rig, plan: Schedule, supervisor: Supervisor, *faults: Fault) -> Nemesis:
    async def recovered(_: Rig) -> Recovery:
        return Recovery(1.5, ())

    known = {fault.kind: fault for fault in faults}
    return Nemesis(rig, plan, faults=known, supervisor=supervisor, recovered=recovered)


def _pids(rig: Rig) -> dict[str, int]:
    running = {name: rig.stack.process(name).running() for name in PROGRAMS}
    return {name: process.pid for name, process in running.items() if process}


def _lines(rig: Rig, kind: str) -> list[dict[str, Any]]:
    lines = map(json.loads, (rig.run / "history.jsonl").read_text().splitlines())
    return [line for line in lines if line["kind"] == kind]
