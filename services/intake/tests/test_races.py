"""Several people do something about one dossier at the same moment."""

import asyncio

from .scene import DAO, JUSTICE_SYSTEM, LAN, Scene, denied, said


async def test_of_officers_who_receive_a_dossier_at_once_one_succeeds(scene: Scene):
    dossier = await scene.paid()
    answers = await asyncio.gather(*(scene.act(LAN, dossier, "receive") for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 5]
    assert (await scene.announced(dossier)).count("received") == 1


async def test_of_different_decisions_at_once_one_is_taken(scene: Scene):
    dossier = await scene.received()
    decisions = [said(denied(dossier, reference=f"STP-{n}")) for n in range(6)]
    answers = await asyncio.gather(
        *(scene.act(JUSTICE_SYSTEM, dossier, "decisions", **each) for each in decisions)
    )
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 5]
    assert (await scene.announced(dossier)).count("completed") == 1


async def test_a_withdrawal_and_a_decision_at_once_leave_one_end(scene: Scene):
    dossier = await scene.received()
    answers = await asyncio.gather(
        scene.act(DAO, dossier, "withdraw", reasonCode="applicant-request"),
        scene.act(JUSTICE_SYSTEM, dossier, "decisions", **said(denied(dossier))),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    facts = await scene.announced(dossier)
    assert ("withdrawn" in facts) != ("completed" in facts)
