"""What hinders a signature: the copy waits, says why, and goes on by itself."""

import asyncio
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from certification.domain import CopyState, EntryState
from certification.ports import Hindrance
from certification.settings import Settings
from chassis.errors import Transient
from motcua_contracts.types import SignatureLevel

from .fake_signer import certificate
from .samples import START
from .scene import Scene, problem


async def hindered(scene: Scene, *hindrances: Hindrance) -> str:
    """A copy whose signature was hindered; gives back its id."""
    copy_id = await scene.approved()
    scene.signer.hindrances = [*hindrances]
    await scene.sign()
    return copy_id


@pytest.mark.parametrize("hindrance", Hindrance)
async def test_a_hindered_copy_waits_says_why_and_publishes_nothing(
    scene: Scene, hindrance: Hindrance
):
    copy = await scene.copy(await hindered(scene, hindrance))
    assert (copy.state, copy.waits_for, copy.sha256) == (CopyState.SIGNING, hindrance, None)
    assert await scene.attempts() == ["hindered"]
    assert await scene.announced(copy.dossier_id) == ["copy-requested"]
    view = (await scene.get(f"/v1/copies/{copy.id}", scene.owner())).json()
    assert (view["state"], view["waitsFor"]) == ("signing", hindrance)
    listed = (await scene.get("/v1/copies?state=signing")).json()["copies"]
    assert [(each["copyId"], each["waitsFor"]) for each in listed] == [(copy.id, hindrance)]
    answer = await scene.get(f"/v1/copies/{copy.id}/file")
    assert problem(answer) == (404, "not-yet-signed")


async def test_it_goes_on_by_itself_with_its_number_and_its_prepared_file(scene: Scene):
    copy = await scene.copy(await hindered(scene, Hindrance.TIME_STAMP_AWAY))
    await scene.sign()
    assert (await scene.copy(copy.id)).state is CopyState.SIGNING  # the pause is not over
    scene.clock.pass_by(timedelta(seconds=1))
    await scene.sign()
    signed = await scene.copy(copy.id)
    assert (signed.state, signed.waits_for) == (CopyState.CERTIFIED, None)
    assert (signed.number, signed.prepared_sha256) == (copy.number, copy.prepared_sha256)
    assert len(scene.signer.prepared) == 1
    assert await scene.attempts() == ["hindered", "finished"]
    assert [entry.state for entry in await scene.entries()] == [EntryState.USED]


async def test_pauses_grow(scene: Scene):
    copy_id = await hindered(scene, *[Hindrance.TIME_STAMP_AWAY] * 9)
    waits: list[float] = []
    for _ in range(8):
        copy = await scene.copy(copy_id)
        assert copy.next_attempt_at
        waits.append((copy.next_attempt_at - scene.clock.now) / timedelta(seconds=1))
        scene.clock.now = copy.next_attempt_at
        await scene.sign()
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert (await scene.copy(copy_id)).attempts == 9


async def test_what_hinders_one_copy_keeps_no_other_waiting(scene: Scene):
    waiting = await hindered(scene, Hindrance.CERTIFICATE_REVOKED)
    other = await scene.approved()
    scene.clock.pass_by(timedelta(seconds=1))
    await scene.sign()
    assert (await scene.copy(other)).state is CopyState.CERTIFIED
    assert (await scene.copy(waiting)).state is CopyState.CERTIFIED


@pytest.mark.parametrize("hindrance", Hindrance)
async def test_a_key_store_that_hinders_is_no_attempt(scene: Scene, hindrance: Hindrance):
    copy_id = await scene.approved()
    scene.signer.key_hindrance = hindrance
    await scene.sign()
    copy = await scene.copy(copy_id)
    assert (copy.waits_for, copy.lease) == (hindrance, None)
    assert await scene.attempts() == []
    scene.signer.key_hindrance = None
    scene.clock.pass_by(timedelta(seconds=1))
    await scene.sign()
    assert (await scene.copy(copy_id)).state is CopyState.CERTIFIED


async def test_a_certificate_that_expired_since_the_approval_signs_nothing(scene: Scene):
    copy_id = await scene.approved()
    scene.signer.person = certificate("person", not_after=START)
    await scene.sign()
    assert (await scene.copy(copy_id)).waits_for is Hindrance.CERTIFICATE_EXPIRED
    assert scene.signer.signed == []


async def test_nothing_is_published_below_the_configured_level(scene: Scene, settings: Settings):
    copy_id = await scene.approved()
    scene.signer.level = SignatureLevel.B_LT
    await scene.sign()
    copy = await scene.copy(copy_id)
    assert (copy.state, copy.waits_for) == (CopyState.SIGNING, Hindrance.LEVEL_NOT_REACHED)
    [sha256] = scene.signer.signed
    assert not scene.files.path(sha256).exists()
    assert list((settings.files_folder / "making").iterdir()) == []
    assert await scene.announced(copy.dossier_id) == ["copy-requested"]


class TestImpatient:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"signing_seconds": 0.1})

    async def test_a_signer_that_hangs_hinders_like_a_key_store_that_is_away(self, scene: Scene):
        copy_id = await scene.approved()
        scene.signer.gate = asyncio.Event()
        await scene.sign()
        assert (await scene.copy(copy_id)).waits_for is Hindrance.KEY_AWAY
        assert await scene.attempts() == ["hindered"]
        scene.signer.gate.set()
        scene.clock.pass_by(timedelta(seconds=1))
        await scene.sign()
        assert (await scene.copy(copy_id)).state is CopyState.CERTIFIED


