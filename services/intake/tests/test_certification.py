"""A dossier that asks for a certified copy: filed, charged, received by itself, certified."""

from datetime import timedelta
from uuid import uuid4

import pytest

from chassis.access import Role
from chassis.testing.records import event

from . import copies
from .copies import Copy
from .scene import DAO, LAN, Person, Scene, denied, said
from .test_payments import remarks

OFFICE = "H42.01"
OFFICE_SYSTEM = Person("system-of-the-office", Role.AGENCY_SYSTEM, OFFICE)


def dossier_of(copy: Copy) -> str:
    return copy.about["dossier_id"]


async def parked(scene: Scene) -> list[str]:
    return [reason for state, reason, _ in await scene.held() if state == "parked"]


# The fee


async def test_at_filing_nothing_is_due_yet(scene: Scene):
    dossier = await scene.copy_asked()
    assert await scene.announced(dossier) == ["registered"]
    fact = await scene.fact(dossier, "registered")
    assert (fact["agency"], fact["intakeAgency"], fact["feeLines"]) == (OFFICE, OFFICE, [])


async def test_everybody_reads_by_what_rule_the_fee_is_reckoned(scene: Scene):
    procedure = (await scene.get(None, "/v1/procedures/2.000815")).json()
    assert (procedure["decidedBy"], procedure["fees"]) == ("certification", [])
    assert procedure["feeToldLater"]["words"]["vi"].startswith("2.000 ₫ mỗi trang")
    assert procedure["feeToldLater"]["ground"] == "TT 226/2016/TT-BTC, Điều 4"


async def test_what_a_copy_costs_is_due_once_the_original_was_seen(scene: Scene):
    copy = await copies.requested(scene)
    assert await scene.announced(dossier_of(copy)) == ["registered", "payment-required"]
    fact = await scene.fact(dossier_of(copy), "payment-required")
    [obligation] = fact["obligations"]
    assert (fact["status"], fact["total"], fact["applicantId"]) == (6, 5_000, DAO.subject)
    assert (obligation["kind"], obligation["amount"]) == ("phi", 5_000)
    assert obligation["dueAt"] == "2026-12-02T10:00:00Z"  # five working days later


async def test_the_same_fee_told_again_is_due_once(scene: Scene):
    copy = await copies.requested(scene)
    await scene.certify(copy.requested())
    await scene.pay(dossier_of(copy))
    await scene.certify(copy.requested())
    assert (await scene.announced(dossier_of(copy))).count("payment-required") == 1
    assert await scene.held() == []


async def test_another_copys_fee_is_parked(scene: Scene):
    copy = await copies.requested(scene)
    await scene.certify(Copy(dossier_of(copy)).requested())
    assert await parked(scene) == ["fee-already-told"]


async def test_who_owes_nothing_never_waits_for_a_payment(scene: Scene):
    copy = Copy(await scene.copy_asked())
    await scene.certify(copy.requested(amount=0))
    assert await scene.announced(dossier_of(copy)) == ["registered", "received"]


async def test_a_copy_whose_dossier_was_taken_back_costs_nothing(scene: Scene):
    copy, before = Copy(await scene.copy_asked()), remarks("closed")
    await scene.act(DAO, dossier_of(copy), "withdraw", reasonCode="applicant-request")
    await scene.certify(copy.requested())
    assert await scene.announced(dossier_of(copy)) == ["registered", "withdrawn"]
    assert remarks("closed") == before + 1
    assert await scene.held() == []


async def test_a_fee_for_a_dossier_of_another_procedure_is_parked(scene: Scene):
    copy = Copy(await scene.paid())
    await scene.certify(copy.requested())
    assert await parked(scene) == ["not-for-certification"]
    assert await scene.status(dossier_of(copy)) == 1


async def test_a_fee_for_a_dossier_that_nobody_filed_is_parked(scene: Scene):
    await scene.certify(Copy(str(uuid4())).requested())
    assert await parked(scene) == ["unknown-dossier"]


# Paying is receiving


