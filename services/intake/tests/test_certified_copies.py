"""A certified copy is recognised by its digest when it is filed, and told of when it ends."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from sqlalchemy import event as sql

from chassis.testing.behaviour import Consumed, ConsumerBehaviour
from chassis.testing.records import event
from intake.filing import OnlineFiling, file_dossier
from intake.sealing import Contact
from motcua_contracts.topics import CERTIFICATION_EVENTS, DOSSIER_RECIPIENTS

from . import copies
from .copies import ANOTHER, ANOTHERS_SHA256, FILE, Copy
from .samples import CONTACT
from .scene import BINH, LAN, PLANNING, PLANNING_SYSTEM, Person, Scene, denied, wants
from .test_payments import remarks


class TestCopies(ConsumerBehaviour):
    @pytest.fixture
    def consumed(self, scene: Scene) -> Consumed:
        certified = Copy(str(uuid4())).certified()
        sent = event(certified, source="/motcua/certification")
        return Consumed(scene.copies, scene.service.database, sent, CERTIFICATION_EVENTS)


@contextmanager
def asked_of(scene: Scene) -> Generator[list[str]]:
    """The statements that the service's database is asked."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    engine = scene.service.database.engine.sync_engine
    sql.listen(engine, "before_cursor_execute", note)
    yield statements
    sql.remove(engine, "before_cursor_execute", note)


async def change(scene: Scene, statement: str) -> None:
    async with scene.service.database.engine.begin() as connection:
        await connection.exec_driver_sql(statement)


async def unproven(scene: Scene, dossier_id: str) -> int:
    return (await scene.announced(dossier_id)).count("paper-unproven")


async def contacts_told(scene: Scene, dossier_id: str) -> int:
    """How often notification heard whom to tell."""
    query = "SELECT count(*) FROM outbox WHERE subject = $1 AND topic = $2"
    ((told,),) = await scene.rows(query, dossier_id, DOSSIER_RECIPIENTS.name)
    return told


# Filing


async def test_a_certified_copy_needs_no_original(scene: Scene):
    copy = await copies.certified(scene)
    dossier = await copies.filed_with(scene)
    charter, identity = (await scene.fact(dossier, "registered"))["papers"]
    assert identity["certifiedCopyId"] == copy.id
    assert "certifiedCopyId" not in charter
    paper = await copies.owners_identity(scene, dossier)
    assert paper["proven"]
    assert paper["certifiedCopy"] == {
        "copyId": copy.id,
        "paperKind": "passport",
        "state": "valid",
        "successorId": None,
        "words": {
            "vi": "Đã chứng thực, không cần xuất trình bản chính.",
            "en": "Certified: the original need not be shown.",
        },
    }


@pytest.mark.parametrize("reader", [LAN, PLANNING_SYSTEM])
async def test_officer_and_agency_see_that_it_is_proven(scene: Scene, reader: Person):
    await copies.certified(scene)
    whole = await scene.dossier(await copies.filed_with(scene), reader)
    assert [paper["proven"] for paper in whole["papers"]] == [False, True]


async def test_an_ordinary_paper_is_not_proven(scene: Scene):
    await copies.certified(scene)
    paper = await copies.owners_identity(scene, await copies.filed_with(scene, ANOTHER))
    assert (paper["proven"], paper["certifiedCopy"]) == (False, None)


async def test_a_copy_that_was_revoked_is_filed_as_any_paper(scene: Scene):
    copy = await copies.certified(scene)
    await scene.certify(copy.revoked())
    dossier = await copies.filed_with(scene)
    assert "certifiedCopyId" not in (await scene.fact(dossier, "registered"))["papers"][1]
    paper = await copies.owners_identity(scene, dossier)
    assert not paper["proven"]
    assert paper["certifiedCopy"]["state"] == "revoked"
    assert "đã bị thu hồi" in paper["certifiedCopy"]["words"]["vi"]


