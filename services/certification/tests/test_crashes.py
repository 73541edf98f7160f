"""A process that stops at any boundary between an approval and its certified copy.

Here its work is broken off, which leaves the same behind as a kill; `test_kills.py` kills.
"""

import asyncio
from datetime import timedelta

import pytest

from certification.domain import CopyState, EntryState
from certification.models import Copy
from certification.ports import Hindrance
from certification.repository import LeaseLost
from chassis import failpoints

from .samples import ended
from .scene import Scene

# Where it stops in the middle of signing: how many signatures it made, and which state it left the
# attempt in, if there is one.
CRASHES = {
    "certification.after-claim": (0, None),
    "certification.after-prepare": (0, None),
    "certification.before-start": (0, None),
    "certification.before-sign": (0, "started"),
    "certification.after-sign": (1, "started"),
    "certification.after-note": (1, "started"),
    "certification.after-keep": (1, "started"),
    "certification.before-publish": (1, "started"),
    "certification.after-publish": (1, "finished"),
}


async def sign_until(scene: Scene, failpoint: str) -> None:
    """The dispatcher's turn, until it stops there and does nothing more."""
    failpoints.arm({failpoints.ENVIRONMENT: f"{failpoint}=delay:60@1"})
    turn = asyncio.create_task(scene.sign())
    try:
        async with asyncio.timeout(10):
            while not failpoints._armed[failpoint].passed:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.01)
        turn.cancel()
        await asyncio.wait({turn})
    finally:
        failpoints.arm({})


async def files(scene: Scene) -> set[str]:
    """Digests of all signed files that lie in the store."""
    return {sha256 for sha256 in scene.signer.signed if scene.files.path(sha256).exists()}


async def whole(scene: Scene, copy_id: str) -> Copy:
    """The copy, after it was found that there is exactly one, and its register has no gap."""
    copy = await scene.copy(copy_id)
    assert copy.state is CopyState.CERTIFIED
    assert await scene.announced(copy.dossier_id) == ["copy-requested", "copy-certified"]
    assert (await scene.fact(copy.dossier_id, "copy-certified"))["sha256"] == copy.sha256
    states = await scene.attempts()
    assert states.count("finished") == 1
    assert set(states) <= {"finished", "orphaned"}
    [entry] = await scene.entries()
    assert (entry.number, entry.state) == (1, EntryState.USED)
    await scene.sweep("clear files")
    assert await files(scene) == {copy.sha256}
    return copy


@pytest.mark.parametrize("failpoint", CRASHES)
async def test_after_a_crash_there_is_exactly_one_certified_copy(scene: Scene, failpoint: str):
    signatures, left = CRASHES[failpoint]
    copy_id = await scene.approved()
    await sign_until(scene, failpoint)
    assert len(scene.signer.signed) == signatures
    assert await scene.attempts() == ([left] if left else [])

    await scene.sign()  # nobody may touch it while somebody may still have it in hand
    assert len(scene.signer.signed) == signatures
    await scene.lease_ends()
    await scene.sign()

    copy = await whole(scene, copy_id)
    assert copy.number == 1
    again = 0 if left == "finished" else 1
    assert len(scene.signer.signed) == signatures + again
    orphans = 1 if left == "started" else 0
    assert (await scene.attempts()).count("orphaned") == orphans


@pytest.mark.parametrize("failpoint", [*CRASHES][1:])
async def test_after_a_fault_of_ours_the_copy_waits_and_is_certified_once(
    scene: Scene, failpoint: str
):
    copy_id = await scene.approved()
    failpoints.arm({failpoints.ENVIRONMENT: f"{failpoint}=raise@1"})
    try:
        await scene.sign()
    finally:
        failpoints.arm({})
    signed, left = CRASHES[failpoint]
    if left != "finished":
        copy = await scene.copy(copy_id)
        assert (copy.waits_for, copy.lease) == (Hindrance.CANNOT_BE_MADE, None)
        noted = failpoint in {f"certification.{at}" for at in ("after-note", "after-keep")}
        recorded = noted or failpoint == "certification.before-publish"
        ends = {None: [], "started": ["orphaned" if recorded else "hindered"]}
        assert await scene.attempts() == ends[left]
    assert len(scene.signer.signed) == signed
    scene.clock.pass_by(timedelta(seconds=1))
    await scene.sign()
    copy = await scene.copy(copy_id)
    assert copy.state is CopyState.CERTIFIED
    assert await scene.announced(copy.dossier_id) == ["copy-requested", "copy-certified"]
    await scene.sweep("clear files")
    assert await files(scene) == {copy.sha256}