async def test_a_paid_copy_is_received_in_one_step_and_due_today(scene: Scene):
    copy = await copies.paid(scene)
    said = await scene.announced(dossier_of(copy))
    assert said == ["registered", "payment-required", "payment-settled", "received"]
    assert await scene.status(dossier_of(copy)) == 2
    received = await scene.fact(dossier_of(copy), "received")
    assert received["receivedAt"] == "2026-11-25T02:00:00Z"
    assert received["dueAt"] == "2026-11-25T10:00:00Z"  # five in the afternoon in Vietnam
    assert (await scene.fact(dossier_of(copy), "payment-settled"))["status"] == 1


async def test_what_is_paid_after_three_is_due_on_the_next_working_day(scene: Scene):
    copy = await copies.requested(scene)
    scene.clock.pass_by(timedelta(days=2, hours=6, minutes=1))  # Friday, 15:01 in Vietnam
    await scene.pay(dossier_of(copy))
    received = await scene.fact(dossier_of(copy), "received")
    assert received["dueAt"] == "2026-11-30T10:00:00Z"


async def test_a_payment_that_comes_twice_is_received_once(scene: Scene):
    copy = await copies.requested(scene)
    payment = await scene.payment(dossier_of(copy))
    for _ in range(2):
        await scene.hear(event(payment, source="/motcua/payment"))
    assert (await scene.announced(dossier_of(copy)))[-2:] == ["payment-settled", "received"]
    assert await scene.held() == []


async def test_a_payment_of_other_procedures_leaves_the_receipt_to_the_officer(scene: Scene):
    assert await scene.status(await scene.paid()) == 1


async def test_who_takes_it_back_while_paying_gets_a_refund_and_no_copy(scene: Scene):
    copy, before = await copies.requested(scene), remarks("refund-needed")
    payment = await scene.payment(dossier_of(copy))
    await scene.act(DAO, dossier_of(copy), "withdraw", reasonCode="applicant-request")
    await scene.hear(event(payment, source="/motcua/payment"))
    await scene.certify(copy.refused("dossier-ended"))
    said = await scene.announced(dossier_of(copy))
    assert said == ["registered", "payment-required", "withdrawn"]
    assert remarks("refund-needed") == before + 1
    assert await scene.held() == []


async def test_no_officer_receives_it_by_hand(scene: Scene):
    answer = await scene.act(LAN, await scene.copy_asked(), "receive")
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("/received-once-paid")


# Certified


async def test_a_certified_copy_completes_its_dossier_and_is_returned_online(scene: Scene):
    copy = await copies.certified(scene)
    said = await scene.announced(dossier_of(copy))
    assert said[-3:] == ["processing-started", "completed", "returned"]
    completed = await scene.fact(dossier_of(copy), "completed")
    assert completed["outcome"] == "approved"
    assert completed["resultPapers"] == [
        {"paperId": copy.id, "kind": "certified-copy", "sha256": copy.sha256}
    ]
    assert (await scene.fact(dossier_of(copy), "returned"))["how"] == "online"


async def test_the_applicant_finds_the_copy_and_where_its_file_is(scene: Scene):
    copy = await copies.certified(scene)
    [result] = (await scene.dossier(dossier_of(copy)))["resultPapers"]
    assert (result["paperId"], result["sha256"], result["proven"]) == (copy.id, copy.sha256, True)
    answer = await scene.get(DAO, f"/v1/dossiers/{dossier_of(copy)}/results/{copy.id}")
    assert (answer.status_code, answer.json()["copyId"]) == (404, copy.id)
    assert answer.json()["type"].endswith("/kept-by-certification")


async def test_a_copy_that_is_told_of_twice_is_certified_once(scene: Scene):
    copy = await copies.certified(scene)
    once = await scene.announced(dossier_of(copy))
    await scene.certify(copy.certified(), copy.certified())
    assert await scene.announced(dossier_of(copy)) == once
    assert await scene.rows("SELECT count(*) FROM certified_copies") == [(1,)]
    assert await scene.held() == []


