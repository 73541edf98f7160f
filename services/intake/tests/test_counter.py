"""Filed at the counter: an officer files for somebody who stands there, with an account or none."""

from uuid import UUID, uuid4

import pytest

from chassis.access import Role
from intake.catalogue import Catalogue
from intake.procedures import ChannelFlags, Procedure

from .copies import Copy
from .samples import CONTACT, COPY_FORM, JUDICIAL_FORM
from .scene import (
    COPY,
    DAO,
    JUSTICE_OFFICER,
    JUSTICE_SYSTEM,
    LAN,
    OFFICER_ELSEWHERE,
    OPERATOR,
    Json,
    Person,
    Scene,
)

COUNTER = "/v1/counter/dossiers"


async def test_a_dossier_filed_at_the_counter_is_paid_and_received_like_any_other(scene: Scene):
    answer = await scene.post(LAN, COUNTER, await scene.counter_filing())
    assert (answer.status_code, answer.json()["status"]) == (201, 6)
    assert answer.json()["code"] == "H42.10-20261125-0000001"
    dossier = answer.json()["dossierId"]
    await scene.pay(dossier)
    assert (await scene.act(LAN, dossier, "receive")).json()["status"] == 2
    assert await scene.announced(dossier) == [
        "registered",
        "payment-required",
        "payment-settled",
        "received",
    ]


async def test_somebody_without_an_account_is_an_opaque_reference_of_their_own(scene: Scene):
    dossiers = [await scene.filed_at_counter(), await scene.filed_at_counter()]
    references = [(await scene.fact(each, "registered"))["applicantId"] for each in dossiers]
    assert len({str(UUID(reference)) for reference in references}) == 2
    fact = await scene.fact(dossiers[0], "registered")
    assert (fact["channel"], fact["intakeAgency"]) == ("in-person", "H42.01")
    for kind, field in (("payment-required", "applicantId"), ("recipients", "recipientId")):
        assert (await scene.fact(dossiers[0], kind))[field] == references[0]


async def test_the_payment_is_taken_by_the_office_and_not_by_who_decides(scene: Scene):
    required = await scene.fact(await scene.filed_at_counter(), "payment-required")
    assert (required["intakeAgency"], required["agency"]) == ("H42.01", "H42.10")


async def test_whose_account_is_known_finds_the_dossier_among_their_own(scene: Scene):
    dossier = await scene.filed_at_counter(applicant=DAO.subject)
    assert (await scene.fact(dossier, "registered"))["applicantId"] == DAO.subject
    [mine] = (await scene.get(DAO, "/v1/dossiers")).json()
    assert mine["dossierId"] == dossier
    assert (await scene.dossier(dossier, DAO))["channel"] == "in-person"


@pytest.mark.parametrize("reader", [LAN, JUSTICE_SYSTEM])
async def test_office_and_agency_read_what_was_filed_at_the_counter(scene: Scene, reader: Person):
    dossier = await scene.dossier(await scene.filed_at_counter(), reader)
    assert dossier["form"] == JUDICIAL_FORM
    assert dossier["contact"] == CONTACT
    [paper] = dossier["papers"]
    path = f"/v1/dossiers/{dossier['dossierId']}/papers/{paper['paperId']}"
    assert (await scene.get(reader, path)).status_code == 200


@pytest.mark.parametrize("reader", [DAO, OFFICER_ELSEWHERE])
async def test_to_everybody_else_it_does_not_exist(scene: Scene, reader: Person):
    assert (
        await scene.get(reader, f"/v1/dossiers/{await scene.filed_at_counter()}")
    ).status_code == 404


@pytest.mark.parametrize(
    ("person", "status", "problem"),
    [
        (OFFICER_ELSEWHERE, 403, "another-counter"),
        (JUSTICE_OFFICER, 403, "another-counter"),
        (Person("somebody", Role.OFFICER), 403, "another-counter"),
        (DAO, 403, "forbidden"),
        (Person("somebody", Role.CITIZEN, "H42.01"), 403, "forbidden"),
        (Person("hoang-van-minh", Role.SIGNER, "H42.01"), 403, "forbidden"),
        (JUSTICE_SYSTEM, 403, "forbidden"),
        (OPERATOR, 403, "forbidden"),
        (None, 401, "unauthorized"),
    ],
)
async def test_only_officers_of_the_procedures_office_file_at_the_counter(
    scene: Scene, person: Person | None, status: int, problem: str
):
    answer = await scene.post(person, COUNTER, await scene.counter_filing())
    assert answer.status_code == status
    assert answer.json()["type"].endswith(f"/{problem}")
    assert await scene.rows("SELECT count(*) FROM dossiers") == [(0,)]


async def test_an_officer_files_nothing_online(scene: Scene):
    answer = await scene.post(LAN, "/v1/dossiers", await scene.counter_filing())
    assert answer.status_code == 403


