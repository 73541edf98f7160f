"""Filing a dossier over HTTP: what is kept, what is announced, and that it happens once."""

import asyncio
from datetime import timedelta
from uuid import uuid4

from chassis.access import Role
from intake.sealing import open_contact, open_form
from motcua_contracts.topics import DOSSIER_RECIPIENTS

from .samples import CONTACT, JUDICIAL_FORM
from .scene import BINH, COMPANY, DAO, Person, Scene


async def test_a_filing_gets_a_code_and_is_announced_in_order(scene: Scene):
    answer = await scene.post(DAO, "/v1/dossiers", await scene.certificate_filing())
    assert answer.status_code == 201
    filed = answer.json()
    assert (filed["code"], filed["status"]) == ("H42.10-20261125-0000001", 6)
    assert await scene.announced(filed["dossierId"]) == ["registered", "payment-required"]


async def test_the_registration_says_what_was_filed_and_nothing_of_the_person(scene: Scene):
    dossier = await scene.filed()
    fact = await scene.fact(dossier, "registered")
    assert (fact["procedureCode"], fact["procedureVersion"], fact["agency"]) == (
        "2.000488",
        1,
        "H42.10",
    )
    assert (fact["intakeAgency"], fact["channel"], fact["status"]) == ("H42.01", "online", 1)
    assert (fact["applicantId"], fact["registeredAt"]) == (DAO.subject, "2026-11-25T02:00:00Z")
    [paper] = fact["papers"]
    assert paper["kind"] == "identity-card"
    assert fact["feeLines"] == [{"kind": "phi", "code": "phi-lltp", "amount": 200_000}]


async def test_the_fee_is_due_within_five_working_days(scene: Scene):
    fact = await scene.fact(await scene.filed(), "payment-required")
    [obligation] = fact["obligations"]
    assert (fact["total"], obligation["amount"], fact["status"]) == (200_000, 200_000, 6)
    assert obligation["dueAt"] == "2026-12-02T10:00:00Z"  # five in the afternoon in Vietnam


async def test_form_and_contact_are_kept_under_our_key_and_sent_under_the_shared_one(
    scene: Scene,
):
    dossier = await scene.filed()
    [(form, contact)] = await scene.rows("SELECT form, contact FROM dossiers")
    assert form.startswith("v1.k1.")
    assert contact.startswith("v1.k1.")
    settings = scene.settings
    assert open_form(settings.encryption_keys, dossier, form) == JUDICIAL_FORM
    opened = open_contact(settings.encryption_keys, dossier, contact)
    assert opened.model_dump(by_alias=True) == CONTACT
    recipients = await scene.fact(dossier, "recipients")
    assert (recipients["recipientId"], recipients["keyId"]) == (DAO.subject, "r1")
    plain = settings.recipients_keys.decrypt(
        recipients["ciphertext"], context=f"recipients:{dossier}"
    )
    assert b"dao@example.vn" in plain


async def test_recipients_go_to_a_topic_of_their_own(scene: Scene):
    dossier = await scene.filed()
    rows = await scene.rows("SELECT topic, sequence FROM outbox WHERE subject = $1", dossier)
    assert (DOSSIER_RECIPIENTS.name, 1) in rows


async def test_a_company_filed_online_never_sees_a_payment(scene: Scene):
    answer = await scene.post(BINH, "/v1/dossiers", await scene.company_filing())
    filed = answer.json()
    assert filed["status"] == 1
    assert await scene.announced(filed["dossierId"]) == ["registered"]
    fact = await scene.fact(filed["dossierId"], "registered")
    assert fact["feeLines"][0]["amount"] == 0
    assert fact["exemptionGround"] == "TT 47/2019/TT-BTC, Điều 5"
    assert fact["procedureCode"] == COMPANY


async def test_a_student_with_a_card_owes_half(scene: Scene):
    filing = await scene.certificate_filing()
    filing["papers"].append(await scene.paper(DAO, "student-card"))
    filing["exemptions"] = ["hoc-sinh-sinh-vien"]
    answer = await scene.post(DAO, "/v1/dossiers", filing)
    fact = await scene.fact(answer.json()["dossierId"], "payment-required")
    assert fact["total"] == 100_000
    assert fact["obligations"][0]["exemptionGround"] == "TT 244/2016/TT-BTC, Điều 4"


