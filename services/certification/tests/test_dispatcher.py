"""Real PostgreSQL: an approved copy is signed once, by a few lanes, outside every transaction."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from certification.app import build
from certification.dispatcher import Dispatcher, Pace, Tools
from certification.domain import CopyState, EntryState
from certification.ports import Hindrance
from certification.settings import Settings
from chassis.database import DatabaseAwayError

from .fake_signer import SIGNED_AT, FakeSigner, certificate
from .samples import START
from .scene import Scene


async def test_an_approved_copy_is_signed_kept_recorded_and_announced(
    scene: Scene, settings: Settings
):
    copy = await scene.copy(await scene.approved())
    await scene.sign()
    copy = await scene.copy(copy.id)
    assert (copy.state, copy.signed_at, copy.level) == (CopyState.CERTIFIED, SIGNED_AT, "B-LTA")
    assert (copy.waits_for, copy.lease, copy.certified_at) == (None, None, START)
    assert copy.sha256 == scene.signer.signed[0]
    lies_at = scene.files.path(str(copy.sha256))
    assert lies_at.read_bytes().endswith(b"%% number 1\n%% signature 1")
    assert await scene.announced(copy.dossier_id) == ["copy-requested", "copy-certified"]
    assert await scene.fact(copy.dossier_id, "copy-certified") == {
        "dossierId": copy.dossier_id,
        "copyId": copy.id,
        "paperKind": "diploma",
        "book": "SCT-BS",
        "year": 2026,
        "registerNumber": 1,
        "signerRoles": ["authorised-person", "agency-seal"],
        "sha256": copy.sha256,
        "signedAt": "2026-03-02T09:30:15Z",
        "level": "B-LTA",
        "pages": 3,
        "fee": 5_000,
    }
    assert [entry.state for entry in await scene.entries()] == [EntryState.USED]
    assert await scene.attempts() == ["finished"]
    assert list((settings.files_folder / "making").iterdir()) == []


async def test_what_the_copy_says_was_recorded_when_it_was_approved(scene: Scene):
    copy_id = await scene.approved()
    await scene.sign()
    view = (await scene.get(f"/v1/copies/{copy_id}")).json()
    [said] = scene.signer.prepared
    assert (said.number, said.book, said.year) == (1, "SCT-BS", 2026)
    assert str(said.certified_on) == "2026-03-02"
    assert (said.agency_name, said.place) == ("Sở Tư pháp tỉnh Khánh Hòa", "Nha Trang")
    assert (said.signer_name, said.signer_title) == ("Trần Văn Minh", "Phó Giám đốc Sở")
    assert (said.check_url, said.check_code) == (view["checkUrl"], view["checkCode"])
    assert scene.signer.asked == ["minh"]


async def test_the_story_goes_on_under_the_correlation_of_the_approval(scene: Scene):
    copy = await scene.copy(await scene.ready())
    told = scene.authorised() | {"X-Correlation-ID": "the-approval"}
    await scene.approve(copy.id, told)
    await scene.sign()
    [(correlation,)] = await scene.rows(
        "SELECT headers ->> 'ce_correlationid' FROM outbox WHERE subject = $1 AND "
        "headers ->> 'ce_type' LIKE '%certified%'",
        copy.dossier_id,
    )
    assert correlation == "the-approval"


async def test_a_certified_copy_is_not_signed_again(scene: Scene):
    await scene.certified()
    await scene.lease_ends()
    for _ in range(3):
        await scene.sign()
    assert len(scene.signer.signed) == 1


async def test_no_more_are_signed_at_once_than_there_are_lanes(scene: Scene):
    copies = [await scene.approved() for _ in range(7)]
    scene.signer.seconds = 0.05
    await scene.sign()
    assert scene.signer.most_at_once == 2  # one worker, and one that is prepared meanwhile
    assert {(await scene.copy(copy_id)).state for copy_id in copies} == {CopyState.CERTIFIED}


async def test_dispatchers_side_by_side_sign_each_copy_once(scene: Scene, settings: Settings):
    copies = [await scene.approved() for _ in range(12)]
    other = build(settings, signer=scene.signer)
    [signing] = [sweep for sweep in other._sweeps if sweep.name == "sign copies"]
    scene.signer.seconds = 0.02
    await asyncio.gather(scene.sign(), signing.run(), scene.sign())
    await other.database.close()
    assert len(scene.signer.signed) == len(copies)
    assert await scene.attempts() == ["finished"] * len(copies)


async def test_no_transaction_spans_a_signature(scene: Scene):
    await scene.approved()
    scene.signer.gate = asyncio.Event()
    signing = asyncio.create_task(scene.sign())
    await until_signing(scene.signer)
    idle = await scene.rows(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND state LIKE 'idle in transaction%'"
    )
    assert idle == [(0,)]
    scene.signer.gate.set()
    await signing


async def until_signing(signer: FakeSigner) -> None:
    async with asyncio.timeout(5):
        while not signer.at_once:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)


async def test_nothing_is_begun_after_the_time_of_a_run_so_that_a_stop_is_near(
    scene: Scene, settings: Settings
):
    copies = [await scene.approved() for _ in range(6)]
    scene.signer.seconds = 0.3
    runs_again: list[bool] = []
    dispatcher = Dispatcher(
        Tools(scene.signer, scene.files, settings.office(), scene.sealing),
        transactions=scene.service.transaction,
        more=lambda: runs_again.append(True),
        pace=Pace(lanes=2, step_seconds=5, run_seconds=0.2),
    )
    await dispatcher.run()
    states = Counter([(await scene.copy(copy_id)).state for copy_id in copies])
    assert states == {CopyState.CERTIFIED: 2, CopyState.SIGNING: 4}
    assert runs_again == [True]


async def test_an_approval_wakes_the_dispatcher_after_the_commit(scene: Scene):
    [signing] = [sweep for sweep in scene.service._sweeps if sweep.name == "sign copies"]
    copy_id = await scene.ready()
    signing._woken.clear()
    await scene.approve(copy_id)
    assert signing._woken.is_set()


async def test_a_certificate_that_was_renewed_is_recorded_before_it_signs(scene: Scene):
    copy_id = await scene.approved()
    scene.signer.person = certificate("person's next")
    await scene.sign()
    copy = await scene.copy(copy_id)
    assert copy.state is CopyState.CERTIFIED
    assert copy.person_certificate == scene.signer.person.fingerprint
    async with scene.service.transaction() as work:
        known = await work.certificates.known([certificate("person").fingerprint])
        assert known
        assert await work.certificates.known([scene.signer.person.fingerprint])


async def test_a_copy_says_what_was_approved_whatever_the_settings_say_since(
    scene: Scene, settings: Settings
):
    copy_id = await scene.approved()
    changed = {"agency_name": "Văn phòng khác", "place": "Nơi khác", "signers": {}}
    dispatcher = Dispatcher(
        Tools(
            scene.signer, scene.files, settings.model_copy(update=changed).office(), scene.sealing
        ),
        transactions=scene.service.transaction,
        more=lambda: None,
        pace=Pace(lanes=1, step_seconds=5),
    )
    await dispatcher.run()
    [said] = scene.signer.prepared
    assert (said.agency_name, said.place) == ("Sở Tư pháp tỉnh Khánh Hòa", "Nha Trang")
    assert (said.signer_name, scene.signer.asked) == ("Trần Văn Minh", ["minh"])
    assert (await scene.copy(copy_id)).state is CopyState.CERTIFIED


@pytest.mark.parametrize("kept", ["clean_sha256", "prepared_sha256"])
async def test_a_file_that_is_not_the_recorded_one_is_not_signed(scene: Scene, kept: str):
    copy_id = await scene.approved()
    scene.signer.hindrances.append(Hindrance.TIME_STAMP_AWAY)  # until then it is prepared
    if kept == "prepared_sha256":
        await scene.sign()
    path = scene.files.path(getattr(await scene.copy(copy_id), kept))
    path.chmod(0o600)
    path.write_bytes(b"something else")
    scene.clock.pass_by(timedelta(minutes=5))
    await scene.sign()
    copy = await scene.copy(copy_id)
    assert (copy.state, copy.waits_for) == (CopyState.SIGNING, Hindrance.CANNOT_BE_MADE)
    assert scene.signer.signed == []


async def test_a_copy_in_hand_stays_in_hand_however_long_it_takes(scene: Scene, settings: Settings):
    copy_id = await scene.approved()
    scene.signer.gate = asyncio.Event()
    dispatcher = Dispatcher(
        Tools(scene.signer, scene.files, settings.office(), scene.sealing),
        transactions=scene.service.transaction,
        more=lambda: None,
        pace=Pace(lanes=1, step_seconds=5, lease=timedelta(seconds=0.5), beat_seconds=0.1),
    )
    signing = asyncio.create_task(dispatcher.run())
    await until_signing(scene.signer)
    for _ in range(5):
        await asyncio.sleep(0.3)
        await scene.sign()
    scene.signer.gate.set()
    await signing
    assert (await scene.copy(copy_id)).state is CopyState.CERTIFIED
    assert await scene.attempts() == ["finished"]


async def test_a_lease_that_cannot_be_held_on_to_is_counted(
    scene: Scene, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    async def go_away(*_: object) -> None:
        raise DatabaseAwayError

    def swallowed() -> float:
        labels = {"where": "hold a copy"}
        return REGISTRY.get_sample_value("motcua_swallowed_errors_total", labels) or 0

    before, copy_id = swallowed(), await scene.approved()
    scene.signer.gate = asyncio.Event()
    monkeypatch.setattr("certification.repository.Copies.hold", go_away)
    dispatcher = Dispatcher(
        Tools(scene.signer, scene.files, settings.office(), scene.sealing),
        transactions=scene.service.transaction,
        more=lambda: None,
        pace=Pace(lanes=1, step_seconds=20, beat_seconds=0.05),
    )
    signing = asyncio.create_task(dispatcher.run())
    async with asyncio.timeout(10):
        while swallowed() < before + 2:  # noqa: ASYNC110 - a counter tells nobody
            await asyncio.sleep(0.01)
    scene.signer.gate.set()
    await signing
    assert (await scene.copy(copy_id)).state is CopyState.CERTIFIED
