"""What a dossier's facts do to its copy."""

import asyncio
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY

from certification.domain import CopyState, DossierState, EntryState
from motcua_contracts.dossier import DossierRefused, DossierStopped, DossierWithdrawn
from motcua_contracts.envelope import EventData

from .samples import (
    OTHER_AGENCY,
    completed,
    ended,
    payment_required,
    payment_settled,
    received,
    registered,
)
from .scene import Scene, problem

ENDS = [DossierWithdrawn, DossierRefused, DossierStopped]


async def state_of(scene: Scene, dossier_id: str) -> tuple[DossierState, bool]:
    async with scene.service.transaction() as work:
        dossier = await work.dossiers.read(dossier_id)
    return dossier.state, dossier.owes


async def test_a_dossier_of_another_procedure_is_none_of_ours(scene: Scene):
    dossier = str(uuid4())
    other = {"procedure_code": "2.000488"}
    await scene.consume(registered(dossier, **other), received(dossier, **other))
    assert await scene.rows("SELECT * FROM dossiers") == []
    assert problem(await scene.bring(dossier)) == (404, "unknown-dossier")


async def test_a_dossier_of_another_office_is_passed_over_and_counted(scene: Scene):
    passed_over = "motcua_certification_passed_over_dossiers_total"
    before = REGISTRY.get_sample_value(passed_over) or 0
    dossier, other = str(uuid4()), {"agency": OTHER_AGENCY}
    await scene.consume(registered(dossier, **other), received(dossier, **other))
    assert await scene.rows("SELECT * FROM dossiers") == []
    assert REGISTRY.get_sample_value(passed_over) == before + 1
    for clerk in (scene.clerk(), scene.clerk(OTHER_AGENCY)):
        assert problem(await scene.bring(dossier, headers=clerk)) == (404, "unknown-dossier")


async def test_facts_about_a_dossier_that_nobody_registered_change_nothing(scene: Scene):
    dossier = str(uuid4())
    await scene.consume(received(dossier), payment_settled(dossier), ended(dossier))
    assert await scene.rows("SELECT * FROM dossiers") == []


async def test_a_paid_and_received_dossier_makes_its_copy_ready(scene: Scene):
    copy = await scene.copy(await scene.requested())
    dossier = copy.dossier_id
    await scene.consume(payment_required(dossier))
    assert await state_of(scene, dossier) == (DossierState.OPEN, True)
    await scene.consume(payment_settled(dossier))
    assert (await scene.copy(copy.id)).state is CopyState.REQUESTED
    await scene.consume(received(dossier))
    assert (await scene.copy(copy.id)).state is CopyState.READY
    assert await state_of(scene, dossier) == (DossierState.RECEIVED, False)


async def test_a_copy_is_not_ready_while_money_is_due(scene: Scene):
    copy = await scene.copy(await scene.requested())
    await scene.consume(payment_required(copy.dossier_id), received(copy.dossier_id))
    assert (await scene.copy(copy.id)).state is CopyState.REQUESTED
    await scene.consume(payment_settled(copy.dossier_id))
    assert (await scene.copy(copy.id)).state is CopyState.READY


async def test_nobody_signs_while_money_is_due(scene: Scene):
    copy = await scene.copy(await scene.ready())
    await scene.consume(payment_required(copy.dossier_id))
    assert problem(await scene.approve(copy.id)) == (409, "payment-awaited")
    assert await scene.entries() == []


@pytest.mark.parametrize("kind", ENDS)
async def test_a_dossier_that_ends_before_the_signature_has_no_copy(
    scene: Scene, kind: type[EventData]
):
    for copy_id in (await scene.requested(), await scene.ready()):
        copy = await scene.copy(copy_id)
        await scene.consume(ended(copy.dossier_id, kind))
        copy = await scene.copy(copy_id)
        assert (copy.state, copy.reason) == (CopyState.REFUSED, "dossier-ended")
        assert await scene.announced(copy.dossier_id) == ["copy-requested", "copy-refused"]
        told = await scene.fact(copy.dossier_id, "copy-refused")
        assert told["reasonCode"] == "dossier-ended"
        assert problem(await scene.bring(copy.dossier_id)) == (409, "dossier-over")
        assert problem(await scene.approve(copy_id)) == (409, "step-not-possible")
    assert await scene.entries() == []


