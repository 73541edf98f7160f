"""A certified copy is revoked, or another takes its place."""

import asyncio

import pytest

from certification.domain import CopyState, EntryState

from .samples import OTHER_AGENCY, completed
from .scene import Scene, problem


async def replacing(scene: Scene) -> tuple[str, str]:
    """A certified copy and the one that is to replace it."""
    old = await scene.certified()
    await scene.consume(completed((await scene.copy(old)).dossier_id))
    answer = await scene.replace(old)
    assert answer.status_code == 201, answer.text
    return old, answer.json()["copyId"]


async def test_a_replacement_is_free_and_waits_for_the_signer(scene: Scene):
    old, new = await replacing(scene)
    copy = await scene.copy(new)
    assert (copy.state, copy.fee, copy.pages) == (CopyState.READY, 0, 2)
    assert (copy.replaces, copy.replaces_for) == (old, "scan-unreadable")
    assert (await scene.copy(old)).state is CopyState.CERTIFIED
    assert await scene.announced(copy.dossier_id) == ["copy-requested", "copy-certified"]


async def test_the_old_copy_holds_until_the_new_one_is_certified_and_not_after(scene: Scene):
    old, new = await replacing(scene)
    await scene.approve(new)
    assert (await scene.copy(old)).state is CopyState.CERTIFIED
    await scene.sign()
    gone, copy = await scene.copy(old), await scene.copy(new)
    assert (gone.state, gone.replaced_by, gone.reason) == (
        CopyState.REPLACED,
        new,
        "scan-unreadable",
    )
    assert (copy.state, copy.number, copy.fee) == (CopyState.CERTIFIED, 2, 0)
    dossier = copy.dossier_id
    assert await scene.announced(dossier) == [
        "copy-requested",
        "copy-certified",
        "copy-certified",
        "copy-replaced",
    ]
    told = await scene.fact(dossier, "copy-replaced")
    assert told == {
        "dossierId": dossier,
        "copyId": old,
        "sha256": gone.sha256,
        "successorId": new,
        "reasonCode": "scan-unreadable",
        "replacedAt": "2026-03-02T08:00:00Z",
    }
    assert [entry.state for entry in await scene.entries()] == [EntryState.USED] * 2
    view = (await scene.get(f"/v1/copies/{old}")).json()
    assert (view["state"], view["replacedBy"]) == ("replaced", new)


async def test_a_replacement_that_is_refused_leaves_the_old_copy_as_it_was(scene: Scene):
    old, new = await replacing(scene)
    await scene.decide(new, "refusal", "not-certified", headers=scene.clerk())
    assert (await scene.copy(new)).state is CopyState.REFUSED
    assert (await scene.copy(old)).state is CopyState.CERTIFIED
    dossier = (await scene.copy(old)).dossier_id
    assert await scene.announced(dossier) == ["copy-requested", "copy-certified"]
    assert (await scene.replace(old)).status_code == 201


async def test_one_replacement_at_a_time(scene: Scene):
    old, new = await replacing(scene)
    assert problem(await scene.replace(old)) == (409, "copy-under-way")
    assert problem(await scene.replace(new)) == (409, "step-not-possible")


async def test_only_a_certified_copy_is_replaced(scene: Scene):
    for copy_id in (await scene.requested(), await scene.ready(), await scene.approved()):
        assert problem(await scene.replace(copy_id)) == (409, "step-not-possible")


async def test_a_revoked_copy_holds_no_longer(scene: Scene):
    copy = await scene.copy(await scene.certified())
    answer = await scene.decide(copy.id, "revocation", "original-forged")
    assert (answer.status_code, answer.json()["state"]) == (200, "revoked")
    told = await scene.fact(copy.dossier_id, "copy-revoked")
    assert told == {
        "dossierId": copy.dossier_id,
        "copyId": copy.id,
        "sha256": copy.sha256,
        "reasonCode": "original-forged",
        "revokedAt": "2026-03-02T08:00:00Z",
    }
    for what in ("revocation", "refusal"):
        again = await scene.decide(copy.id, what)
        assert problem(again) == (409, "step-not-possible")
    assert problem(await scene.replace(copy.id)) == (409, "step-not-possible")
    assert (await scene.get(f"/v1/copies/{copy.id}/file")).status_code == 200


