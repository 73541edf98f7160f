"""The competent agency's own system takes its part over Kafka."""

import pytest

from documents.testing import pdf

from .scene import DAO, JUSTICE, LAN, Scene, approved, denied, started, wants
from .test_payments import remarks


async def test_an_agency_takes_a_dossier_up(scene: Scene):
    dossier = await scene.received()
    await scene.say(JUSTICE, started(dossier, unit="records", step="check"))
    assert await scene.status(dossier) == 4
    fact = await scene.fact(dossier, "processing-started")
    assert (fact["agencyReference"], fact["unit"], fact["step"]) == ("STP-1", "records", "check")


async def test_an_agency_decides_and_the_applicant_finds_the_result(scene: Scene):
    dossier, result = await scene.received(), await scene.result()
    await scene.say(JUSTICE, started(dossier), approved(dossier, result))
    whole = await scene.dossier(dossier)
    assert (whole["status"], whole["outcome"], whole["agencyReference"]) == (9, "approved", "STP-1")
    [paper] = whole["resultPapers"]
    assert paper["sha256"] == result.sha256
    fact = await scene.fact(dossier, "completed")
    assert fact["resultPapers"] == [
        {"paperId": paper["paperId"], "kind": result.kind, "sha256": result.sha256}
    ]


async def test_who_decides_without_taking_up_takes_up_by_deciding(scene: Scene):
    dossier = await scene.received()
    await scene.say(JUSTICE, denied(dossier))
    assert (await scene.announced(dossier))[-2:] == ["processing-started", "completed"]
    fact = await scene.fact(dossier, "completed")
    assert (fact["outcome"], fact["reasonCode"]) == ("refused", "not-entitled")


async def test_a_whole_life_over_kafka_in_one_batch(scene: Scene):
    dossier = await scene.received()
    await scene.say(JUSTICE, started(dossier), wants(dossier))
    assert await scene.status(dossier) == 5
    await scene.act(DAO, dossier, "supplements", papers=[await scene.paper(DAO)])
    await scene.say(JUSTICE, approved(dossier, await scene.result()))
    assert await scene.announced(dossier) == [
        "registered",
        "payment-required",
        "payment-settled",
        "received",
        "processing-started",
        "supplement-requested",
        "supplemented",
        "completed",
    ]


async def test_a_decision_that_is_repeated_changes_nothing(scene: Scene):
    dossier = await scene.received()
    decision = approved(dossier, await scene.result())
    await scene.say(JUSTICE, decision)
    await scene.say(JUSTICE, decision)  # another event that says the same
    assert (await scene.announced(dossier)).count("completed") == 1
    assert len((await scene.dossier(dossier))["resultPapers"]) == 1
    assert await scene.held() == []


async def test_a_second_different_decision_is_parked(scene: Scene):
    dossier = await scene.received()
    await scene.say(JUSTICE, approved(dossier, await scene.result()), denied(dossier))
    assert (await scene.dossier(dossier))["outcome"] == "approved"
    await refused(scene, "already-decided")


@pytest.mark.parametrize("ended_by", ["withdraw", "stop"])
async def test_what_crosses_the_end_of_its_dossier_has_no_effect_and_blocks_nobody(
    scene: Scene, ended_by: str
):
    """The agency could not know: it was told while its own word was on the way."""
    dossier, before = await scene.received(), remarks("closed")
    if ended_by == "withdraw":
        await scene.act(DAO, dossier, "withdraw", reasonCode="applicant-request")
    else:
        await scene.act(LAN, dossier, "stop", reasonCode="papers-incomplete")
    ended = await scene.announced(dossier)
    await scene.say(JUSTICE, started(dossier), wants(dossier))
    await scene.say(JUSTICE, approved(dossier, await scene.result()))
    assert await scene.announced(dossier) == ended
    assert await scene.held() == []
    assert remarks("closed") == before + 3


async def test_what_another_agency_says_of_a_closed_dossier_is_parked(scene: Scene):
    dossier = await scene.received()
    await scene.act(DAO, dossier, "withdraw", reasonCode="applicant-request")
    await scene.say("H42.11", denied(dossier))
    await refused(scene, "another-agency")


