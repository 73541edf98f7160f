"""Those concerned with a copy see it and fetch its files; to everybody else it does not exist."""

import hashlib
from uuid import uuid4

import pytest

from certification import api
from certification.check_routes import PUBLIC
from certification.domain import CopyState
from chassis.access import Role
from chassis.testing.access import assert_guarded

from .samples import ID_NUMBER, NAME, OTHER_AGENCY, TITLE
from .scene import Scene, problem

OPEN = {"GET /livez", "GET /readyz", "GET /metrics", *PUBLIC}


async def test_its_applicant_and_its_agency_see_a_copy(scene: Scene):
    copy_id = await scene.certified()
    for reader in (scene.owner(), scene.clerk(), scene.authorised()):
        view = (await scene.get(f"/v1/copies/{copy_id}", reader)).json()
        assert view["requester"] == {"name": NAME, "idNumber": ID_NUMBER}
        assert (view["title"], view["state"]) == (TITLE, "certified")
        assert len(view["checkCode"]) == 8


async def test_nobody_else_learns_that_there_is_a_copy(scene: Scene):
    copy_id = await scene.certified()
    strangers = [scene.owner("citizen-binh"), scene.clerk(OTHER_AGENCY)]
    for stranger in strangers:
        for path in ("", "/file", "/scan"):
            answer = await scene.get(f"/v1/copies/{copy_id}{path}", stranger)
            assert problem(answer) == (404, "unknown-copy")
    unknown = await scene.get(f"/v1/copies/{uuid4()}")
    assert problem(unknown) == (404, "unknown-copy")
    assert (await scene.http.get(f"/v1/copies/{copy_id}")).status_code == 401
    operator = scene.token("operator", Role.OPERATOR)
    assert (await scene.get(f"/v1/copies/{copy_id}", operator)).status_code == 403


async def test_the_file_is_the_very_one_that_was_signed(scene: Scene):
    copy = await scene.copy(await scene.certified())
    answer = await scene.get(f"/v1/copies/{copy.id}/file", scene.owner())
    assert hashlib.sha256(answer.content).hexdigest() == copy.sha256
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "no-store" in answer.headers["cache-control"]


async def test_a_copy_that_is_not_approved_has_neither_number_nor_link_nor_code(scene: Scene):
    view = (await scene.get(f"/v1/copies/{await scene.ready()}")).json()
    for name in ("number", "book", "year", "checkUrl", "checkCode", "sha256", "level"):
        assert view[name] is None


async def test_officials_list_the_copies_of_their_agency(scene: Scene):
    requested, ready, certified = (
        await scene.requested(),
        await scene.ready(),
        await scene.certified(),
    )

    async def listed(query: str = "", agency: str = "H42.10") -> list[str]:
        answer = await scene.get(f"/v1/copies{query}", scene.clerk(agency))
        assert answer.status_code == 200
        assert not any(word in answer.text for word in (NAME, ID_NUMBER, TITLE, "checkCode"))
        return [copy["copyId"] for copy in answer.json()["copies"]]

    assert await listed() == [requested, ready, certified]
    assert await listed("?state=ready") == [ready]
    assert await listed(f"?after={ready}") == [certified]
    assert await listed(agency=OTHER_AGENCY) == []
    assert (await scene.get("/v1/copies", scene.owner())).status_code == 403
    assert (await scene.get("/v1/copies?state=lost")).status_code == 422


async def test_a_clerk_refuses_a_copy_with_a_reason(scene: Scene):
    for copy_id in (await scene.requested(), await scene.ready()):
        answer = await scene.decide(copy_id, "refusal", "original-erased", headers=scene.clerk())
        assert answer.status_code == 200
        assert answer.json() == {"copyId": copy_id, "state": "refused"}
        copy = await scene.copy(copy_id)
        assert (copy.state, copy.reason) == (CopyState.REFUSED, "original-erased")
        assert await scene.announced(copy.dossier_id) == ["copy-requested", "copy-refused"]
    assert await scene.entries() == []


async def test_an_applicant_decides_nothing(scene: Scene):
    copy_id = await scene.ready()
    for what in ("signature", "refusal", "revocation", "replacement"):
        answer = await scene.decide(copy_id, what, headers=scene.owner())
        assert answer.status_code == 403


async def test_no_route_is_open_by_accident(scene: Scene):
    assert_guarded(scene.service.http, public=OPEN)


async def test_the_register_tells_every_number_and_what_became_of_it(scene: Scene):
    used, reserved, void = [await scene.approved() for _ in range(3)]
    await scene.decide(void, "refusal", "not-certified")
    await scene.execute(f"UPDATE copies SET leased_until = 'infinity' WHERE id = '{reserved}'")
    await scene.sign()
    lines = (await scene.get("/v1/register?year=2026")).json()["entries"]
    assert [(line["number"], line["state"], line["reason"], line["copyId"]) for line in lines] == [
        (1, "used", None, used),
        (2, "reserved", None, reserved),
        (3, "void", "not-certified", void),
    ]
    assert lines[0]["requester"] == {"name": NAME, "idNumber": ID_NUMBER}
    assert (lines[0]["title"], lines[0]["pages"], lines[0]["fee"]) == (TITLE, 3, 5_000)
    later = (await scene.get("/v1/register?year=2026&after=1")).json()["entries"]
    assert [line["number"] for line in later] == [2, 3]
    for other in ("year=2027", "year=2026&book=OTHER"):
        assert (await scene.get(f"/v1/register?{other}")).json()["entries"] == []
    foreign = await scene.get("/v1/register?year=2026", scene.clerk(OTHER_AGENCY))
    assert foreign.json()["entries"] == []
    assert (await scene.get("/v1/register?year=2026", scene.owner())).status_code == 403


async def test_a_search_with_many_lines_says_where_the_next_begin(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(api, "LIMIT", 2)
    copies = [await scene.approved() for _ in range(3)]

    async def page(**more: str) -> tuple[list[str], str | None]:
        answer = await scene.http.post(
            "/v1/register/searches", json={"idNumber": ID_NUMBER, **more}, headers=scene.clerk()
        )
        told = answer.json()
        return [line["copyId"] for line in told["entries"]], told["nextAfter"]

    assert await page() == (copies[:2], copies[1])
    assert await page(after=copies[1]) == (copies[2:], None)
    lines = (await scene.get("/v1/register?year=2026")).json()
    assert ([line["number"] for line in lines["entries"]], lines["nextAfter"]) == ([1, 2], "2")


async def test_the_register_is_searched_by_identity_number_without_opening_any(scene: Scene):
    copy_id = await scene.certified()

    async def found(id_number: str, agency: str = "H42.10") -> list[str]:
        answer = await scene.http.post(
            "/v1/register/searches",
            json={"idNumber": id_number},
            headers=scene.clerk(agency),
        )
        return [line["copyId"] for line in answer.json()["entries"]]

    assert await found(ID_NUMBER) == [copy_id]
    assert await found("079204009999") == []
    assert await found(ID_NUMBER, OTHER_AGENCY) == []
