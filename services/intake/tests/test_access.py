"""What answers without a token, and what a dossier is to those whom it does not concern."""

from uuid import uuid4

import pytest

from chassis.access import Role
from chassis.health import PUBLIC_PATHS
from chassis.testing.access import assert_guarded
from intake.api import PUBLIC

from .scene import (
    BINH,
    DAO,
    JUSTICE_SYSTEM,
    LAN,
    OFFICER_ELSEWHERE,
    OPERATOR,
    PLANNING_SYSTEM,
    Person,
    Scene,
)

CONTENT = {"Nguyễn", "dao@example.vn", "0912345678", "037190001234", "Lê Lợi", DAO.subject}


async def test_only_the_notice_board_tracking_and_health_are_open(scene: Scene):
    health = {f"GET {path}" for path in PUBLIC_PATHS}
    assert_guarded(scene.service.http, public=PUBLIC | health)


@pytest.mark.parametrize("reader", [DAO, LAN, JUSTICE_SYSTEM])
async def test_those_concerned_read_the_whole_dossier(scene: Scene, reader: Person):
    dossier = await scene.dossier(await scene.filed(), reader)
    assert dossier["form"]["citizenId"] == "037190001234"
    assert dossier["contact"]["email"] == "dao@example.vn"
    assert (dossier["statusName"]["vi"], dossier["intakeAgency"]) == (
        "yêu cầu thực hiện nghĩa vụ tài chính",
        "H42.01",
    )


@pytest.mark.parametrize("reader", [BINH, OFFICER_ELSEWHERE, PLANNING_SYSTEM])
async def test_to_everybody_else_it_does_not_exist(scene: Scene, reader: Person):
    dossier = await scene.filed()
    theirs = await scene.get(reader, f"/v1/dossiers/{dossier}")
    nobodys = await scene.get(reader, f"/v1/dossiers/{uuid4()}")
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.json() == nobodys.json()


async def test_an_operator_reads_no_dossier(scene: Scene):
    assert (await scene.get(OPERATOR, f"/v1/dossiers/{await scene.filed()}")).status_code == 403


async def test_an_officer_without_an_agency_reads_no_dossier(scene: Scene):
    nowhere = Person("somebody", Role.OFFICER)
    assert (await scene.get(nowhere, f"/v1/dossiers/{await scene.filed()}")).status_code == 404


async def test_a_citizen_named_like_an_agency_is_no_agency(scene: Scene):
    poser = Person("somebody", Role.CITIZEN, "H42.10")
    assert (await scene.get(poser, f"/v1/dossiers/{await scene.filed()}")).status_code == 404


async def test_an_id_that_is_none_is_told_so(scene: Scene):
    answer = await scene.get(DAO, "/v1/dossiers/1%20OR%201=1")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "dossier_id"


async def test_tracking_tells_everybody_where_a_dossier_stands_and_nothing_else(scene: Scene):
    code = (await scene.dossier(await scene.received()))["code"]
    answer = await scene.get(None, f"/v1/tracking/{code.lower()}")
    assert answer.json() == {
        "code": code,
        "procedureCode": "2.000488",
        "status": 2,
        "statusName": {"vi": "được tiếp nhận", "en": "received"},
        "registeredAt": "2026-11-25T02:00:00Z",
        "receivedAt": "2026-11-25T02:00:00Z",
        "dueAt": "2026-12-09T10:00:00Z",
        "completedAt": None,
        "endedAt": None,
    }
    assert not [word for word in CONTENT if word in answer.text]


@pytest.mark.parametrize(
    ("code", "status", "problem"),
    [
        ("H42.10-20261125-0000002", 404, "unknown-dossier"),
        ("000.00.10.H42-261125-0001", 404, "unknown-dossier"),
        ("H42.10-20261325-0000001", 400, "unreadable-code"),
        ("'; DROP TABLE dossiers", 400, "unreadable-code"),
    ],
)
async def test_a_code_that_is_nobodys_or_none_is_told_so(
    scene: Scene, code: str, status: int, problem: str
):
    await scene.filed()
    answer = await scene.get(None, f"/v1/tracking/{code}")
    assert answer.status_code == status
    assert answer.json()["type"].endswith(f"/{problem}")


async def test_everybody_reads_which_procedures_there_are(scene: Scene):
    procedures = (await scene.get(None, "/v1/procedures")).json()
    assert [procedure["code"] for procedure in procedures] == ["2.000488", "2.000815", "2.001583"]
    assert procedures[0]["name"]["en"].startswith("Judicial record certificate")


async def test_everybody_reads_what_a_procedure_asks_for(scene: Scene):
    procedure = (await scene.get(None, "/v1/procedures/2.000488")).json()
    [fee] = procedure["fees"]
    assert (fee["kind"], fee["amount"]) == ("phi", 200_000)
    assert procedure["timeLimit"]["amount"] == 10
    assert procedure["timeLimit"]["unit"] == "working-days"
    assert procedure["papers"][0]["mediaTypes"] == ["application/pdf", "image/jpeg", "image/png"]
    assert procedure["exemptions"][0]["proof"] == "student-card"
    assert {"code", "uses", "words", "ground"} == procedure["reasons"][0].keys()
    assert procedure["form"]["properties"]["citizenId"]["x-label"]["vi"] == "Số định danh cá nhân"


async def test_a_procedure_that_is_none_is_not_found(scene: Scene):
    answer = await scene.get(None, "/v1/procedures/9.999999")
    assert answer.status_code == 404
    assert "không có" in answer.json()["detailVi"]


async def test_what_is_no_code_of_a_procedure_is_refused_and_not_repeated(scene: Scene):
    answer = await scene.get(None, "/v1/procedures/Nguyễn Thị Đào")
    assert answer.status_code == 400
    assert answer.json()["type"].endswith("/unreadable-code")
    assert "Nguyễn" not in answer.text
