"""A decision that is sent again is answered as before, and takes effect once."""

import asyncio

import pytest

from certification.domain import CopyState

from .samples import OTHER_AGENCY, PERSONAL
from .scene import Headers, Scene, problem


def keyed(headers: Headers, key: str = "k") -> Headers:
    return headers | {"Idempotency-Key": key}


async def test_an_approval_sent_again_is_answered_as_before(scene: Scene):
    copy_id = await scene.ready()
    first = await scene.approve(copy_id, keyed(scene.authorised()))
    await scene.sign()
    again = await scene.approve(copy_id, keyed(scene.authorised()))
    assert (again.status_code, again.json()) == (202, first.json())
    assert again.json() == {"copyId": copy_id, "state": "signing"}
    assert again.headers["idempotency-replayed"] == "true"
    assert (await scene.copy(copy_id)).state is CopyState.CERTIFIED
    assert len(await scene.entries()) == 1
    other = await scene.approve(copy_id, keyed(scene.authorised(), "another"))
    assert problem(other) == (409, "step-not-possible")


async def test_approvals_that_come_at_once_under_one_key_are_one(scene: Scene):
    copy_id = await scene.ready()
    sent = keyed(scene.authorised())
    answers = await asyncio.gather(*(scene.approve(copy_id, sent) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {202}
    assert len(await scene.entries()) == 1


async def test_a_refusal_and_a_revocation_sent_again_are_answered_as_before(scene: Scene):
    for copy_id, what, state in (
        (await scene.ready(), "refusal", "refused"),
        (await scene.certified(), "revocation", "revoked"),
    ):
        sent = keyed(scene.authorised())
        first = await scene.decide(copy_id, what, headers=sent)
        again = await scene.decide(copy_id, what, headers=sent)
        assert (again.status_code, again.json()) == (200, first.json())
        assert again.json() == {"copyId": copy_id, "state": state}
        assert again.headers["idempotency-replayed"] == "true"
        dossier = (await scene.copy(copy_id)).dossier_id
        assert (await scene.announced(dossier)).count(f"copy-{state}") == 1


async def test_a_key_of_another_decision_is_refused(scene: Scene):
    sent = keyed(scene.authorised())
    for copy_id in (await scene.ready(), await scene.ready()):
        answer = await scene.decide(copy_id, "refusal", headers=sent)
    assert problem(answer) == (422, "idempotency-key-reused")


async def test_a_decision_that_was_refused_leaves_its_key_free(scene: Scene):
    copy_id = await scene.requested()
    sent = keyed(scene.authorised())
    assert problem(await scene.approve(copy_id, sent)) == (409, "step-not-possible")
    await scene.make_ready(copy_id)
    assert (await scene.approve(copy_id, sent)).status_code == 202


async def test_what_is_kept_of_a_decision_names_nobody_and_is_told_to_nobody_else(scene: Scene):
    copy_id = await scene.ready()
    await scene.approve(copy_id, keyed(scene.authorised()))
    [(body,)] = await scene.rows("SELECT body::text FROM idempotency_keys")
    assert not any(word in body for word in PERSONAL)
    foreign = await scene.approve(copy_id, keyed(scene.authorised("signer-hoa", OTHER_AGENCY)))
    assert problem(foreign) == (404, "unknown-copy")


@pytest.mark.parametrize("what", ["signature", "refusal", "revocation"])
async def test_a_decision_needs_a_key(scene: Scene, what: str):
    answer = await scene.http.post(
        f"/v1/copies/{await scene.ready()}/{what}",
        json={"reasonCode": "not-certified"},
        headers=scene.authorised(),
    )
    assert problem(answer) == (400, "idempotency-key-invalid")
