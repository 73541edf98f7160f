"""What is wrong with a filing is answered by field, in Vietnamese and English, without its values,
and nothing is kept of it.
"""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from chassis.access import Role

from .samples import CONTACT, JUDICIAL_FORM
from .scene import BINH, DAO, OPERATOR, Json, Person, Scene

Change = Callable[[Json], object]


def form(**changes: object) -> Change:
    return lambda filing: filing.update(form=JUDICIAL_FORM | changes)


def contact(**changes: object) -> Change:
    return lambda filing: filing.update(contact=CONTACT | changes)


def whole(**changes: object) -> Change:
    return lambda filing: filing.update(changes)


def without_contact(filing: Json) -> None:
    del filing["contact"]


async def errors_of(scene: Scene, change: Change) -> dict[str, Any]:
    """File with a change, be refused with 422; gives back the errors by field."""
    filing = await scene.certificate_filing()
    change(filing)
    answer = await scene.post(DAO, "/v1/dossiers", filing)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert await scene.rows("SELECT count(*) FROM dossiers") == [(0,)]
    assert await scene.rows("SELECT count(*) FROM outbox") == [(0,)]
    return {error["field"]: error for error in answer.json()["errors"]}


@pytest.mark.parametrize(
    ("change", "field", "vi", "en"),
    [
        (
            form(citizenId="03719000123"),
            "form.citizenId",
            "Số định danh cá nhân: phải gồm đúng 12 chữ số.",
            "Personal identification number: must be exactly 12 digits.",
        ),
        (
            form(birthDate="1990-02-30"),
            "form.birthDate",
            "Ngày sinh: phải là một ngày có thật, viết theo năm-tháng-ngày, ví dụ 1990-05-21.",
            "Date of birth: must be a day that exists, as year-month-day, e.g. 1990-05-21.",
        ),
        (
            form(residences=[{"from": "2004-05-21"}]),
            "form.residences.0.address",
            "Nơi cư trú (1): chưa điền.",
            "Address (1): is missing.",
        ),
        (
            form(hobby="cờ tướng"),
            "form.hobby",
            "Biểu mẫu: biểu mẫu không có mục này.",
            "The form: the form has no such field.",
        ),
    ],
)
async def test_a_wrong_field_of_the_form_is_told_by_its_label(
    scene: Scene, change: Change, field: str, vi: str, en: str
):
    errors = await errors_of(scene, change)
    assert errors == {field: {"field": field, "vi": vi, "en": en}}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (contact(email="not-an-address"), "contact.email"),
        (contact(phone="113"), "contact.phone"),
        (contact(fullName=""), "contact.fullName"),
        (contact(address="12 Lê Lợi"), "contact.address"),
        (whole(channel="in-person"), "channel"),
        (
            whole(papers=[{"kind": "identity-card", "fileId": "../../etc/passwd"}]),
            "papers.0.fileId",
        ),
        (whole(form="everything"), "form"),
        (whole(applicantId="somebody-else"), "applicantId"),
        (without_contact, "contact"),
    ],
)
async def test_a_wrong_member_of_the_request_is_told_by_its_path(
    scene: Scene, change: Change, field: str
):
    errors = await errors_of(scene, change)
    assert errors.keys() == {field}
    assert errors[field]["vi"]


async def test_every_fault_is_told_at_once(scene: Scene):
    def spoil(filing: Json) -> None:
        filing["form"] = {**JUDICIAL_FORM, "sex": "unknown"}
        filing["papers"] = [{"kind": "horoscope", "fileId": str(uuid4())}]
        filing["exemptions"] = ["ho-ngheo"]

    errors = await errors_of(scene, spoil)
    assert errors.keys() == {
        "form.sex",
        "papers.0.fileId",
        "papers.0.kind",
        "papers",
        "exemptions.0",
    }
    assert errors["papers"]["vi"] == "Thiếu giấy tờ: Bản chụp Căn cước hoặc Hộ chiếu."