async def test_of_a_replaced_copy_its_successor_is_named_and_proves(scene: Scene):
    copy = await copies.certified(scene)
    successor = Copy(copy.about["dossier_id"], ANOTHERS_SHA256)
    await scene.certify(successor.certified(), copy.replaced(successor))
    old = await copies.owners_identity(scene, await copies.filed_with(scene))
    new = await copies.owners_identity(scene, await copies.filed_with(scene, ANOTHER))
    assert (old["proven"], old["certifiedCopy"]["successorId"]) == (False, successor.id)
    assert (new["proven"], new["certifiedCopy"]["copyId"]) == (True, successor.id)


async def test_a_copy_that_is_heard_of_after_it_was_filed_is_shown_as_proven(scene: Scene):
    dossier = await copies.filed_with(scene)
    await copies.certified(scene)
    assert (await copies.owners_identity(scene, dossier))["proven"]


async def test_a_copy_handed_in_as_a_supplement_needs_no_original(scene: Scene):
    copy, dossier = await copies.certified(scene), await received(scene, ANOTHER)
    await scene.say(PLANNING, wants(dossier, "owner-identity", reason="papers-incomplete"))
    file = await scene.uploaded(BINH, FILE, "copy.pdf")
    papers = [{"kind": "owner-identity", "fileId": file["fileId"]}]
    await scene.act(BINH, dossier, "supplements", papers=papers)
    [paper] = (await scene.fact(dossier, "supplemented"))["papers"]
    assert paper["certifiedCopyId"] == copy.id


async def test_all_papers_of_a_filing_are_looked_up_at_once(scene: Scene):
    await copies.certified(scene)
    filing = await copies.company_filing(scene)
    filing["papers"] += [filing["papers"][1]] * 20
    with asked_of(scene) as statements:
        await scene.post(BINH, "/v1/dossiers", filing)
    assert len([each for each in statements if "certified_copies" in each]) == 1


# The end of a copy


async def received(scene: Scene, content: bytes = FILE) -> str:
    dossier = await copies.filed_with(scene, content)
    await scene.act(LAN, dossier, "receive")
    return dossier


@pytest.mark.parametrize("times", [1, 2])
async def test_a_copy_revoked_inside_an_open_dossier_is_told_once(scene: Scene, times: int):
    copy = await copies.certified(scene)
    dossier = await received(scene)
    await scene.certify(*[copy.revoked()] * times)
    await scene.certify(copy.revoked())
    assert await unproven(scene, dossier) == 1
    fact = await scene.fact(dossier, "paper-unproven")
    paper = await copies.owners_identity(scene, dossier)
    assert (fact["paperId"], fact["kind"]) == (paper["paperId"], "owner-identity")
    assert (fact["certifiedCopyId"], fact["status"]) == (copy.id, 2)
    assert fact["unprovenAt"] == "2026-11-25T02:00:00Z"
    assert "successorId" not in fact
    assert not paper["proven"]


async def test_a_copy_replaced_inside_an_open_dossier_is_told_with_its_successor(scene: Scene):
    copy = await copies.certified(scene)
    dossier, successor = await received(scene), Copy(copy.about["dossier_id"], "e" * 64)
    await scene.certify(successor.certified(), copy.replaced(successor))
    assert (await scene.fact(dossier, "paper-unproven"))["successorId"] == successor.id


async def test_each_paper_of_each_open_dossier_is_told_and_no_closed_one(scene: Scene):
    copy = await copies.certified(scene)
    filing = await copies.company_filing(scene)
    filing["papers"].append(filing["papers"][1] | {"kind": "representative-identity"})
    twice = (await scene.post(BINH, "/v1/dossiers", filing)).json()["dossierId"]
    once, decided, withdrawn = [await received(scene) for _ in range(3)]
    await scene.say(PLANNING, denied(decided))
    await scene.act(BINH, withdrawn, "withdraw", reasonCode="applicant-request")
    await scene.certify(copy.revoked())
    told = [await unproven(scene, each) for each in (twice, once, decided, withdrawn)]
    assert told == [2, 1, 1, 0]
    assert await unproven(scene, copy.about["dossier_id"]) == 0


