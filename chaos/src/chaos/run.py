"""One run: load, faults and pulse on a stage; then saved, judged and reported."""

import asyncio
import signal
import subprocess
import time
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import checker
from chaos import recording, report
from chaos.faults.chest import chest
from chaos.faults.fault import Fault
from chaos.load import Load, Pace
from chaos.nemesis import Nemesis
from chaos.pulse import Pulse
from chaos.rig import Rig
from chaos.schedule import schedule
from chaos.stage import Place, Stage, Tell, stage
from chaos.supervisor import Supervisor
from motcua_local.checkout import ROOT
from motcua_local.surroundings import AGENCIES

QUIET_SECONDS = 180.0
"""How long nothing may be on its way any more after the last dossier; more is not recovered."""


@dataclass(frozen=True)
class Wish:
    """What is asked of a run."""

    seed: int
    minutes: float
    dossiers: int
    brokers: int = 1


async def break_it(wish: Wish, folder: Path, tell: Tell) -> Mapping[str, Any]:
    """Carry out a run; gives back what its report says."""
    place = Place(folder, wish.seed, wish.brokers)
    _end_well_when_told()
    async with stage(place, tell) as set_up:
        await _carry_out(wish, set_up, tell)
    tell("judging")
    judgement = await asyncio.to_thread(checker.judge, place.run)
    return report.write(place.run, judgement.as_json(), folder=folder)


def _end_well_when_told() -> None:
    """SIGTERM ends a run as Ctrl-C does: nothing stays broken, nothing stays up."""
    if task := asyncio.current_task():
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


async def _carry_out(wish: Wish, set_up: Stage, tell: Tell) -> None:
    rig = set_up.rig
    load = Load(rig, dossiers=wish.dossiers, pace=Pace(over_seconds=wish.minutes * 60))
    supervisor = Supervisor(rig.stack, rig.history)
    faults = _permitted(set_up, supervisor, load)
    plan = schedule(wish.seed, minutes=wish.minutes, kinds=faults)
    nemesis = Nemesis(rig, plan, faults=faults, supervisor=supervisor)
    pulse = Pulse(rig, load.progress.as_json)
    about = _begun(wish, rig)
    async with _beside(pulse.run()), _beside(_show(load, nemesis, pulse, tell=tell)):
        await _disturb(load, nemesis)
        about |= {"loadEndedAt": _now()}
        if await pulse.until_quiet(seconds=QUIET_SECONDS):
            about |= {"quietAt": _now()}
    tell("saving what everybody knows")
    await recording.record(rig, about | {"recordedAt": _now(), "notRun": rig.not_run})


def _permitted(set_up: Stage, supervisor: Supervisor, load: Load) -> dict[str, Fault]:
    """The faults that this machine permits, by kind; of the others the rig notes why not."""
    faults = chest(supervisor, clocks=set_up.clocks, disks=set_up.disks, burst=load.burst)
    permitted: dict[str, Fault] = {}
    for fault in faults:
        if hindrance := fault.hindrance(set_up.rig):
            set_up.rig.not_run[fault.kind] = hindrance
        else:
            permitted[fault.kind] = fault
    return permitted


async def _disturb(load: Load, nemesis: Nemesis) -> None:
    """All dossiers to their end, and the nemesis among them until its time is over."""
    disturbing = asyncio.create_task(nemesis.run())
    disturbing.add_done_callback(lambda _: load.disturbed())
    try:
        async with _beside(_impatient_after(disturbing, load)):
            await load.run()
    finally:
        disturbing.cancel()
        await asyncio.gather(disturbing, return_exceptions=True)
        await nemesis.stop()


async def _impatient_after(disturbing: asyncio.Task[None], load: Load) -> None:
    """While something is being broken nobody may lose patience."""
    while not disturbing.done():
        load.disturbed()
        await asyncio.sleep(1)


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:
    """Something that goes on as long as the block does."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _show(load: Load, nemesis: Nemesis, pulse: Pulse, *, tell: Tell) -> None:
    began = time.monotonic()
    while True:
        seen, beat = load.progress, pulse.last
        minutes, seconds = divmod(int(time.monotonic() - began), 60)
        tell(
            f"{minutes:3}:{seconds:02}  filed {seen.filed:5}  ended {seen.ended:5}  "
            f"open {seen.open:4}  kills {nemesis.kills:4}  faults {nemesis.faults.total():3}  "
            f"outbox {_known(beat.outbox)}  lag {_known(beat.lag)}  "
            f"held {_known(beat.held_waiting)}+{_known(beat.held_parked)}  {nemesis.doing}"
        )
        await asyncio.sleep(5)


def _known(number: int | None) -> str:
    return "?" if number is None else str(number)


def _begun(wish: Wish, rig: Rig) -> dict[str, object]:
    return {
        "format": 1,
        "seed": wish.seed,
        "commit": commit(),
        "startedAt": _now(),
        "quietAt": None,
        "minutes": wish.minutes,
        "dossiersAsked": wish.dossiers,
        "brokers": rig.brokers,
        "agencies": [*AGENCIES],
    }


def commit() -> str:
    """What was run, with a mark if that is not all of it."""
    said = subprocess.run(
        ("git", "describe", "--always", "--dirty", "--abbrev=12"),  # noqa: S607 - whichever git the checkout was made with
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return said.stdout.strip() or "unknown"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
