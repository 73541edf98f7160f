"""Papers are missing: asked for once at each stage, handed in all at once, while the clock stands
still.
"""

from datetime import timedelta
from uuid import uuid4

import pytest

from .scene import BINH, DAO, JUSTICE, LAN, Json, Scene, wants

WANTED: Json = {"reasonCode": "identity-unclear", "papersWanted": ["identity-card"]}


async def test_the_office_asks_for_papers_before_it_receives(scene: Scene):
    dossier = await scene.paid()
    asked = await scene.act(LAN, dossier, "supplement-requests", **WANTED)
    assert asked.json()["status"] == 5
    assert (await scene.dossier(dossier))["papersWanted"] == ["identity-card"]
    came = await scene.act(DAO, dossier, "supplements", papers=[await scene.paper(DAO)])
    assert came.json()["status"] == 1
    fact = await scene.fact(dossier, "supplemented")
    assert "clockStoppedAt" not in fact
    assert (await scene.announced(dossier))[-2:] == ["supplement-requested", "supplemented"]


async def test_the_clock_stands_still_while_an_agency_waits_for_papers(scene: Scene):
    dossier = await scene.received()
    scene.clock.pass_by(timedelta(days=1))
    await scene.say(JUSTICE, wants(dossier))
    scene.clock.pass_by(timedelta(days=1))
    came = await scene.act(DAO, dossier, "supplements", papers=[await scene.paper(DAO)])
    assert came.json()["status"] == 4
    assert came.json()["dueAt"] == "2026-12-10T10:00:00Z"  # one working day later than before
    fact = await scene.fact(dossier, "supplemented")
    assert (fact["clockStoppedAt"], fact["clockResumedAt"]) == (
        "2026-11-26T02:00:00Z",
        "2026-11-27T02:00:00Z",
    )


async def test_what_was_supplemented_is_among_the_papers(scene: Scene):
    dossier = await scene.paid()
    await scene.act(LAN, dossier, "supplement-requests", **WANTED)
    await scene.act(DAO, dossier, "supplements", papers=[await scene.paper(DAO)])
    kinds = [paper["kind"] for paper in (await scene.dossier(dossier))["papers"]]
    assert kinds == ["identity-card", "identity-card"]
    [paper] = (await scene.fact(dossier, "supplemented"))["papers"]
    assert paper["paperId"] == (await scene.dossier(dossier))["papers"][1]["paperId"]


async def test_papers_are_asked_for_once_at_each_stage(scene: Scene):
    dossier = await scene.paid()
    await scene.act(LAN, dossier, "supplement-requests", **WANTED)
    await scene.act(DAO, dossier, "supplements", papers=[await scene.paper(DAO)])
    again = await scene.act(LAN, dossier, "supplement-requests", **WANTED)
    assert again.status_code == 409
    assert again.json()["type"].endswith("/supplement-already-requested")
    await scene.act(LAN, dossier, "receive")
    await scene.say(JUSTICE, wants(dossier))
    assert await scene.status(dossier) == 5


async def test_the_same_request_again_changes_nothing(scene: Scene):
    dossier = await scene.paid()
    for _ in range(2):
        asked = await scene.act(LAN, dossier, "supplement-requests", **WANTED)
        assert (asked.status_code, asked.json()["status"]) == (200, 5)
    assert (await scene.announced(dossier)).count("supplement-requested") == 1


@pytest.mark.parametrize(
    ("wanted", "field"),
    [(["horoscope"], "papersWanted.0"), ([], "papersWanted"), (["Thẻ"], "papersWanted.0")],
)
async def test_only_papers_of_the_procedure_are_asked_for(
    scene: Scene, wanted: list[str], field: str
):
    dossier = await scene.paid()
    answer = await scene.act(
        LAN, dossier, "supplement-requests", **WANTED | {"papersWanted": wanted}
    )
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_a_supplement_that_is_not_whole_is_refused_by_what_is_missing(scene: Scene):
    dossier = await scene.paid()
    both = WANTED | {"papersWanted": ["identity-card", "authorisation"]}
    await scene.act(LAN, dossier, "supplement-requests", **both)
    answer = await scene.act(DAO, dossier, "supplements", papers=[await scene.paper(DAO)])
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["vi"].startswith("Thiếu giấy tờ: Văn bản ủy quyền")
    assert await scene.status(dossier) == 5


async def test_papers_that_nobody_asked_for_are_refused(scene: Scene):
    dossier = await scene.paid()
    answer = await scene.act(DAO, dossier, "supplements", papers=[await scene.paper(DAO)])
    assert (answer.status_code, answer.json()["status"]) == (409, 1)
    assert answer.json()["type"].endswith("/no-supplement-awaited")


async def test_papers_that_come_after_the_stop_are_refused(scene: Scene):
    dossier = await scene.received()
    await scene.say(JUSTICE, wants(dossier))
    await scene.act(LAN, dossier, "stop", reasonCode="supplement-not-given")
    answer = await scene.act(DAO, dossier, "supplements", papers=[await scene.paper(DAO)])
    assert answer.status_code == 409
    assert (await scene.announced(dossier))[-1] == "stopped"
    assert await scene.rows("SELECT part FROM papers") == [("application",)]


async def test_somebody_elses_file_is_no_supplement(scene: Scene):
    dossier = await scene.paid()
    await scene.act(LAN, dossier, "supplement-requests", **WANTED)
    answer = await scene.act(DAO, dossier, "supplements", papers=[await scene.paper(BINH)])
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "papers.0.fileId"


async def test_a_supplement_sent_twice_is_kept_once(scene: Scene):
    dossier, key = await scene.paid(), str(uuid4())
    await scene.act(LAN, dossier, "supplement-requests", **WANTED)
    body, path = {"papers": [await scene.paper(DAO)]}, f"/v1/dossiers/{dossier}/supplements"
    first = await scene.post(DAO, path, body, key=key)
    again = await scene.post(DAO, path, body, key=key)
    assert (again.status_code, again.json()) == (200, first.json())
    assert (await scene.announced(dossier)).count("supplemented") == 1


async def test_only_the_applicant_supplements(scene: Scene):
    dossier = await scene.paid()
    await scene.act(LAN, dossier, "supplement-requests", **WANTED)
    stranger = await scene.act(BINH, dossier, "supplements", papers=[await scene.paper(BINH)])
    assert stranger.status_code == 404
    officer = await scene.act(LAN, dossier, "supplements", papers=[await scene.paper(LAN)])
    assert officer.status_code == 403