async def test_however_many_dossiers_hold_it_there_are_as_many_statements(scene: Scene):
    copy = await copies.certified(scene)
    for _ in range(2):
        await copies.filed_with(scene)
    with asked_of(scene) as few:
        await scene.certify(copy.revoked())
    await change(scene, "UPDATE certified_copies SET state = 'valid'")
    for _ in range(10):
        await copies.filed_with(scene)
    with asked_of(scene) as many:
        await scene.certify(copy.revoked())
    assert len(many) == len(few)


async def test_an_end_that_comes_before_its_beginning_stays_the_end(scene: Scene):
    copy = Copy((await copies.paid(scene)).about["dossier_id"])
    await scene.certify(copy.revoked())
    assert await scene.held() == []
    await scene.certify(copy.certified())
    paper = await copies.owners_identity(scene, await copies.filed_with(scene))
    assert not paper["proven"]
    assert (paper["certifiedCopy"]["state"], paper["certifiedCopy"]["paperKind"]) == (
        "revoked",
        "passport",
    )


async def test_a_second_end_of_another_kind_changes_nothing(scene: Scene):
    copy, before = await copies.certified(scene), remarks("repeated")
    successor = Copy(copy.about["dossier_id"], "e" * 64)
    await scene.certify(copy.revoked(), copy.replaced(successor))
    states = await scene.rows("SELECT state, successor_id FROM certified_copies")
    assert states == [("revoked", None)]
    assert remarks("repeated") == before + 1


async def test_a_filing_that_counts_on_a_copy_is_waited_for_and_told(scene: Scene):
    copy = await copies.certified(scene)
    filing, who = OnlineFiling.model_validate(await copies.company_filing(scene)), BINH.subject
    async with scene.service.transaction() as work:
        filed = await file_dossier(filing, work, applicant_id=who, uploaded_by=who)
        ending = asyncio.create_task(scene.certify(copy.revoked()))
        await asyncio.sleep(0.3)
        assert not ending.done()
    await ending
    assert await unproven(scene, filed.dossier.id) == 1


async def test_a_filing_never_waits_for_a_copy_that_is_ending(scene: Scene):
    copy = await copies.certified(scene)
    async with scene.service.transaction() as work:
        await work.copies.load([copy.id])
        dossier = await asyncio.wait_for(copies.filed_with(scene), timeout=5)
    assert "certifiedCopyId" not in (await scene.fact(dossier, "registered"))["papers"][1]


# Its holder


async def test_notification_hears_again_whom_to_tell_of_the_end(scene: Scene):
    copy = await copies.certified(scene)
    dossier = copy.about["dossier_id"]
    assert await contacts_told(scene, dossier) == 1
    await scene.certify(copy.revoked(), copy.revoked())
    assert await contacts_told(scene, dossier) == 2
    ((value,),) = await scene.rows(
        "SELECT convert_from(value, 'UTF8')::jsonb ->> 'ciphertext' FROM outbox "
        "WHERE subject = $1 AND topic = $2 ORDER BY id DESC LIMIT 1",
        dossier,
        DOSSIER_RECIPIENTS.name,
    )
    plain = scene.settings.recipients_keys.decrypt(value, context=f"recipients:{dossier}")
    assert Contact.model_validate_json(plain) == Contact.model_validate(CONTACT)


async def test_a_contact_that_cannot_be_opened_holds_back_no_revocation(scene: Scene):
    copy, before = await copies.certified(scene), remarks("contact-unreadable")
    await change(scene, "UPDATE dossiers SET contact = 'v1.k0.lost.lost'")
    await scene.certify(copy.revoked())
    assert await scene.rows("SELECT state FROM certified_copies") == [("revoked",)]
    assert remarks("contact-unreadable") == before + 1
    assert await scene.held() == []
