"""What a dossier's facts do to its copy."""

from uuid import uuid4

import pytest

from certification.domain import CopyState, DossierState
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
async def test_what_was_approved_is_signed_whatever_becomes_of_the_dossier(
    scene: Scene, kind: type[EventData]
):
    copy = await scene.copy(await scene.approved())
    await scene.consume(ended(copy.dossier_id, kind))
    assert (await scene.copy(copy.id)).state is CopyState.SIGNING
    await scene.sign()
    assert (await scene.copy(copy.id)).state is CopyState.CERTIFIED


async def test_a_completed_dossier_takes_no_other_copy(scene: Scene):
    copy = await scene.copy(await scene.certified())
    await scene.consume(completed(copy.dossier_id))
    assert (await scene.copy(copy.id)).state is CopyState.CERTIFIED
    assert problem(await scene.bring(copy.dossier_id)) == (409, "dossier-over")


async def test_a_batch_of_a_dossiers_facts_counts_in_its_order(scene: Scene):
    dossier = str(uuid4())
    await scene.consume(registered(dossier, agency=OTHER_AGENCY), received(dossier), ended(dossier))
    assert await state_of(scene, dossier) == (DossierState.ENDED, False)