async def test_a_signing_process_that_dies_is_an_orphan_and_the_copy_is_tried_again(scene: Scene):
    copy_id = await scene.approved()
    scene.signer.hindrances = [Transient("the signing process died")]
    await scene.sign()
    copy = await scene.copy(copy_id)
    assert (copy.state, copy.waits_for, copy.lease) == (CopyState.SIGNING, None, None)
    assert await scene.attempts() == ["orphaned"]
    scene.clock.pass_by(timedelta(seconds=1))
    await scene.sign()
    assert (await scene.copy(copy_id)).state is CopyState.CERTIFIED
    assert await scene.attempts() == ["orphaned", "finished"]


async def test_a_fault_of_ours_makes_the_copy_wait_and_it_can_be_given_up_between_tries(
    scene: Scene,
):
    copy = await scene.copy(await scene.approved())
    scene.files.path(copy.clean_sha256).unlink()
    faults = "motcua_certification_signing_faults_total"
    before = REGISTRY.get_sample_value(faults) or 0
    waits: list[float] = []
    for _ in range(3):
        await scene.sign()
        copy = await scene.copy(copy.id)
        assert (copy.state, copy.waits_for, copy.lease) == (
            CopyState.SIGNING,
            Hindrance.CANNOT_BE_MADE,
            None,
        )
        assert copy.next_attempt_at
        waits.append((copy.next_attempt_at - scene.clock.now) / timedelta(seconds=1))
        scene.clock.now = copy.next_attempt_at
    assert waits == [1, 2, 4]
    assert REGISTRY.get_sample_value(faults) == before + 3
    view = (await scene.get(f"/v1/copies/{copy.id}")).json()
    assert (view["waitsFor"], view["attempts"]) == ("cannot-be-made", 3)
    assert (await scene.decide(copy.id, "refusal")).status_code == 200
    assert [entry.state for entry in await scene.entries()] == [EntryState.VOID]


async def test_a_signature_that_fails_by_a_fault_of_ours_is_an_attempt_that_was_hindered(
    scene: Scene,
):
    copy_id = await scene.approved()
    scene.signer.hindrances = [RuntimeError("a bug")]
    await scene.sign()
    assert (await scene.copy(copy_id)).waits_for is Hindrance.CANNOT_BE_MADE
    assert await scene.attempts() == ["hindered"]
    scene.clock.pass_by(timedelta(seconds=1))
    await scene.sign()
    assert (await scene.copy(copy_id)).state is CopyState.CERTIFIED


async def test_who_may_sign_gives_a_waiting_copy_up_and_its_number_says_why(scene: Scene):
    copy = await scene.copy(await hindered(scene, Hindrance.CERTIFICATE_EXPIRED))
    by_clerk = await scene.decide(copy.id, "refusal", headers=scene.clerk())
    assert by_clerk.status_code == 403
    unnamed = await scene.decide(copy.id, "refusal", headers=scene.authorised("signer-nobody"))
    assert problem(unnamed) == (403, "not-a-signer")
    answer = await scene.decide(copy.id, "refusal", "not-certified")
    assert (answer.status_code, answer.json()["state"]) == (200, "refused")
    [entry] = await scene.entries()
    assert (entry.number, entry.state, entry.reason) == (1, EntryState.VOID, "not-certified")
    assert (await scene.fact(copy.dossier_id, "copy-refused"))["reasonCode"] == "not-certified"
    scene.clock.pass_by(timedelta(hours=1))
    await scene.sign()
    assert scene.signer.signed == []
    next_one = await scene.certified()
    assert (await scene.copy(next_one)).number == 2


async def test_a_copy_is_not_given_up_in_the_middle_of_its_signature(scene: Scene):
    copy_id = await scene.approved()
    scene.signer.gate = asyncio.Event()
    signing = asyncio.create_task(scene.sign())
    async with asyncio.timeout(5):
        while not scene.signer.at_once:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)
    assert problem(await scene.decide(copy_id, "refusal")) == (409, "signing-under-way")
    scene.signer.gate.set()
    await signing
    assert (await scene.copy(copy_id)).state is CopyState.CERTIFIED
    assert problem(await scene.decide(copy_id, "refusal")) == (409, "step-not-possible")


async def test_gauges_tell_what_waits_and_for_what(scene: Scene):
    await hindered(scene, Hindrance.TIME_STAMP_AWAY)
    scene.signer.key_hindrance = Hindrance.WRONG_PIN
    copy_id = await scene.ready()
    scene.signer.key_hindrance = None
    await scene.approve(copy_id)
    await scene.sweep("measure copies")

    def gauge(name: str, **labels: str) -> float | None:
        return REGISTRY.get_sample_value(f"motcua_certification_{name}", labels)

    assert gauge("signing_copies") == 2
    assert gauge("waiting_copies", hindrance="time-stamp-away") == 1
    assert gauge("waiting_copies", hindrance="wrong-pin") == 0
    oldest = gauge("oldest_signing_seconds")
    assert oldest
    assert oldest > 3600
    scene.clock.pass_by(timedelta(seconds=1))
    await scene.sign()
    await scene.sweep("measure copies")
    assert gauge("signing_copies") == 0
    assert gauge("waiting_copies", hindrance="time-stamp-away") == 0
    assert gauge("oldest_signing_seconds") == 0