@pytest.mark.parametrize("failpoint", CRASHES)
async def test_a_copy_that_crashed_does_not_keep_the_next_one_waiting(scene: Scene, failpoint: str):
    first = await scene.approved()
    await sign_until(scene, failpoint)
    second = await scene.approved()
    await scene.sign()
    assert (await scene.copy(second)).state is CopyState.CERTIFIED
    await scene.lease_ends()
    await scene.sign()
    numbers = [(await scene.copy(copy_id)).number for copy_id in (first, second)]
    assert numbers == [1, 2]
    assert {entry.state for entry in await scene.entries()} == {EntryState.USED}


async def test_what_is_prepared_once_is_signed_whatever_happens_in_between(scene: Scene):
    copy_id = await scene.approved()
    for failpoint in ("before-sign", "after-sign", "after-keep"):
        await sign_until(scene, f"certification.{failpoint}")
        await scene.lease_ends()
    await scene.sign()
    copy = await whole(scene, copy_id)
    assert len(scene.signer.prepared) == 1
    assert scene.files.path(str(copy.prepared_sha256)).exists()
    assert await scene.attempts() == ["orphaned"] * 3 + ["finished"]


async def test_who_comes_back_after_the_lease_changes_nothing(scene: Scene):
    """A process that was frozen between its signature and the record of it."""
    copy_id = await scene.approved()
    await sign_until(scene, "certification.after-keep")
    frozen = await scene.copy(copy_id)
    await scene.lease_ends()
    await scene.sign()
    certified = await whole(scene, copy_id)
    async with scene.service.transaction() as work:
        with pytest.raises(LeaseLost, match=copy_id):
            await work.copies.take_leased(frozen)
    assert (await scene.copy(copy_id)).sha256 == certified.sha256


async def test_a_slow_signer_whose_lease_ended_leaves_no_file(scene: Scene):
    copy_id = await scene.approved()
    failpoints.arm({failpoints.ENVIRONMENT: "certification.after-keep=delay:1@1"})
    try:
        slow = asyncio.create_task(scene.sign())
        async with asyncio.timeout(5):
            while not await files(scene):  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.01)
        await scene.lease_ends()
        await scene.sign()
        await slow
    finally:
        failpoints.arm({})
    await whole(scene, copy_id)
    assert await scene.attempts() == ["orphaned", "finished"]


async def test_a_refusal_after_a_crash_leaves_a_void_number_and_no_file(scene: Scene):
    copy_id = await scene.approved()
    await sign_until(scene, "certification.before-publish")
    await scene.lease_ends()
    answer = await scene.decide(copy_id, "refusal", "not-certified")
    assert answer.status_code == 200
    scene.clock.pass_by(timedelta(minutes=1))
    await scene.sign()
    copy = await scene.copy(copy_id)
    assert (copy.state, copy.sha256) == (CopyState.REFUSED, None)
    assert await scene.announced(copy.dossier_id) == ["copy-requested", "copy-refused"]
    assert await scene.attempts() == ["orphaned"]
    [entry] = await scene.entries()
    assert (entry.number, entry.state, entry.reason) == (1, EntryState.VOID, "not-certified")
    await scene.sweep("clear files")
    assert await files(scene) == set()


async def test_a_withdrawal_after_a_crash_leaves_a_void_number_and_no_file(scene: Scene):
    copy = await scene.copy(await scene.approved())
    await sign_until(scene, "certification.after-keep")
    await scene.consume(ended(copy.dossier_id))
    await scene.lease_ends()
    await scene.sign()
    assert (await scene.copy(copy.id)).state is CopyState.REFUSED
    assert await scene.attempts() == ["orphaned"]
    assert [entry.state for entry in await scene.entries()] == [EntryState.VOID]
    await scene.sweep("clear files")
    assert await files(scene) == set()
