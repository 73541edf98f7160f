"""What an agency says before its time: what time makes right is tried again, the rest is not."""

from datetime import timedelta

from chassis.held_messages import LONGEST_PAUSE, TRANSIENT_ATTEMPTS

from .scene import DAO, JUSTICE, LAN, Scene, denied, started, wants


async def test_a_decision_before_the_receipt_waits_for_it(scene: Scene):
    dossier = await scene.paid()
    await scene.say(JUSTICE, denied(dossier))
    assert [(state, detail) for state, _, detail in await scene.held()] == [
        ("waiting", "not-yet-received")
    ]
    await scene.act(LAN, dossier, "receive")
    scene.clock.pass_by(timedelta(seconds=2))
    assert await scene.decisions.retry_due() == 1
    assert (await scene.announced(dossier))[-3:] == ["received", "processing-started", "completed"]
    assert [state for state, _, _ in await scene.held()] == ["handled"]


async def test_what_follows_an_early_message_follows_it_later_too(scene: Scene):
    dossier = await scene.paid()
    await scene.say(JUSTICE, started(dossier), denied(dossier))
    await scene.act(LAN, dossier, "receive")
    scene.clock.pass_by(timedelta(seconds=2))
    assert await scene.decisions.retry_due() == 2
    assert (await scene.announced(dossier))[-2:] == ["processing-started", "completed"]


async def test_an_early_message_whose_time_does_not_come_is_parked_in_the_end(scene: Scene):
    dossier = await scene.paid()
    await scene.say(JUSTICE, denied(dossier))
    began = scene.clock.now
    for _ in range(TRANSIENT_ATTEMPTS - 1):
        scene.clock.pass_by(LONGEST_PAUSE)
        assert await scene.decisions.retry_due() == 1
    assert scene.clock.now - began > timedelta(hours=2)
    [(state, _, detail)] = await scene.held()
    assert (state, detail) == ("parked", "not-yet-received")


async def test_a_decision_made_while_papers_are_awaited_is_not_taken_when_they_come(scene: Scene):
    dossier = await scene.received()
    await scene.say(JUSTICE, wants(dossier))
    await scene.say(JUSTICE, denied(dossier))
    assert [(state, reason) for state, reason, _ in await scene.held()] == [
        ("parked", "supplement-awaited")
    ]
    await scene.act(DAO, dossier, "supplements", papers=[await scene.paper(DAO)])
    scene.clock.pass_by(timedelta(days=1))
    assert await scene.decisions.retry_due() == 0
    assert await scene.status(dossier) == 4
