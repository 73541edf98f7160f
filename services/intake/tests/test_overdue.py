"""A result that is late is said to be so, once."""

import asyncio
from datetime import timedelta

from prometheus_client import REGISTRY

from .lives import tell_overdue
from .scene import DAO, JUSTICE, Scene, denied, started, wants


def overdue() -> float:
    labels = {"procedure": "2.000488", "fact": "overdue"}
    return REGISTRY.get_sample_value("motcua_intake_facts_total", labels) or 0


async def test_nothing_is_late_before_the_due_date_is_over(scene: Scene):
    dossier = await scene.received()
    scene.clock.pass_by(timedelta(days=14, hours=8))  # to the second of the due date
    await tell_overdue(scene)
    assert "overdue" not in await scene.announced(dossier)


async def test_a_late_result_is_told_once(scene: Scene):
    dossier, before = await scene.received(), overdue()
    await scene.say(JUSTICE, started(dossier))
    scene.clock.pass_by(timedelta(days=14, hours=8, seconds=1))
    for _ in range(2):
        await tell_overdue(scene)
    assert (await scene.announced(dossier)).count("overdue") == 1
    fact = await scene.fact(dossier, "overdue")
    assert (fact["dueAt"], fact["status"]) == ("2026-12-09T10:00:00Z", 4)
    assert overdue() == before + 1


async def test_replicas_that_sweep_at_once_tell_it_once(scene: Scene):
    dossiers = [await scene.received() for _ in range(3)]
    scene.clock.pass_by(timedelta(days=20))
    await asyncio.gather(*(tell_overdue(scene) for _ in range(4)))
    for dossier in dossiers:
        assert (await scene.announced(dossier)).count("overdue") == 1


async def test_while_the_clock_stands_nothing_becomes_late(scene: Scene):
    dossier = await scene.received()
    await scene.say(JUSTICE, wants(dossier))
    scene.clock.pass_by(timedelta(days=60))
    await tell_overdue(scene)
    assert "overdue" not in await scene.announced(dossier)


async def test_what_is_decided_or_withdrawn_is_not_late(scene: Scene):
    decided, withdrawn = await scene.received(), await scene.received()
    await scene.say(JUSTICE, denied(decided))
    await scene.act(DAO, withdrawn, "withdraw", reasonCode="applicant-request")
    scene.clock.pass_by(timedelta(days=60))
    await tell_overdue(scene)
    for dossier in (decided, withdrawn):
        assert "overdue" not in await scene.announced(dossier)


async def test_a_late_result_is_still_taken(scene: Scene):
    dossier = await scene.received()
    scene.clock.pass_by(timedelta(days=60))
    await tell_overdue(scene)
    await scene.say(JUSTICE, denied(dossier))
    assert await scene.status(dossier) == 9
