"""The database goes away at the worst moment: after a signature was made."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from prometheus_client import REGISTRY

from certification.dispatcher import Dispatcher, Pace, Tools
from certification.domain import CopyState
from certification.settings import Settings
from certification.work import CertificationWork
from chassis.database import DatabaseAwayError

from .scene import Scene


@dataclass
class Shaky:
    """Transactions of a database that goes away: before a commit, or before its answer."""

    scene: Scene
    before: Callable[[CertificationWork], bool] = lambda _: False
    after: Callable[[CertificationWork], bool] = lambda _: False
    times: int = 1
    lost: list[str] = field(default_factory=list[str])

    @asynccontextmanager
    async def __call__(self) -> AsyncGenerator[CertificationWork]:
        async with self.scene.service.transaction() as work:
            yield work
            self._go_away("before", self.before(work))
        self._go_away("after", self.after(work))

    def _go_away(self, when: str, wanted: bool) -> None:
        if wanted and len(self.lost) < self.times:
            self.lost.append(when)
            raise DatabaseAwayError


async def sign(scene: Scene, settings: Settings, transactions: Shaky) -> None:
    dispatcher = Dispatcher(
        Tools(scene.signer, scene.files, settings.office(), scene.sealing),
        transactions=transactions,
        more=lambda: None,
        pace=Pace(lanes=1, step_seconds=5, record_pauses=(0.01,)),
    )
    await dispatcher.run()


def swallowed() -> float:
    labels = {"where": "record a signature"}
    return REGISTRY.get_sample_value("motcua_swallowed_errors_total", labels) or 0


def certifies(work: CertificationWork) -> bool:
    return bool(work.announcements)


async def test_a_signature_is_recorded_once_the_database_is_back(scene: Scene, settings: Settings):
    copy_id, before = await scene.approved(), swallowed()
    shaky = Shaky(scene, before=certifies, times=3)
    await sign(scene, settings, shaky)
    assert shaky.lost == ["before"] * 3
    assert swallowed() == before + 3
    assert (await scene.copy(copy_id)).state is CopyState.CERTIFIED
    assert len(scene.signer.signed) == 1
    assert await scene.attempts() == ["finished"]


async def test_a_commit_whose_answer_was_lost_keeps_its_file(scene: Scene, settings: Settings):
    copy_id = await scene.approved()
    shaky = Shaky(scene, after=certifies)
    await sign(scene, settings, shaky)
    assert shaky.lost == ["after"]
    copy = await scene.copy(copy_id)
    assert copy.state is CopyState.CERTIFIED
    assert scene.files.path(str(copy.sha256)).exists()
    assert await scene.announced(copy.dossier_id) == ["copy-requested", "copy-certified"]
    assert len(scene.signer.signed) == 1
