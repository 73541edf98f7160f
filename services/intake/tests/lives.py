"""Dossiers that between them go through everything that intake can say."""

from datetime import timedelta
from uuid import uuid4

from documents.store import FileStore
from intake.sweeps import sweeps

from . import copies
from .copies import ANOTHER, ANOTHERS_SHA256, Copy
from .scene import DAO, JUSTICE, LAN, Scene, approved, started, wants


async def tell_overdue(scene: Scene) -> None:
    """What the sweep does every minute."""
    folder, most = scene.settings.files_folder, scene.settings.files_most_bytes
    telling, *_ = sweeps(scene.service, FileStore.open(folder, most_bytes=most))
    await telling.run()


async def returned(scene: Scene) -> str:
    """Paid, received, taken up, supplemented, late, decided, returned."""
    dossier = await scene.received()
    await scene.say(JUSTICE, started(dossier, unit="records", step="check"), wants(dossier))
    await scene.act(DAO, dossier, "supplements", papers=[await scene.paper(DAO)])
    scene.clock.pass_by(timedelta(days=30))
    await tell_overdue(scene)
    await scene.say(JUSTICE, approved(dossier, await scene.result()))
    await scene.act(LAN, dossier, "return", how="online")
    return dossier


async def refused(scene: Scene) -> str:
    dossier = await scene.paid()
    await scene.act(LAN, dossier, "refuse", reasonCode="wrong-agency")
    return dossier


async def withdrawn(scene: Scene) -> str:
    dossier = await scene.filed()
    await scene.act(DAO, dossier, "withdraw", reasonCode="applicant-request")
    return dossier


async def stopped(scene: Scene) -> str:
    dossier = await scene.received()
    await scene.act(LAN, dossier, "stop", reasonCode="papers-incomplete")
    return dossier


async def certified(scene: Scene) -> str:
    """Asks for a certified copy, and gets it."""
    return (await copies.certified(scene)).about["dossier_id"]


async def unproven(scene: Scene) -> str:
    """A certified copy lies in it that is revoked while it waits."""
    copy = Copy(str(uuid4()), ANOTHERS_SHA256)
    await scene.certify(copy.certified())
    dossier = await copies.filed_with(scene, ANOTHER)
    await scene.certify(copy.revoked())
    return dossier


async def at_counter(scene: Scene) -> str:
    """Filed and refused at the counter, for somebody without an account."""
    dossier = await scene.filed_at_counter()
    await scene.pay(dossier)
    await scene.act(LAN, dossier, "refuse", reasonCode="wrong-agency")
    return dossier


async def every(scene: Scene) -> list[str]:
    lives = (returned, refused, withdrawn, stopped, certified, unproven, at_counter)
    return [await life(scene) for life in lives]