async def test_with_a_revoked_copy_its_successor_ends_that_waits_for_the_signer(scene: Scene):
    old, new = await replacing(scene)
    await scene.decide(old, "revocation", "original-forged")
    copy = await scene.copy(new)
    assert (copy.state, copy.reason) == (CopyState.REFUSED, "nothing-to-replace")
    assert problem(await scene.approve(new)) == (409, "step-not-possible")
    told = await scene.announced(copy.dossier_id)
    assert told == ["copy-requested", "copy-certified", "copy-revoked"]


async def test_with_a_revoked_copy_its_successor_ends_that_is_signed_at_this_moment(scene: Scene):
    old, new = await replacing(scene)
    await scene.approve(new)
    scene.signer.gate = asyncio.Event()
    signing = asyncio.create_task(scene.sign())
    async with asyncio.timeout(5):
        while not scene.signer.at_once:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)
    answer = await scene.decide(old, "revocation", "original-forged")
    assert answer.status_code == 200
    scene.signer.gate.set()
    await signing
    gone, copy = await scene.copy(old), await scene.copy(new)
    assert (gone.state, gone.reason, gone.replaced_by) == (
        CopyState.REVOKED,
        "original-forged",
        None,
    )
    assert (copy.state, copy.sha256) == (CopyState.REFUSED, None)
    assert not scene.files.path(scene.signer.signed[-1]).exists()
    lines = [(entry.state, entry.reason) for entry in await scene.entries()]
    assert lines == [(EntryState.USED, None), (EntryState.VOID, "nothing-to-replace")]
    told = await scene.announced(gone.dossier_id)
    assert told == ["copy-requested", "copy-certified", "copy-revoked"]


async def test_no_successor_is_approved_of_a_copy_that_holds_no_longer(scene: Scene):
    old, new = await replacing(scene)
    await scene.execute(f"UPDATE copies SET state = 'revoked' WHERE id = '{old}'")
    assert problem(await scene.approve(new)) == (409, "step-not-possible")
    assert len(await scene.entries()) == 1


@pytest.mark.parametrize("state", ["requested", "ready", "approved"])
async def test_only_a_certified_copy_is_revoked(scene: Scene, state: str):
    copy_id = await getattr(scene, state)()
    assert problem(await scene.decide(copy_id, "revocation")) == (409, "step-not-possible")


async def test_only_whom_the_office_names_revokes(scene: Scene):
    copy_id = await scene.certified()
    unnamed = await scene.decide(copy_id, "revocation", headers=scene.authorised("signer-nobody"))
    assert problem(unnamed) == (403, "not-a-signer")
    assert (await scene.copy(copy_id)).state is CopyState.CERTIFIED


async def test_a_clerk_does_not_revoke_and_another_agency_changes_nothing(scene: Scene):
    copy_id = await scene.certified()
    clerk = await scene.decide(copy_id, "revocation", headers=scene.clerk())
    assert clerk.status_code == 403
    foreign = await scene.post_scan(
        f"/v1/copies/{copy_id}/replacement", "{}", headers=scene.clerk(OTHER_AGENCY)
    )
    assert problem(foreign) == (404, "unknown-copy")
    assert (await scene.copy(copy_id)).state is CopyState.CERTIFIED


@pytest.mark.parametrize("reason", ["", "Vì bản chính giả", "UPPER", "x" * 65, None])
async def test_a_reason_is_a_code_and_no_free_text(scene: Scene, reason: str | None):
    copy_id = await scene.certified()
    answer = await scene.http.post(
        f"/v1/copies/{copy_id}/revocation",
        json={} if reason is None else {"reasonCode": reason},
        headers=scene.authorised() | {"Idempotency-Key": "k"},
    )
    assert problem(answer) == (422, "unprocessable")