async def test_papers_are_those_that_the_officer_uploaded(scene: Scene):
    filing = await scene.counter_filing(papers=[await scene.paper(DAO)])
    answer = await scene.post(LAN, COUNTER, filing | {"applicant": DAO.subject})
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["field"] == "papers.0.fileId"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"channel": "online"}, "channel"),
        ({"applicant": "037190001234"}, "applicant"),
        ({"applicant": "dao@example.vn"}, "applicant"),
        ({"applicant": "Nguyễn Thị Đào"}, "applicant"),
    ],
)
async def test_what_names_a_person_is_no_reference_to_one(scene: Scene, change: Json, field: str):
    answer = await scene.post(LAN, COUNTER, await scene.counter_filing(**change))
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert change[field] not in answer.text


@pytest.mark.parametrize(("code", "status"), [("9.999999", 404), ("nonsense", 400)])
async def test_a_procedure_that_is_none_is_refused(scene: Scene, code: str, status: int):
    filing = await scene.counter_filing(procedureCode=code)
    assert (await scene.post(LAN, COUNTER, filing)).status_code == status


async def test_a_procedure_that_is_taken_online_only_is_not_taken_at_the_counter(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
):
    in_force, closed = Catalogue.in_force, ChannelFlags(no_in_person_intake=True)

    def online_only(*args: object, **more: object) -> Procedure:
        return in_force(*args, **more).model_copy(update={"channels": closed})  # pyright: ignore[reportArgumentType] - passed on as they came

    monkeypatch.setattr(Catalogue, "in_force", online_only)
    answer = await scene.post(LAN, COUNTER, await scene.counter_filing())
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("/channel-closed")


async def test_what_is_free_online_costs_at_the_counter(scene: Scene):
    filing = await scene.company_filing(LAN)
    del filing["channel"]
    answer = await scene.post(LAN, COUNTER, filing)
    fact = await scene.fact(answer.json()["dossierId"], "registered")
    assert (fact["feeLines"][0]["amount"], fact.get("exemptionGround")) == (50_000, None)
    assert (await scene.fact(answer.json()["dossierId"], "payment-required"))["total"] == 50_000


async def test_the_same_request_again_makes_one_dossier_and_one_reference(scene: Scene):
    filing, key = await scene.counter_filing(), str(uuid4())
    first = await scene.post(LAN, COUNTER, filing, key=key)
    again = await scene.post(LAN, COUNTER, filing, key=key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert await scene.rows("SELECT count(*) FROM dossiers") == [(1,)]
    without = await scene.http.post(COUNTER, json=filing, headers=scene.headers(LAN))
    assert without.status_code == 400


async def test_a_certified_copy_can_be_asked_for_at_the_counter(scene: Scene):
    filing: Json = {"procedureCode": COPY, "form": COPY_FORM, "contact": CONTACT, "papers": []}
    answer = await scene.post(LAN, COUNTER, filing)
    assert (answer.status_code, answer.json()["status"]) == (201, 1)
    copy = Copy(answer.json()["dossierId"])
    await scene.certify(copy.requested())
    assert await scene.status(copy.about["dossier_id"]) == 6
    required = await scene.fact(copy.about["dossier_id"], "payment-required")
    assert required["total"] == 5_000
    await scene.pay(copy.about["dossier_id"])
    await scene.certify(copy.certified())
    assert await scene.announced(copy.about["dossier_id"]) == [
        "registered",
        "payment-required",
        "payment-settled",
        "received",
        "processing-started",
        "completed",
        "returned",
    ]


# The office acts for whoever stands there


async def test_the_office_hands_in_what_is_missing(scene: Scene):
    dossier = await scene.filed_at_counter()
    await scene.pay(dossier)
    wanted = {"papersWanted": ["identity-card"], "reasonCode": "identity-unclear"}
    await scene.act(LAN, dossier, "supplement-requests", **wanted)
    colleague = Person("ngo-van-tam", Role.OFFICER, LAN.agency)
    papers = [await scene.paper(colleague)]
    answer = await scene.act(colleague, dossier, "supplements", papers=papers)
    assert (answer.status_code, answer.json()["status"]) == (200, 1)
    assert (await scene.announced(dossier))[-1] == "supplemented"


@pytest.mark.parametrize("person", [LAN, DAO])
async def test_office_and_applicant_take_back_what_was_filed_at_the_counter(
    scene: Scene, person: Person
):
    dossier = await scene.filed_at_counter(applicant=DAO.subject)
    answer = await scene.act(person, dossier, "withdraw", reasonCode="applicant-request")
    assert (answer.status_code, answer.json()["status"]) == (200, 7)


@pytest.mark.parametrize(
    ("person", "status", "problem"),
    [
        (OFFICER_ELSEWHERE, 404, "unknown-dossier"),
        (JUSTICE_OFFICER, 403, "not-the-applicant"),
        (Person("hoang-van-minh", Role.SIGNER, "H42.01"), 403, "forbidden"),
        (
            Person("hoang-van-minh", Role.SIGNER, "H42.01", also=(Role.CITIZEN,)),
            403,
            "not-the-applicant",
        ),
        (DAO, 404, "unknown-dossier"),
    ],
)
async def test_nobody_else_takes_it_back(scene: Scene, person: Person, status: int, problem: str):
    dossier = await scene.filed_at_counter()
    answer = await scene.act(person, dossier, "withdraw", reasonCode="applicant-request")
    assert answer.status_code == status
    assert answer.json()["type"].endswith(f"/{problem}")
    assert await scene.status(dossier) == 6