async def test_a_decision_about_another_agencys_dossier_is_parked(scene: Scene):
    dossier = await scene.received()
    await scene.say("H42.11", denied(dossier))
    assert await scene.status(dossier) == 2
    await refused(scene, "another-agency")


async def test_another_agency_learns_nothing_of_the_procedure(scene: Scene):
    dossier = await scene.received()
    await scene.say("H42.11", wants(dossier, "horoscope", reason="no-such-reason"))
    [(_, reason, detail)] = await scene.held()
    assert reason == "another-agency"
    assert "identity" not in detail


async def test_what_an_agency_garbles_holds_back_nothing_of_others(scene: Scene):
    dossier = await scene.received()
    await scene.say("H42.11", denied(dossier))
    await scene.say(JUSTICE, denied(dossier))
    assert await scene.status(dossier) == 9


async def test_a_decision_about_a_dossier_that_nobody_filed_is_parked(scene: Scene):
    await scene.say(JUSTICE, denied("01936d0e-0000-7000-8000-000000000001"))
    await refused(scene, "unknown-dossier")


async def test_an_approval_without_a_result_is_parked(scene: Scene):
    dossier = await scene.received()
    await scene.say(JUSTICE, approved(dossier))
    assert await scene.status(dossier) == 2
    await refused(scene, "incomplete-verdict")


async def test_a_result_whose_digest_is_another_is_parked(scene: Scene):
    dossier = await scene.received()
    await scene.say(JUSTICE, approved(dossier, await scene.result(sha256="0" * 64)))
    assert await scene.status(dossier) == 2
    await refused(scene, "unknown-file")


async def test_a_result_that_nobody_uploaded_is_parked(scene: Scene):
    dossier = await scene.received()
    result = await scene.result(file_id="01936d0e-0000-7000-8000-000000000001")
    await scene.say(JUSTICE, approved(dossier, result))
    await refused(scene, "unknown-file")


async def test_a_file_of_the_applicant_is_no_result(scene: Scene):
    dossier, file = await scene.received(), await scene.uploaded(DAO, pdf(), "mine.pdf")
    result = await scene.result(file_id=file["fileId"], sha256=file["sha256"])
    await scene.say(JUSTICE, approved(dossier, result))
    await refused(scene, "unknown-file")


async def test_a_result_of_a_kind_that_the_procedure_gives_not_is_parked(scene: Scene):
    dossier = await scene.received()
    await scene.say(JUSTICE, approved(dossier, await scene.result(kind="horoscope")))
    await refused(scene, "unprocessable")


async def test_papers_or_reasons_that_the_procedure_has_not_are_parked(scene: Scene):
    first, second = await scene.received(), await scene.received()
    await scene.say(JUSTICE, wants(first, "horoscope"), wants(second, reason="bad-mood"))
    assert [reason for _, reason, _ in await scene.held()] == ["unprocessable", "unknown-reason"]
    assert [await scene.status(dossier) for dossier in (first, second)] == [2, 2]


async def test_papers_are_wanted_once(scene: Scene):
    dossier = await scene.received()
    await scene.say(JUSTICE, wants(dossier))
    await scene.act(DAO, dossier, "supplements", papers=[await scene.paper(DAO)])
    await scene.say(JUSTICE, wants(dossier))
    await refused(scene, "supplement-already-requested")


async def test_a_parked_message_holds_back_only_its_own_dossier(scene: Scene):
    garbled, sound = await scene.received(), await scene.received()
    await scene.say(JUSTICE, approved(garbled), denied(garbled), denied(sound))
    assert [await scene.status(dossier) for dossier in (garbled, sound)] == [2, 9]
    states = [(state, reason) for state, reason, _ in await scene.held()]
    assert states == [("parked", "incomplete-verdict"), ("waiting", "queued-behind")]


async def refused(scene: Scene, reason: str) -> None:
    [(state, found, _)] = await scene.held()
    assert (state, found) == ("parked", reason)
