"""The whole service with real keys, signing processes and a trust-service provider."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from datetime import timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any

import httpx2
import psutil
import pytest

from certification.app import build
from certification.domain import CopyState, EntryState
from certification.ports import Hindrance
from certification.settings import KeySettings, Settings
from certification.subscribers import SUBSCRIPTIONS
from certification.work import CertificationWork, Signatory
from chassis import access
from chassis.clock import utc_now
from chassis.consumer import Consumer
from chassis.testing.access import Issuer

from .fake_signer import FakeSigner
from .samples import SIGNER
from .scene import Scene, StoppedClock, files_of
from .signing.provider import AGENCY, PASSPHRASE, Provider


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Generator[Provider]:
    with Provider.running(tmp_path_factory.mktemp("trust")) as provider:
        yield provider


@pytest.fixture
def settings(settings: Settings, provider: Provider, tmp_path: Path) -> Settings:
    provider.behave()
    folder = tmp_path / "keys"
    folder.mkdir()
    label = f"minh-{token_hex(4)}"  # of each test its own, so that one can be revoked
    provider.enrol(folder, label, "Trần Văn Minh")
    provider.enrol(folder, "seal", AGENCY, kind="agency")
    (folder / "roots.pem").write_bytes(provider.roots)
    changes: dict[str, Any] = {
        "keys": KeySettings.model_validate({"folder": folder, "passphrase": PASSPHRASE}),
        "trust_roots": folder / "roots.pem",
        "tsa_url": provider.tsa_url,
        "signers": {SIGNER: Signatory(label, "Trần Văn Minh", "Phó Giám đốc Sở")},
        "signing_seconds": 20,
    }
    return settings.model_copy(update=changes)


@pytest.fixture
async def scene(settings: Settings) -> AsyncGenerator[Scene]:
    clock, issuer = StoppedClock(), Issuer(settings.oidc)
    clock.now = utc_now()
    service = build(settings, clock=clock)
    access.install(service.http, issuer.tokens())
    consumer = Consumer[CertificationWork](
        "certification.dossiers", SUBSCRIPTIONS[0], transaction=service.transaction, clock=clock
    )
    transport = httpx2.ASGITransport(service.http)
    async with httpx2.AsyncClient(transport=transport, base_url="http://certification") as http:
        files = files_of(settings)
        yield Scene(service, consumer, http, FakeSigner(), clock, issuer, files)
    for close in (*service._closers, service.database.close):
        await close()


async def brought(scene: Scene) -> str:
    """A copy of a real scan that is to be signed; gives back its id."""
    answer = await scene.bring(await scene.open())
    copy_id = answer.json()["copyId"]
    await scene.make_ready(copy_id)
    approved = await scene.approve(copy_id)
    assert approved.status_code == 202, approved.text
    return copy_id


async def verdict(scene: Scene, copy_id: str) -> dict[str, Any]:
    """What the public check says of the copy's file."""
    file = (await scene.get(f"/v1/copies/{copy_id}/file")).content
    headers = {"Content-Type": "application/pdf"}
    return (await scene.http.post("/v1/checks", content=file, headers=headers)).json()


async def test_a_copy_is_signed_twice_and_the_public_check_says_valid(scene: Scene):
    copy_id = await brought(scene)
    await scene.sign()
    copy = await scene.copy(copy_id)
    assert (copy.state, copy.level, copy.waits_for) == (CopyState.CERTIFIED, "B-LTA", None)
    assert (await verdict(scene, copy_id))["verdict"] == "valid"
    await scene.decide(copy_id, "revocation")
    assert (await verdict(scene, copy_id))["verdict"] == "revoked"


async def test_without_time_stamps_nothing_is_published_until_they_are_back(
    scene: Scene, provider: Provider
):
    copy_id = await brought(scene)
    dossier = (await scene.copy(copy_id)).dossier_id
    provider.misbehave({"kind": "down", "target": "tsa", "times": 1000})
    for _ in range(3):
        await scene.sign()
        copy = await scene.copy(copy_id)
        assert (copy.state, copy.waits_for) == (CopyState.SIGNING, Hindrance.TIME_STAMP_AWAY)
        scene.clock.pass_by(timedelta(minutes=1))
    assert await scene.announced(dossier) == ["copy-requested"]
    provider.behave()
    await scene.sign()
    assert (await scene.copy(copy_id)).state is CopyState.CERTIFIED
    assert (await verdict(scene, copy_id))["verdict"] == "valid"
    assert [entry.state for entry in await scene.entries()] == [EntryState.USED]
    assert await scene.attempts() == [*["hindered"] * 3, "finished"]


async def test_a_certificate_that_is_revoked_after_the_approval_signs_nothing(
    scene: Scene, provider: Provider, settings: Settings
):
    copy_id = await brought(scene)
    provider.revoke(settings.signers[SIGNER].key)
    await scene.sign()
    copy = await scene.copy(copy_id)
    assert (copy.state, copy.waits_for) == (CopyState.SIGNING, Hindrance.CERTIFICATE_REVOKED)


def kill_signing_process() -> None:
    """The one that this test started."""
    children = psutil.Process().children()
    [working] = [child for child in children if "certification.signing_worker" in child.cmdline()]
    working.kill()


async def test_a_signing_process_that_is_killed_leaves_one_copy(scene: Scene, provider: Provider):
    copy_id = await brought(scene)
    provider.misbehave({"kind": "delay", "target": "tsa", "seconds": 5})
    signing = asyncio.create_task(scene.sign())
    async with asyncio.timeout(20):
        while await scene.attempts() != ["started"]:  # noqa: ASYNC110 - it is in the database
            await asyncio.sleep(0.05)
    kill_signing_process()
    await signing
    copy = await scene.copy(copy_id)
    assert (copy.state, copy.lease) == (CopyState.SIGNING, None)
    scene.clock.pass_by(timedelta(minutes=1))
    provider.behave()
    await scene.sign()
    assert (await scene.copy(copy_id)).state is CopyState.CERTIFIED
    assert await scene.attempts() == ["orphaned", "finished"]
    assert (await verdict(scene, copy_id))["verdict"] == "valid"
