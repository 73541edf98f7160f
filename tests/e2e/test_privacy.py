"""Personal data goes into the citizen's letters, the kept files and ciphertext; nowhere else."""

import base64
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import pytest

from motcua_local.demo.papers import pdf
from motcua_local.demo.people import http
from motcua_local.demo.stories import COMPANY_FORM, JUDICIAL_RECORD_FORM
from motcua_local.programs import KINDS
from motcua_local.stack import Stack
from tests.applicants import Applicant, Doors, Json
from tests.copies import COPIED, asked
from tests.e2e import canaries
from tests.e2e.canaries import Canaries
from tests.eventually import eventually

REGISTERED, SUPPLEMENT_REQUESTED, COMPLETED, RETURNED = 1, 5, 9, 10
MAILS = 18
"""Six facts of each dossier are told."""


@dataclass(frozen=True)
class Planted:
    """Canaries in requests that were refused, and in dossiers that went their whole way."""

    birds: Canaries
    codes: list[str]

    def found_in(self, places: canaries.Haystack) -> set[tuple[str, str]]:
        return self.birds.found_in(places)

    def codes_found_in(self, places: canaries.Haystack) -> set[str]:
        """Where all the dossiers are spoken of."""
        names = [replace(self.birds, name=code) for code in self.codes]
        content = list(places)
        found = [{place for name, place in n.found_in(content) if name == "name"} for n in names]
        return set[str].intersection(*found)


@pytest.fixture(scope="module")
def planted(endpoints: dict[str, Any]) -> Planted:
    birds = Canaries()
    doors = Doors(endpoints)
    applicant = Applicant(doors, doors.citizen())
    _refused_requests(applicant, birds)
    codes = [
        _paid_certificate(applicant, birds),
        _supplemented_registration(applicant, birds),
        _certified_copy(doors, birds),
    ]
    box = {"to": birds.email}
    eventually(
        lambda: len(http().get(f"{endpoints['mail']['url']}/messages", params=box).json()) == MAILS,
        what="all mails",
    )
    return Planted(birds, codes)


def test_no_topic_has_any(planted: Planted, endpoints: dict[str, Any]) -> None:
    assert planted.found_in(canaries.topics(endpoints["kafka"])) == set()


def test_no_log_has_any(planted: Planted, stack: Stack) -> None:
    assert planted.found_in(canaries.logs(stack.folder)) == set()


def test_no_metric_has_any(planted: Planted, endpoints: dict[str, Any]) -> None:
    assert planted.found_in(canaries.metrics(endpoints)) == set()


def test_no_database_has_any_but_as_ciphertext(planted: Planted, endpoints: dict[str, Any]) -> None:
    assert planted.found_in(canaries.databases(endpoints)) == set()


def test_neither_gateway_nor_agencies_keep_any(planted: Planted, stack: Stack) -> None:
    assert planted.found_in(canaries.outside_parties(stack.folder)) == set()


def test_the_search_finds_them_where_they_belong(
    planted: Planted, stack: Stack, endpoints: dict[str, Any]
) -> None:
    in_letters = planted.found_in(canaries.mail_box(endpoints))
    assert in_letters == {("name", "mail box"), ("email", "mail box")}
    assert planted.found_in(canaries.kept_files(stack.folder)) == {("upload", "kept files")}


def test_the_search_looks_where_the_dossiers_are(
    planted: Planted, stack: Stack, endpoints: dict[str, Any]
) -> None:
    events = planted.codes_found_in(canaries.topics(endpoints["kafka"]))
    assert events >= {"motcua.dossier.events.v1"}
    rows = planted.codes_found_in(canaries.databases(endpoints))
    assert rows >= {"intake.dossiers", "intake.event_log", "notification.messages"}
    assert {name for name, _ in canaries.logs(stack.folder)} == {
        f"{name}.log" for name in KINDS if name != "mail"
    }


@pytest.mark.parametrize("shift", range(3))
def test_the_search_sees_through_hexadecimal_and_base64(shift: int) -> None:
    birds = Canaries()
    for bird in (birds.name, birds.citizen_id, birds.phone):
        hidden = b"x" * shift + bird.encode() + b"y" * 5
        for coded in (hidden.hex().encode(), base64.b64encode(hidden)):
            assert birds.found_in([("somewhere", coded)]), bird


