"""The authorised person approves: who may, and what is then recorded for ever."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from certification.domain import CopyState, EntryState
from certification.ports import Certificate, Hindrance
from certification.settings import Settings
from chassis import failpoints
from chassis.access import Role

from .fake_signer import FakeSigner, certificate, fingerprint
from .samples import AGENCY, CLERK, OTHER_AGENCY, SIGNER, START
from .scene import Scene, problem


async def test_an_approval_records_everything_before_anything_is_signed(scene: Scene):
    copy_id = await scene.ready()
    answer = await scene.approve(copy_id)
    assert answer.status_code == 202
    copy = await scene.copy(copy_id)
    assert (copy.state, copy.signer, copy.approved_at) == (CopyState.SIGNING, SIGNER, START)
    assert (copy.book, copy.year, copy.number) == ("SCT-BS", 2026, 1)
    assert copy.template
    assert copy.person_certificate == fingerprint("person")
    assert copy.seal_certificate == fingerprint("seal")
    assert copy.link
    assert len(copy.link) == 12
    assert answer.json() == {"copyId": copy_id, "state": "signing"}
    view = (await scene.get(f"/v1/copies/{copy_id}")).json()
    assert view["checkUrl"] == f"https://chung-thuc.test/c/{copy.link}"
    assert len(view["checkCode"]) == 8
    [entry] = await scene.entries()
    assert (entry.copy_id, entry.number, entry.state) == (copy_id, 1, EntryState.RESERVED)
    assert scene.signer.signed == []
    async with scene.service.transaction() as work:
        asked = {fingerprint("person"), fingerprint("seal"), fingerprint("stranger")}
        known = await work.certificates.known(asked)
        found = await work.copies.by_link(copy.link)
    assert known == {fingerprint("person"), fingerprint("seal")}
    assert found is not None
    assert found.id == copy_id


async def test_a_copy_that_is_not_ready_is_not_approved(scene: Scene):
    copy_id = await scene.requested()
    assert problem(await scene.approve(copy_id)) == (409, "step-not-possible")
    assert await scene.entries() == []


async def test_two_approvals_at_once_take_one_number(scene: Scene):
    copy_id = await scene.ready()
    answers = await asyncio.gather(
        *(scene.approve(copy_id, scene.authorised(subject)) for subject in [SIGNER, "signer-hoa"])
    )
    assert sorted(answer.status_code for answer in answers) == [202, 409]
    assert [entry.number for entry in await scene.entries()] == [1]
    assert problem(await scene.approve(copy_id)) == (409, "step-not-possible")
    assert [entry.number for entry in await scene.entries()] == [1]


async def test_numbers_have_no_gap_under_twenty_approvals_at_once(scene: Scene):
    copies = [await scene.ready(pages=1) for _ in range(20)]
    answers = await asyncio.gather(*map(scene.approve, copies))
    assert Counter(answer.status_code for answer in answers) == {202: 20}
    entries = await scene.entries()
    assert [entry.number for entry in entries] == list(range(1, 21))
    assert {entry.copy_id for entry in entries} == set(copies)


async def test_an_approval_that_fails_gives_its_number_back(scene: Scene):
    first, second = await scene.ready(), await scene.ready()

    async def fail_after_the_number_was_taken() -> None:
        async with scene.service.transaction() as work:
            certificates = await scene.signer.certificates("minh")
            await work.approve(await work.copies.get(first), SIGNER, certificates)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_after_the_number_was_taken()
    assert (await scene.copy(first)).state is CopyState.READY
    await scene.approve(second)
    await scene.approve(first)
    numbers = [(entry.number, entry.copy_id) for entry in await scene.entries()]
    assert numbers == [(1, second), (2, first)]


async def test_numbers_begin_anew_at_midnight_in_vietnam(scene: Scene):
    last, first, after = [await scene.ready() for _ in range(3)]
    scene.clock.now = datetime(2026, 12, 31, 16, 59, 59, tzinfo=UTC)
    await scene.approve(last)
    scene.clock.now = datetime(2026, 12, 31, 17, 0, 0, tzinfo=UTC)
    await scene.approve(first)
    scene.clock.pass_by(timedelta(hours=8))
    await scene.approve(after)
    lines = [(entry.year, entry.number, entry.copy_id) for entry in await scene.entries()]
    assert lines == [(2026, 1, last), (2027, 1, first), (2027, 2, after)]
    await scene.sign()
    days = {a.number + 100 * a.year: str(a.certified_on) for a in scene.signer.prepared}
    assert days == {202601: "2026-12-31", 202701: "2027-01-01", 202702: "2027-01-01"}


async def test_only_the_role_signs_and_only_whom_the_office_names(scene: Scene):
    copy_id = await scene.ready()
    without_role = scene.token(SIGNER, Role.OFFICER)
    assert (await scene.approve(copy_id, without_role)).status_code == 403
    assert (await scene.approve(copy_id, scene.owner())).status_code == 403
    unnamed = scene.authorised("signer-nobody")
    assert problem(await scene.approve(copy_id, unnamed)) == (403, "not-a-signer")
    assert (await scene.http.post(f"/v1/copies/{copy_id}/signature")).status_code == 401
    assert await scene.entries() == []
    role_alone = scene.token(SIGNER, Role.SIGNER)
    assert (await scene.approve(copy_id, role_alone)).status_code == 202


async def test_another_agencys_signer_does_not_learn_that_there_is_a_copy(scene: Scene):
    copy_id = await scene.ready()
    foreign = scene.authorised(agency=OTHER_AGENCY)
    for what in ("signature", "refusal", "revocation"):
        answer = await scene.decide(copy_id, what, headers=foreign)
        assert problem(answer) == (404, "unknown-copy")
    assert (await scene.copy(copy_id)).state is CopyState.READY


async def test_who_saw_the_original_does_not_sign(scene: Scene):
    copy_id = await scene.ready()
    clerk = scene.authorised(CLERK, AGENCY)
    assert problem(await scene.approve(copy_id, clerk)) == (403, "clerk-is-signer")
    assert await scene.entries() == []


class TestWhereTheClerkMaySign:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"clerk_may_sign": True})

    async def test_who_saw_the_original_signs(self, scene: Scene):
        copy_id = await scene.ready()
        answer = await scene.approve(copy_id, scene.authorised(CLERK, AGENCY))
        assert answer.status_code == 202
        await scene.sign()
        assert scene.signer.asked == ["lan"]


@pytest.mark.parametrize("hindrance", Hindrance)
async def test_a_key_that_cannot_sign_approves_nothing(scene: Scene, hindrance: Hindrance):
    copy_id = await scene.ready()
    scene.signer.key_hindrance = hindrance
    answer = await scene.approve(copy_id)
    assert problem(answer) == (409, "signature-hindered")
    assert answer.json()["hindrance"] == hindrance
    assert await scene.entries() == []
    assert (await scene.copy(copy_id)).state is CopyState.READY


@pytest.mark.parametrize("whose", ["person", "seal"])
async def test_an_expired_certificate_approves_nothing(scene: Scene, whose: str):
    copy_id = await scene.ready()
    setattr(scene.signer, whose, certificate(whose, not_after=START))
    answer = await scene.approve(copy_id)
    assert answer.json()["hindrance"] == Hindrance.CERTIFICATE_EXPIRED
    assert await scene.entries() == []


async def test_no_transaction_is_open_while_the_keys_are_asked(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
):
    copy_id = await scene.ready()
    open_ones: list[str] = []

    async def watching(_: FakeSigner, person: str) -> tuple[Certificate, Certificate]:
        open_ones.append(scene.service.database.engine.pool.status())
        return certificate(person), certificate("seal")

    monkeypatch.setattr(FakeSigner, "certificates", watching)
    await scene.approve(copy_id)
    assert ["Current Checked out connections: 0" in status for status in open_ones] == [True]


async def test_a_process_that_dies_after_the_approval_leaves_it_standing(scene: Scene):
    copy_id = await scene.ready()
    failpoints.arm({failpoints.ENVIRONMENT: "certification.after-intent=raise"})
    try:
        assert (await scene.approve(copy_id)).status_code == 500
    finally:
        failpoints.arm({})
    assert (await scene.copy(copy_id)).state is CopyState.SIGNING
    await scene.sign()
    assert (await scene.copy(copy_id)).state is CopyState.CERTIFIED
    assert [entry.state for entry in await scene.entries()] == [EntryState.USED]