async def test_somebody_elses_file_is_as_good_as_none(scene: Scene):
    other = await scene.paper(BINH)
    errors = await errors_of(scene, whole(papers=[other]))
    assert errors["papers.0.fileId"]["en"].startswith("You uploaded no such file")


async def test_a_file_of_a_type_that_the_paper_may_not_have_is_refused(scene: Scene):
    filing = await scene.company_filing()
    filing["papers"][0] = await scene.paper(BINH, "charter")
    answer = await scene.post(BINH, "/v1/dossiers", filing)
    [error] = answer.json()["errors"]
    assert (error["field"], error["vi"]) == (
        "papers.0.fileId",
        "Điều lệ công ty: chỉ nhận tệp PDF.",
    )


@pytest.mark.parametrize(
    ("code", "status", "problem"),
    [("9.999999", 404, "unknown-procedure"), ("nonsense", 400, "unreadable-code")],
)
async def test_a_procedure_that_is_none_is_refused(
    scene: Scene, code: str, status: int, problem: str
):
    filing = await scene.certificate_filing() | {"procedureCode": code}
    answer = await scene.post(DAO, "/v1/dossiers", filing)
    assert answer.status_code == status
    assert answer.json()["type"].endswith(f"/{problem}")
    assert answer.json()["detailVi"]


@pytest.mark.parametrize("key", ["", "two words", "k" * 129])
async def test_without_a_good_idempotency_key_nothing_is_filed(scene: Scene, key: str):
    headers = scene.headers(DAO, **({"Idempotency-Key": key} if key else {}))
    filing = await scene.certificate_filing()
    answer = await scene.http.post("/v1/dossiers", json=filing, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["type"].endswith("/idempotency-key-invalid")


@pytest.mark.parametrize(
    "written",
    [
        '"\\ud800"',  # half a character
        "NaN",
        "1e999",
        "9" * 400,
        "[" * 400 + "]" * 400,
    ],
)
async def test_json_at_the_edge_of_what_json_is_is_refused(scene: Scene, written: str):
    filing = await scene.certificate_filing()
    filing["form"] = JUDICIAL_FORM | {"fullName": "@", "copies": "@"}
    text = json.dumps(filing).replace('"@"', written)
    headers = scene.headers(DAO, **{"Idempotency-Key": "1", "Content-Type": "application/json"})
    answer = await scene.http.post("/v1/dossiers", content=text, headers=headers)
    assert answer.status_code in (400, 422), answer.text
    assert await scene.rows("SELECT count(*) FROM dossiers") == [(0,)]


async def test_what_is_no_json_is_refused(scene: Scene):
    headers = scene.headers(DAO, **{"Idempotency-Key": "1", "Content-Type": "application/json"})
    answer = await scene.http.post("/v1/dossiers", content='{"form": {', headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["vi"] == "Nội dung không phải JSON hợp lệ"


async def test_an_account_whose_subject_is_a_number_cannot_file(scene: Scene):
    named_by_identity_number = Person("037190001234", Role.CITIZEN)
    filing = await scene.certificate_filing(named_by_identity_number)
    answer = await scene.post(named_by_identity_number, "/v1/dossiers", filing)
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("/unusable-account")
    assert "037190001234" not in answer.text


async def test_only_citizens_file(scene: Scene):
    filing = await scene.certificate_filing()
    assert (await scene.post(None, "/v1/dossiers", filing)).status_code == 401
    assert (await scene.post(OPERATOR, "/v1/dossiers", filing)).status_code == 403


async def test_no_refusal_repeats_what_somebody_wrote(scene: Scene):
    filing = await scene.certificate_filing()
    filing["form"] = dict.fromkeys(JUDICIAL_FORM, "CANARY-1234")
    filing["contact"] = {"fullName": ["CANARY-5678"], "email": "CANARY-5678", "phone": "CANARY"}
    for body in (filing, filing | {"contact": CONTACT}):
        answer = await scene.post(DAO, "/v1/dossiers", body)
        assert answer.status_code == 422
        assert "CANARY" not in answer.text