@pytest.mark.parametrize("kind", ENDS)
async def test_what_was_approved_is_not_signed_once_its_dossier_is_over(
    scene: Scene, kind: type[EventData]
):
    copy = await scene.copy(await scene.approved())
    await scene.consume(ended(copy.dossier_id, kind))
    await scene.sign()
    copy = await scene.copy(copy.id)
    assert (copy.state, copy.reason) == (CopyState.REFUSED, "dossier-ended")
    assert scene.signer.signed == []
    assert await scene.announced(copy.dossier_id) == ["copy-requested", "copy-refused"]
    [entry] = await scene.entries()
    assert (entry.number, entry.state, entry.reason) == (1, EntryState.VOID, "dossier-ended")


@pytest.mark.parametrize("kind", ENDS)
async def test_a_signature_that_is_made_while_the_dossier_ends_is_worth_nothing(
    scene: Scene, kind: type[EventData]
):
    copy = await scene.copy(await scene.approved())
    scene.signer.gate = asyncio.Event()
    signing = asyncio.create_task(scene.sign())
    async with asyncio.timeout(5):
        while not scene.signer.at_once:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)
    await scene.consume(ended(copy.dossier_id, kind))
    scene.signer.gate.set()
    await signing
    copy = await scene.copy(copy.id)
    assert (copy.state, copy.sha256, copy.lease) == (CopyState.REFUSED, None, None)
    assert await scene.attempts() == ["orphaned"]
    assert await scene.announced(copy.dossier_id) == ["copy-requested", "copy-refused"]
    assert [entry.state for entry in await scene.entries()] == [EntryState.VOID]
    [sha256] = scene.signer.signed
    assert not scene.files.path(sha256).exists()


@pytest.mark.parametrize("kind", ENDS)
async def test_a_copy_that_was_certified_just_before_its_dossier_ended_is_revoked(
    scene: Scene, kind: type[EventData]
):
    copy = await scene.copy(await scene.certified())
    await scene.consume(ended(copy.dossier_id, kind))
    copy = await scene.copy(copy.id)
    assert (copy.state, copy.reason) == (CopyState.REVOKED, "dossier-ended")
    told = await scene.announced(copy.dossier_id)
    assert told == ["copy-requested", "copy-certified", "copy-revoked"]
    fact = await scene.fact(copy.dossier_id, "copy-revoked")
    assert (fact["sha256"], fact["reasonCode"]) == (copy.sha256, "dossier-ended")
    assert [entry.state for entry in await scene.entries()] == [EntryState.USED]
    assert problem(await scene.replace(copy.id)) == (409, "step-not-possible")


async def test_with_its_dossier_a_copy_and_its_successor_end(scene: Scene):
    old = await scene.certified()
    new = (await scene.replace(old)).json()["copyId"]
    await scene.approve(new)
    dossier = (await scene.copy(old)).dossier_id
    await scene.consume(ended(dossier))
    await scene.sign()
    assert (await scene.copy(old)).state is CopyState.REVOKED
    assert (await scene.copy(new)).state is CopyState.REFUSED
    told = await scene.announced(dossier)
    assert told == ["copy-requested", "copy-certified", "copy-revoked"]
    assert [entry.state for entry in await scene.entries()] == [EntryState.USED, EntryState.VOID]


async def test_a_completed_dossier_makes_no_copy_ready(scene: Scene):
    copy = await scene.copy(await scene.requested())
    await scene.consume(completed(copy.dossier_id), payment_settled(copy.dossier_id))
    assert (await scene.copy(copy.id)).state is CopyState.REQUESTED


async def test_a_completed_dossier_takes_no_other_copy(scene: Scene):
    copy = await scene.copy(await scene.certified())
    await scene.consume(completed(copy.dossier_id))
    assert (await scene.copy(copy.id)).state is CopyState.CERTIFIED
    assert problem(await scene.bring(copy.dossier_id)) == (409, "dossier-over")


async def test_a_batch_of_a_dossiers_facts_counts_in_its_order(scene: Scene):
    dossier = str(uuid4())
    await scene.consume(registered(dossier), received(dossier), ended(dossier))
    assert await state_of(scene, dossier) == (DossierState.ENDED, False)