def _refused_requests(applicant: Applicant, birds: Canaries) -> None:
    """Personal data in wrong places and shapes: everything is refused, and nothing of it told."""
    intake, person = applicant.doors.intake, applicant.person
    filing = {
        "procedureCode": "2.000488",
        "form": JUDICIAL_RECORD_FORM | {"citizenId": birds.name, birds.form_content: birds.address},
        "contact": _contact(birds),
        "papers": [applicant.upload("identity-card")],
    }
    wrong: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "/v1/dossiers", {"json": filing}),
        ("POST", "/v1/dossiers", {"json": filing | {"contact": {"email": birds.name}}}),
        ("POST", "/v1/dossiers", {"json": filing | {birds.name: birds.citizen_id}}),
        ("POST", "/v1/dossiers", {"content": f'{{"form": "{birds.address}'}),
        ("POST", f"/v1/files?name={birds.file_name}.exe", {"content": birds.upload}),
        ("POST", f"/v1/files?name={birds.file_name}.pdf", {"content": birds.upload}),
        ("POST", f"/v1/dossiers/{birds.citizen_id}/withdraw", {"json": {"reasonCode": birds.name}}),
        ("GET", f"/v1/dossiers/{birds.citizen_id}", {}),
        ("GET", f"/v1/tracking/{birds.citizen_id}", {}),
        ("GET", f"/v1/procedures/{birds.name}", {}),
        ("GET", f"/{birds.name}?phone={birds.phone}", {}),
    ]
    for method, path, content in wrong:
        headers = {"Authorization": f"Bearer {person.token}", "Idempotency-Key": str(uuid4())}
        answer = http().request(method, f"{intake}{path}", headers=headers, **content)
        assert 400 <= answer.status_code < 500, (path, answer.text)
    nobody = http().get(f"{intake}/v1/dossiers", headers={"Authorization": f"Bearer {birds.name}"})
    assert nobody.status_code == 401


def _paid_certificate(applicant: Applicant, birds: Canaries) -> str:
    form = JUDICIAL_RECORD_FORM | {
        "fullName": birds.name,
        "citizenId": birds.citizen_id,
        "permanentAddress": birds.address,
        "purpose": birds.form_content,
        "residences": [{"from": "2004-03-08", "address": birds.address, "occupation": birds.name}],
    }
    filed = _filed(applicant, birds, "2.000488", form=form, papers=["identity-card"])
    dossier = filed["dossierId"]
    applicant.pay(dossier)
    applicant.wait_for_status(dossier, REGISTERED)
    applicant.received(dossier)
    applicant.wait_for_status(dossier, COMPLETED)
    applicant.returned(dossier)
    return filed["code"]


def _supplemented_registration(applicant: Applicant, birds: Canaries) -> str:
    person = {"fullName": birds.name, "citizenId": birds.citizen_id}
    form = COMPANY_FORM | {
        "companyName": birds.form_content,
        "phone": birds.phone,
        "email": birds.email,
        "owner": person | {"birthDate": "1985-07-20"},
        "representative": person | {"title": "director"},
        "headOffice": dict.fromkeys(("street", "commune", "province"), birds.address),
    }
    papers = ["charter", "owner-identity"]
    filed = _filed(applicant, birds, "2.001583", form=form, papers=papers)
    dossier = filed["dossierId"]
    applicant.received(dossier)
    wanted = applicant.wait_for_status(dossier, SUPPLEMENT_REQUESTED)["papersWanted"]
    applicant.supplement(dossier, [_upload(applicant, birds, kind) for kind in wanted])
    applicant.wait_for_status(dossier, COMPLETED)
    applicant.returned(dossier)
    return filed["code"]


def _certified_copy(doors: Doors, birds: Canaries) -> str:
    copied = COPIED | {
        "title": birds.form_content,
        "requester": {"name": birds.name, "idNumber": birds.citizen_id},
    }
    copy = asked(doors, contact=_contact(birds), copied=copied, scan=pdf(birds.upload))
    copy.is_ready()
    copy.approve()
    copy.wait_for("certified")
    return copy.code


def _filed(
    applicant: Applicant, birds: Canaries, procedure: str, *, form: Json, papers: list[str]
) -> Json:
    filing: Json = {
        "procedureCode": procedure,
        "form": form,
        "contact": _contact(birds),
        "papers": [_upload(applicant, birds, kind) for kind in papers],
    }
    return applicant.file(filing)


def _upload(applicant: Applicant, birds: Canaries, kind: str) -> Json:
    return applicant.upload(kind, name=f"{birds.file_name}.pdf", content=pdf(birds.upload))


def _contact(birds: Canaries) -> Json:
    return {"fullName": birds.name, "email": birds.email, "phone": birds.phone}
