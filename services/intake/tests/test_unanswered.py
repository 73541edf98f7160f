"""An agency whose system does not read what we publish makes no error: only its silence grows."""

import asyncio
from datetime import timedelta

from prometheus_client import REGISTRY

from intake.sweeps import measure_agencies

from .scene import JUSTICE, PLANNING, Scene, started


def metric(name: str, agency: str) -> float | None:
    return REGISTRY.get_sample_value(f"motcua_intake_{name}", {"agency": agency})


async def test_what_an_agency_leaves_unanswered_is_counted_and_grows_old(scene: Scene):
    dossier = await scene.received()
    scene.clock.pass_by(timedelta(hours=2))
    await scene.received()
    await measure_agencies(scene.service)
    assert metric("unanswered_dossiers", JUSTICE) == 2
    age = metric("oldest_unanswered_seconds", JUSTICE) or 0
    assert 7200 <= age < 7260
    async with asyncio.timeout(5):
        while (metric("oldest_unanswered_seconds", JUSTICE) or 0) <= age:  # noqa: ASYNC110 - time passes
            await asyncio.sleep(0.01)

    await scene.say(JUSTICE, started(dossier))
    await measure_agencies(scene.service)
    assert metric("unanswered_dossiers", JUSTICE) == 1
    assert (metric("oldest_unanswered_seconds", JUSTICE) or 0) < 60


async def test_an_agency_that_owes_no_answer_is_told_with_zero(scene: Scene):
    """Else its silence could not be told from that of a service that measures nothing."""
    await scene.paid()
    await measure_agencies(scene.service)
    for agency in (JUSTICE, PLANNING):
        assert metric("unanswered_dossiers", agency) == 0
        assert metric("oldest_unanswered_seconds", agency) == 0
