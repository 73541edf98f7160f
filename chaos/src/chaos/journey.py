"""One dossier's way through the services: who goes it, how commands are sent, what it waits for."""

import asyncio
import random
from collections import deque
from dataclasses import dataclass, field

from chaos.citizens import Citizen, Population
from chaos.commands import Answer, Command, Courier
from chaos.doors import Doors
from chaos.progress import Progress
from chaos.watch import CopySeen, DossierSeen, OrderSeen, Watch


class Abandoned(Exception):  # noqa: N818 - what becomes of the dossier
    """A step was refused that had to work; the message says which and why."""


@dataclass(frozen=True)
class Habits:
    """How seldom people do what makes trouble, as shares of all cases."""

    twice: float = 0.03
    """Keyed commands that are sent twice at once,"""
    often: float = 0.01
    """three to ten times at once,"""
    other_body: float = 0.01
    """and afterwards with another body under the same key."""
    forged: float = 0.03
    """Payments that somebody claims or bends."""


@dataclass(frozen=True)
class Scene:
    """What every journey of a load has around it."""

    doors: Doors
    watch: Watch
    courier: Courier
    people: Population
    progress: Progress
    overheard: deque[str] = field(default_factory=lambda: deque[str](maxlen=1))
    """The query that the gateway signed last, as somebody who listens would have it."""
    habits: Habits = Habits()


@dataclass
class Journey:
    """One dossier. `chance` decides what happens in it, and nothing else does."""

    scene: Scene
    citizen: Citizen
    chance: random.Random
    kind: str
    dossier_id: str | None = None
    where: str = "before filing"
    """What it waits for, should it get stuck."""
    copy_id: str = ""

    @property
    def id(self) -> str:
        """The dossier's, once it is filed."""
        if self.dossier_id is None:
            raise Abandoned("it was not filed")
        return self.dossier_id

    def happens(self, share: float) -> bool:
        """Whether something happens that does in this share of all cases."""
        return self.chance.random() < share

    async def must(self, command: Command) -> Answer:
        """Send what has to be possible now. An unknown outcome shows in what comes of it."""
        answer = await self.submit(command)
        if answer.outcome == "fail":
            raise Abandoned(f"{command.name}: {answer.why}")
        return answer

    async def submit(self, command: Command) -> Answer:
        """Send a command; a keyed one is now and then sent many times at once, or anew with
        another body.
        """
        self.where = command.name
        if command.key is None:
            return await self.scene.courier.carry(command)
        answer = await self._together(command, self._copies())
        if self.happens(self.scene.habits.other_body) and answer.ok and command.another:
            await self.scene.courier.carry(command.otherwise())
        return answer

    def _copies(self) -> int:
        drawn, habits = self.chance.random(), self.scene.habits
        if drawn < habits.often:
            return self.chance.randint(3, 10)
        return 2 if drawn < habits.often + habits.twice else 1

    async def _together(self, command: Command, copies: int) -> Answer:
        """The best answer to the same command sent so many times at once."""
        answers = await asyncio.gather(*(self.scene.courier.carry(command) for _ in range(copies)))
        return min(answers, key=lambda answer: ("ok", "unknown", "fail").index(answer.outcome))

    async def dossier(self, *statuses: int) -> DossierSeen:
        """The dossier as intake has it, once its status is one of these."""
        self.where = f"status {' or '.join(map(str, statuses))}"
        return await self.scene.watch.dossiers.wait(self.id, lambda d: d.status in statuses)

    async def order(self, *states: str) -> OrderSeen:
        """Its order in payment, once that is in one of these states."""
        self.where = f"an order that is {' or '.join(states)}"
        return await self.scene.watch.orders.wait(self.id, lambda order: order.state in states)

    async def copy(self, *states: str | None) -> CopySeen:
        """Its copy in certification, once that is in one of these states; None: not asked for."""
        self.where = f"a copy that is {' or '.join(map(str, states))}"
        return await self.scene.watch.copies.wait(self.id, lambda copy: copy.state in states)