@pytest.mark.parametrize("place", ["asked", "requested"])
async def test_a_copy_certified_before_the_receipt_waits_for_it(scene: Scene, place: str):
    copy = Copy(await scene.copy_asked())
    if place == "requested":
        await scene.certify(copy.requested())
    await scene.certify(copy.certified())
    assert [state for state, _, _ in await scene.held()] == ["waiting"]
    if place == "asked":
        return
    await scene.pay(dossier_of(copy))
    scene.clock.pass_by(timedelta(seconds=2))
    assert await scene.copies.retry_due() == 1
    assert await scene.status(dossier_of(copy)) == 10


async def test_a_copy_certified_in_the_moment_of_the_withdrawal_is_a_copy(scene: Scene):
    copy, before = await copies.paid(scene), remarks("closed")
    await scene.act(DAO, dossier_of(copy), "withdraw", reasonCode="applicant-request")
    await scene.certify(copy.certified())
    assert (await scene.announced(dossier_of(copy)))[-1] == "withdrawn"
    assert await scene.rows("SELECT state FROM certified_copies") == [("valid",)]
    assert remarks("closed") == before + 1


async def test_a_copy_that_replaces_another_leaves_the_dossier_as_it_is(scene: Scene):
    copy = await copies.certified(scene)
    once, successor = await scene.announced(dossier_of(copy)), Copy(dossier_of(copy), "e" * 64)
    await scene.certify(successor.certified(), copy.replaced(successor))
    assert await scene.announced(dossier_of(copy)) == once
    assert await scene.held() == []


async def test_a_copy_of_a_dossier_that_is_none_of_ours_is_noted_all_the_same(scene: Scene):
    await scene.certify(
        Copy(str(uuid4())).certified(), Copy(await scene.paid(), "e" * 64).certified()
    )
    assert await scene.rows("SELECT state FROM certified_copies") == [("valid",), ("valid",)]
    assert await scene.held() == []


# Refused


@pytest.mark.parametrize(
    ("place", "fact", "status"),
    [("asked", "refused", 3), ("requested", "stopped", 8), ("paid", "stopped", 8)],
)
async def test_a_refused_copy_ends_its_dossier(scene: Scene, place: str, fact: str, status: int):
    copy = Copy(await scene.copy_asked())
    if place != "asked":
        copy = await (copies.requested(scene) if place == "requested" else copies.paid(scene))
    await scene.certify(copy.refused())
    await scene.certify(copy.refused())
    assert await scene.status(dossier_of(copy)) == status
    assert (await scene.announced(dossier_of(copy))).count(fact) == 1
    ended = await scene.fact(dossier_of(copy), fact)
    assert ended["reasonCode"] == "original-erased"
    assert ended["legalGround"] == "NĐ 23/2015/NĐ-CP, Điều 22 khoản 1"
    assert await scene.held() == []


async def test_a_reason_that_intake_does_not_know_is_told_with_the_general_ground(scene: Scene):
    copy = await copies.paid(scene)
    await scene.certify(copy.refused("ink-of-tomorrow"))
    stopped = await scene.fact(dossier_of(copy), "stopped")
    assert stopped["reasonCode"] == "ink-of-tomorrow"
    assert stopped["legalGround"] == "NĐ 23/2015/NĐ-CP, Điều 9 khoản 4"


async def test_a_refusal_in_a_dossier_of_another_procedure_is_parked(scene: Scene):
    copy = Copy(await scene.received())
    await scene.certify(copy.refused())
    assert await parked(scene) == ["not-for-certification"]
    assert await scene.status(dossier_of(copy)) == 2


# Who else might decide


async def test_no_agencys_system_decides_about_a_certified_copy(scene: Scene):
    copy = await copies.paid(scene)
    decision = said(denied(dossier_of(copy)))
    answer = await scene.act(OFFICE_SYSTEM, dossier_of(copy), "decisions", **decision)
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("/decided-by-certification")
    assert await scene.status(dossier_of(copy)) == 2


async def test_another_agency_learns_nothing_of_who_decides(scene: Scene):
    copy = await copies.paid(scene)
    await scene.say("H42.11", denied(dossier_of(copy)))
    assert await parked(scene) == ["another-agency"]
