"""Stories of several citizens told at once, while something happens to the system."""

import json
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

import httpx2

from motcua_contracts.envelope import Event, EventData
from motcua_local.demo.command import HIDDEN_TOPIC
from motcua_local.demo.stories import STORIES
from motcua_local.demo.story import Scene, Step, Story
from motcua_local.demo.witness import Witness
from motcua_local.errors import LocalError
from motcua_local.stack import Stack

STEP_SECONDS = 100.0
"""A dead member is missed after 30 s, and a broker that starts anew begins to count again."""

Listener = Callable[[int, Story, Step], None]
"""Hears every step of every story: its place among the stories, itself, the step."""


def _nobody(_place: int, _story: Story, _step: Step) -> None:
    """Listens to nothing."""


@dataclass
class SharedWitness(Witness):
    """One reader for many stories, each in a thread of its own."""

    _news: threading.Condition = field(default_factory=threading.Condition)
    _over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._reader = threading.Thread(target=self._read_on, name="witness")
        self._reader.start()

    def _read_on(self) -> None:
        over = False
        while not over:
            over = self._over.is_set()
            self._read(0.1)
            with self._news:
                self._news.notify_all()

    def _until(
        self, found: Callable[[], Event[EventData] | None], what: str, seconds: float
    ) -> Event[EventData]:
        with self._news:
            self._news.wait_for(lambda: found() or self._over.is_set(), seconds)
            event = found()
        if event is None:
            raise LocalError(f"{what} was not seen within {seconds:.0f} s", next_step="its logs")
        return event

    def give_up(self) -> None:
        """Nobody waits any longer for what has not come."""
        self._over.set()

    def close(self) -> None:
        self.give_up()
        self._reader.join()
        super().close()


@dataclass
class Telling:
    """Stories on their way."""

    stories: list[Story]
    endings: list[Future[None]] = field(default_factory=list[Future[None]])
    _told: int = 0
    _news: threading.Condition = field(default_factory=threading.Condition)

    def note(self) -> None:
        with self._news:
            self._told += 1
            self._news.notify_all()

    def wait_for_steps(self, count: int, *, seconds: float = STEP_SECONDS) -> None:
        """Until so many steps more were told, of all stories together."""
        with self._news:
            wanted = self._told + count
            assert self._news.wait_for(lambda: self._told >= wanted or self.over, seconds)
            assert not self.over, "the stories ended before the disturbance"

    @property
    def over(self) -> bool:
        return all(ending.done() for ending in self.endings)

    def all_ended_well(self) -> list[Story]:
        """The stories, once each has ended."""
        for ending in self.endings:
            ending.result()
        failed = {story.title: story.failure for story in self.stories if not story.passed}
        assert not failed
        return self.stories


@contextmanager
def told_at_once(
    stack: Stack,
    keys: Sequence[str],
    *,
    listener: Listener = _nobody,
    unanswered_mail: bool = False,
) -> Generator[Telling]:
    """Tell the stories with these keys (`"aab"`) at once; the block is left when all have ended.

    `unanswered_mail` is for who kills senders or takers of mail: SMTP cannot be asked afterwards.
    """
    endpoints = json.loads(stack.endpoints_file.read_text())
    topics = [name for name in stack.plan.topics if name != HIDDEN_TOPIC]
    with (
        closing(SharedWitness.at(endpoints["kafka"], topics)) as witness,
        ThreadPoolExecutor(len(keys)) as stage,
    ):
        scene = Scene(
            endpoints,
            witness,
            keepsakes=stack.keepsakes,
            kill=_leave_alone,
            start=_leave_alone,
            step_seconds=STEP_SECONDS,
            unanswered_mail=unanswered_mail,
        )
        telling = Telling([])
        telling.stories = [
            _story(telling, scene, place, key=key, listener=listener)
            for place, key in enumerate(keys)
        ]
        telling.endings = [stage.submit(_tell, story) for story in telling.stories]
        try:
            yield telling
        except BaseException:
            witness.give_up()
            raise


def _leave_alone(_name: str) -> None:
    """What the demo does to the system in the middle of a story is left to the test."""


def _story(telling: Telling, scene: Scene, place: int, *, key: str, listener: Listener) -> Story:
    def hear(step: Step) -> None:
        telling.note()
        listener(place, story, step)

    story = Story(key, f"{place}: {STORIES[key][0]}", scene, tell=hear)
    return story


def _tell(story: Story) -> None:
    try:
        STORIES[story.key][1](story)
    except (LocalError, httpx2.HTTPError, AssertionError) as error:
        story.failure = f"{type(error).__name__}: {error}"
