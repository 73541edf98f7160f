"""What becomes of a copy that is revoked, and of one whose dossier is withdrawn while it waits."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from motcua_local.demo.people import http
from motcua_local.demo.stories import COMPANY_FORM, SIGNER
from tests.applicants import CONTACT, Doors, Json, minted
from tests.copies import AskedCopy, asked, misbehave
from tests.eventually import eventually
from tests.outside_reader import OutsideRecord, read_all

WITHDRAWN = 7
TIME_STAMPS_AWAY = {"kind": "down", "target": "tsa", "times": 1_000_000}


@pytest.fixture
def trust(endpoints: dict[str, Any]) -> Iterator[str]:
    url: str = endpoints["trust"]["url"]
    yield url
    misbehave(url)


def test_a_copy_revoked_while_a_dossier_holds_it_is_told_to_officer_and_holder(
    endpoints: dict[str, Any],
) -> None:
    doors = Doors(endpoints)
    contact = CONTACT | {"email": f"{uuid4()}@example.vn"}
    copy = asked(doors, contact=contact)
    certified = _certified(copy)
    dossier_id = _filed_with(copy, doors)
    assert _proven(dossier_id, copy)

    minted(endpoints, person=SIGNER).post(
        f"{copy.url}/revocation", {"reasonCode": "certified-in-error"}, key=str(uuid4())
    )

    def told() -> list[OutsideRecord]:
        return _facts(endpoints, dossier_id, "dossier.paper-unproven")

    assert len(eventually(told, what="a paper that is proven no longer")) == 1
    assert not _proven(dossier_id, copy)
    link = certified["checkUrl"].rpartition("/")[2]
    check = http().get(f"{doors.certification}/v1/checks/{link}").raise_for_status().json()
    assert check["verdict"] == "revoked"

    def letter() -> list[Json]:
        box = http().get(f"{endpoints['mail']['url']}/messages", params={"to": contact["email"]})
        return [mail for mail in box.json() if "thu hồi" in mail["subject"].lower()]

    assert len(eventually(letter, what="a letter to the holder")) == 1


def test_a_withdrawn_copy_is_not_certified_and_its_fee_goes_back(
    endpoints: dict[str, Any], trust: str
) -> None:
    misbehave(trust, TIME_STAMPS_AWAY)
    copy = asked(Doors(endpoints))
    copy.is_ready()
    copy.approve()
    copy.applicant.person.post(
        f"{copy.doors.intake}/v1/dossiers/{copy.dossier_id}/withdraw",
        {"reasonCode": "applicant-request"},
        key=str(uuid4()),
    )
    copy.applicant.wait_for_status(copy.dossier_id, WITHDRAWN)
    copy.wait_for("refused")
    misbehave(trust)

    def refund() -> list[OutsideRecord]:
        return _facts(endpoints, copy.dossier_id, "payment.refund-requested")

    assert len(eventually(refund, what="a refund")) == 1
    assert not _facts(endpoints, copy.dossier_id, "certification.copy-certified")
    year = datetime.now(ZoneInfo("Asia/Ho_Chi_Minh")).year
    register = f"{copy.doors.certification}/v1/register?year={year}"
    entries = copy.doors.officer.get(register)["entries"]
    [entry] = [entry for entry in entries if entry["copyId"] == copy.copy_id]
    assert (entry["state"], entry["reason"]) == ("void", "dossier-ended")


def _certified(copy: AskedCopy) -> Json:
    copy.is_ready()
    copy.approve()
    return copy.wait_for("certified")


def _filed_with(copy: AskedCopy, doors: Doors) -> str:
    """A registration that hands in the certified copy."""
    content = copy.applicant.person.send("GET", f"{copy.url}/file").content
    papers = [
        copy.applicant.upload("charter"),
        copy.applicant.upload("owner-identity", content=content),
    ]
    filing = {"procedureCode": "2.001583", "form": COMPANY_FORM, "contact": CONTACT}
    return copy.applicant.file({**filing, "papers": papers})["dossierId"]


def _proven(dossier_id: str, copy: AskedCopy) -> bool:
    papers = copy.applicant.read(dossier_id)["papers"]
    [paper] = [paper for paper in papers if paper["kind"] == "owner-identity"]
    return bool(paper["proven"])


def _facts(endpoints: dict[str, Any], dossier_id: str, fact: str) -> list[OutsideRecord]:
    about = [r for r in read_all(endpoints["kafka"]) if r.header("ce_subject") == dossier_id]
    return [record for record in about if record.header("ce_type") == f"vn.motcua.{fact}.v1"]
