"""Rows to look at, and rows to decide about."""

from .scene import DAO, Scene


async def test_what_was_looked_at_is_read_anew_to_decide_about_it(scene: Scene):
    dossier = await scene.filed()
    async with scene.service.transaction() as work:
        looked_at = await work.dossiers.read(dossier)
        assert looked_at
        await scene.act(DAO, dossier, "withdraw", reasonCode="applicant-request")
        assert (looked_at.status, (await work.dossier(dossier)).status) == (6, 7)


async def test_nothing_changes_by_looking(scene: Scene):
    dossier = await scene.filed()
    async with scene.service.transaction() as work:
        looked_at = await work.dossiers.read(dossier)
        assert looked_at
        looked_at.status = 9
    assert await scene.status(dossier) == 6
