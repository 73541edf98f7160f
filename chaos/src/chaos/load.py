"""Thousands of dossiers through all services, as many at once as the system bears."""

import asyncio
import random
import time
from contextlib import suppress
from dataclasses import dataclass, field

from chaos import journeys
from chaos.citizens import Population
from chaos.commands import Courier
from chaos.doors import Doors
from chaos.journey import Abandoned, Habits, Journey, Scene
from chaos.progress import Progress
from chaos.rig import Rig
from chaos.watch import Watch

_LOOK_SECONDS = 0.25


@dataclass(frozen=True)
class Pace:
    """How much at once, and for how long."""

    at_once: int = 100
    """Journeys on their way at a time: the next begins when one ends."""
    over_seconds: float = 0.0
    """The filings are spread over at least so long."""
    patience: float = 180.0
    """For how long no journey may end after the last disturbance; what is open then is stuck."""
    command_patience: float = 600.0
    """For how long one command is repeated."""


@dataclass(frozen=True)
class Cast:
    """Who comes: `kinds` of journeys in turn, or all kinds by chance; and how these people are."""

    kinds: tuple[str, ...] = ()
    habits: Habits = field(default_factory=Habits)


class Load:
    """Files `dossiers` dossiers and brings each to its end; the same seed, the same journeys."""

    def __init__(
        self, rig: Rig, *, dossiers: int, seed: int | None = None, pace: Pace | None = None
    ) -> None:
        self.progress = Progress()
        self.cast = Cast()
        """Another one may be put here before `run`."""
        self._rig = rig
        self._dossiers = dossiers
        self._seed = rig.seed if seed is None else seed
        self._pace = pace or Pace()
        self._factor = 1.0
        self._moved = self._began = time.monotonic()
        self._ended = asyncio.Event()

    def disturbed(self) -> None:
        """Something was broken or mended: patience begins anew."""
        self._moved = time.monotonic()

    async def burst(self, factor: float, seconds: float) -> None:
        """So many times as much at once, for so long."""
        self._factor = factor
        self._ended.set()
        try:
            await asyncio.sleep(seconds)
        finally:
            self._factor = 1.0

    async def run(self) -> None:
        """Until all is filed and ended, or patience is over."""
        watch = Watch(self._rig.endpoints["postgres"])
        async with Doors(self._rig.doors) as doors, asyncio.TaskGroup() as group:
            self._moved = self._began = time.monotonic()
            watching = group.create_task(watch.run())
            left = await self._begin_all(self._scene(doors, watch), group)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
            watching.cancel()

    def _scene(self, doors: Doors, watch: Watch) -> Scene:
        history, people = self._rig.history, Population(doors.identity)
        courier = Courier(history, self.progress, patience=self._pace.command_patience)
        return Scene(doors, watch, courier, people, self.progress, habits=self.cast.habits)

    async def _begin_all(self, scene: Scene, group: asyncio.TaskGroup) -> set[asyncio.Task[None]]:
        """Comes back when all have ended, or with those that did not in time."""
        tasks = set[asyncio.Task[None]]()
        begun = 0
        while time.monotonic() < self._moved + self._pace.patience:
            unfiled = min(self.progress.endings["unfiled"], self._dossiers)
            wanted = begun < self._dossiers + unfiled
            if wanted and self._has_room(begun):
                task = group.create_task(self._live(begun, scene))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                self.progress.open += 1
                begun += 1
            elif wanted or tasks:
                await self._something_ends()
            else:
                break
        return {*tasks}

    def _has_room(self, begun: int) -> bool:
        if self.progress.open >= self._pace.at_once * self._factor:
            return False
        due = self._began + self._pace.over_seconds * begun / self._dossiers
        return self._factor > 1 or time.monotonic() >= due

    async def _something_ends(self) -> None:
        self._ended.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_SECONDS):
                await self._ended.wait()

    async def _live(self, number: int, scene: Scene) -> None:
        """One journey, of one dossier or two."""
        chance = random.Random(f"{self._seed}:{number}")  # noqa: S311 - no secret
        kinds = self.cast.kinds
        kind = kinds[number % len(kinds)] if kinds else journeys.drawn(chance)
        citizen = scene.people.citizen(kind.partition("-")[0])
        journey = Journey(scene, citizen, chance, kind)
        try:
            for plot in journeys.KINDS[kind].plots:
                journey.dossier_id = None
                if not await self._to_its_end(journey, plot):
                    return
        finally:
            self.progress.open -= 1
            self._moved = time.monotonic()
            self._ended.set()

    async def _to_its_end(self, journey: Journey, plot: journeys.Plot) -> bool:
        """Whether the dossier ended as its plot wanted; noted in either case."""
        why: dict[str, str] = {}
        try:
            ending = await plot(journey)
        except Abandoned as abandoned:
            ending, why = "abandoned" if journey.dossier_id else "unfiled", {"why": str(abandoned)}
        except asyncio.CancelledError:
            self.progress.stuck += 1
            self._note("journey-stuck", journey, where=journey.where)
            raise
        self.progress.endings[ending] += 1
        self.progress.ended += journey.dossier_id is not None
        self._note("journey-ended", journey, ending=ending, **why)
        return not why

    def _note(self, what: str, journey: Journey, **details: str) -> None:
        history = self._rig.history
        history.note(what, dossierId=journey.dossier_id, journey=journey.kind, **details)