async def test_the_same_request_again_gets_the_same_answer_and_no_second_dossier(scene: Scene):
    filing, key = await scene.certificate_filing(), str(uuid4())
    first = await scene.post(DAO, "/v1/dossiers", filing, key=key)
    again = await scene.post(DAO, "/v1/dossiers", filing, key=key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert await scene.rows("SELECT count(*) FROM dossiers") == [(1,)]


async def test_the_same_key_with_another_body_is_refused(scene: Scene):
    filing, key = await scene.certificate_filing(), str(uuid4())
    await scene.post(DAO, "/v1/dossiers", filing, key=key)
    other = await scene.post(DAO, "/v1/dossiers", filing | {"exemptions": ["ho-ngheo"]}, key=key)
    assert other.status_code == 422
    assert other.json()["type"].endswith("/idempotency-key-reused")
    assert await scene.rows("SELECT count(*) FROM dossiers") == [(1,)]


async def test_the_same_key_of_somebody_else_is_another_request(scene: Scene):
    key = str(uuid4())
    for person in (DAO, BINH):
        filing = await scene.certificate_filing(person)
        assert (await scene.post(person, "/v1/dossiers", filing, key=key)).status_code == 201
    assert await scene.rows("SELECT count(*) FROM dossiers") == [(2,)]


async def test_a_refused_filing_gives_its_key_and_its_number_back(scene: Scene):
    filing, key = await scene.certificate_filing(), str(uuid4())
    wrong = filing | {"form": {**JUDICIAL_FORM, "citizenId": "1"}}
    assert (await scene.post(DAO, "/v1/dossiers", wrong, key=key)).status_code == 422
    answer = await scene.post(DAO, "/v1/dossiers", filing, key=key)
    assert answer.json()["code"].endswith("-0000001")


async def test_twenty_twins_at_once_make_one_dossier(scene: Scene):
    filing, key = await scene.certificate_filing(), str(uuid4())
    twins = (scene.post(DAO, "/v1/dossiers", filing, key=key) for _ in range(20))
    answers = await asyncio.gather(*twins)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["dossierId"] for answer in answers}) == 1
    assert await scene.rows("SELECT count(*) FROM dossiers") == [(1,)]
    assert await scene.rows("SELECT count(*) FROM outbox") == [(3,)]


async def test_filings_at_once_are_numbered_without_gaps(scene: Scene):
    people = [Person(f"citizen-{n}", Role.CITIZEN) for n in range(12)]
    filings = [await scene.certificate_filing(person) for person in people]
    for wrong in filings[::3]:
        wrong["papers"] = []
    answers = await asyncio.gather(
        *(scene.post(p, "/v1/dossiers", f) for p, f in zip(people, filings, strict=True))
    )
    codes = sorted(a.json()["code"] for a in answers if a.status_code == 201)
    assert codes == [f"H42.10-20261125-{n:07d}" for n in range(1, 9)]


async def test_each_agency_and_each_day_in_vietnam_counts_from_one(scene: Scene):
    await scene.filed()
    company = await scene.post(BINH, "/v1/dossiers", await scene.company_filing())
    assert company.json()["code"] == "H42.11-20261125-0000001"
    scene.clock.pass_by(timedelta(hours=15, minutes=1))  # 17:01 UTC, past midnight in Vietnam
    later = await scene.post(DAO, "/v1/dossiers", await scene.certificate_filing())
    assert later.json()["code"] == "H42.10-20261126-0000001"


async def test_what_is_typed_with_combining_marks_is_kept_as_one_character(scene: Scene):
    filing = await scene.certificate_filing()
    filing["form"] = {**JUDICIAL_FORM, "fullName": "Nguye\u0302\u0303n"}
    answer = await scene.post(DAO, "/v1/dossiers", filing)
    dossier = await scene.dossier(answer.json()["dossierId"])
    assert dossier["form"]["fullName"] == "Nguy\u1ec5n"


async def test_a_citizen_finds_their_own_dossiers_newest_first(scene: Scene):
    older = await scene.filed()
    scene.clock.pass_by(timedelta(minutes=1))
    newer = await scene.filed()
    await scene.filed(BINH)
    mine = (await scene.get(DAO, "/v1/dossiers")).json()
    assert [line["dossierId"] for line in mine] == [newer, older]
    assert "form" not in mine[0]
    assert "contact" not in mine[0]
