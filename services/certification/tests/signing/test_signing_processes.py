"""Processes that prepare and sign: they know what they need, die alone, end with the service."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from prometheus_client import REGISTRY

from certification.ports import Attestation, Hindered, Hindrance
from certification.processes import Interrupted, QueueFull
from certification.signing import SigningProcesses
from certification.signing_jobs import Station
from chassis.errors import Transient
from motcua_contracts.types import SignatureLevel

from .hands import signed_by
from .provider import AGENCY, Provider, children
from .softhsm import PIN, TOKEN, SoftHsm


def slow(provider: Provider) -> None:
    """Signing takes until somebody dies."""
    provider.misbehave({"kind": "delay", "target": "tsa", "seconds": 8, "times": 100})


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what other processes do
            await asyncio.sleep(0.02)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def depth(process: str = "signing") -> float | None:
    labels = {"process": process}
    return REGISTRY.get_sample_value("motcua_certification_signing_queue", labels)


def deaths(process: str = "signing") -> float:
    name = "motcua_certification_signing_process_deaths_total"
    return REGISTRY.get_sample_value(name, {"process": process}) or 0


async def test_a_copy_is_prepared_and_signed(
    signer: SigningProcesses, scan: Path, attestation: Attestation, tmp_path: Path
):
    person, seal = await signer.certificates("dao")
    assert "Nguyễn Thị Bích Đào" in person.subject
    assert AGENCY in seal.subject
    prepared = tmp_path / "prepared.pdf"
    assert len(await signer.prepare(scan, prepared, attestation)) == 64
    copy = await signed_by("dao", signer, prepared, tmp_path / "signed.pdf")
    assert copy.level is SignatureLevel.B_LTA
    assert copy.signed_at.tzinfo is not None
    assert names(tmp_path) == ["prepared.pdf", "signed.pdf"]


async def test_no_certificate_signs_but_those_that_were_told(
    station: Station, provider: Provider, prepared: Path, keys: Path, *, tmp_path: Path
):
    """One that is renewed between telling and signing would not be the one that is recorded."""
    folder = tmp_path.with_name("keys that change")
    folder.mkdir()
    shutil.copy(keys / "seal.p12", folder)
    provider.enrol(folder, "thu", "Trần Thị Thu")
    provider.enrol(folder, "next", "Trần Thị Thu")
    told = station.model_copy(update={"place": folder})
    async with SigningProcesses(told, processes=1, queue=2) as signer:
        before = await signer.certificates("thu")
        (folder / "next.p12").rename(folder / "thu.p12")
        with pytest.raises(Hindered, match="renewed") as caught:
            await signer.sign(prepared, tmp_path / "signed.pdf", person="thu", certificates=before)
        assert caught.value.hindrance is Hindrance.KEY_AWAY
        assert names(tmp_path) == []
        after = await signer.certificates("thu")
        assert after[0].fingerprint != before[0].fingerprint
        await signed_by("thu", signer, prepared, tmp_path / "signed.pdf")


async def test_hindrances_come_through_as_they_are(
    station: Station, prepared: Path, tmp_path: Path
):
    wrong = station.model_copy(update={"secret": "guessed"})
    async with SigningProcesses(wrong, processes=1, queue=2) as signer:
        with pytest.raises(Hindered, match="passphrase") as caught:
            await signer.certificates("dao")
        assert caught.value.hindrance is Hindrance.WRONG_PIN
        with pytest.raises(Hindered) as caught:
            await signed_by("nobody", signer, prepared, tmp_path / "signed.pdf")
        assert caught.value.hindrance is Hindrance.KEY_AWAY


async def test_a_process_killed_in_the_middle_loses_its_copy_and_is_replaced(
    signer: SigningProcesses, provider: Provider, prepared: Path, tmp_path: Path
):
    first = asyncio.create_task(signed_by("dao", signer, prepared, tmp_path / "a.pdf"))
    slow(provider)
    await until(children)
    await until(provider.struck)
    second = asyncio.create_task(signed_by("dao", signer, prepared, tmp_path / "b.pdf"))
    await until(lambda: depth() == 1)
    before = deaths()
    children()[0].kill()
    with pytest.raises(Interrupted) as caught:
        await first
    assert isinstance(caught.value, Transient)
    provider.behave()
    assert (await second).level is SignatureLevel.B_LTA
    assert names(tmp_path) == ["b.pdf"]
    assert deaths() == before + 1


async def test_one_that_dies_takes_no_other_along(
    station: Station, provider: Provider, prepared: Path, tmp_path: Path
):
    async with SigningProcesses(station, processes=2, queue=2) as signer:
        await asyncio.gather(signer.certificates("dao"), signer.certificates("dao"))
        await until(lambda: len(children()) == 2)
        provider.misbehave({"kind": "delay", "target": "tsa", "seconds": 2, "times": 2})
        both = [
            asyncio.create_task(signed_by("dao", signer, prepared, tmp_path / f"{n}.pdf"))
            for n in range(2)
        ]
        await until(provider.struck)
        children()[0].kill()
        outcomes = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Interrupted", "SignedCopy"]


async def test_a_process_that_dies_while_idle_is_replaced(signer: SigningProcesses):
    await signer.certificates("dao")
    (process,) = children()
    process.kill()
    await until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)
    with pytest.raises(Interrupted):
        await signer.certificates("dao")
    await signer.certificates("dao")


async def test_the_queue_is_bounded_and_shows_its_depth(
    signer: SigningProcesses, provider: Provider, prepared: Path, tmp_path: Path
):
    slow(provider)
    jobs = [
        asyncio.create_task(signed_by("dao", signer, prepared, tmp_path / f"{n}.pdf"))
        for n in range(3)
    ]
    await until(lambda: depth() == 2)
    with pytest.raises(QueueFull) as caught:
        await signed_by("dao", signer, prepared, tmp_path / "more.pdf")
    assert isinstance(caught.value, Transient)
    for job in jobs:
        job.cancel()
    await asyncio.gather(*jobs, return_exceptions=True)
    assert depth() == 0


async def test_preparing_does_not_wait_for_signing(
    signer: SigningProcesses,
    provider: Provider,
    prepared: Path,
    *,
    scan: Path,
    attestation: Attestation,
    tmp_path: Path,
):
    slow(provider)
    job = asyncio.create_task(signed_by("dao", signer, prepared, tmp_path / "signed.pdf"))
    await until(provider.struck)
    await signer.prepare(scan, tmp_path / "prepared.pdf", attestation)
    assert not job.done()
    job.cancel()
    await asyncio.gather(job, return_exceptions=True)


async def test_who_gives_a_job_up_ends_the_process_that_has_it(
    signer: SigningProcesses, provider: Provider, prepared: Path, tmp_path: Path
):
    slow(provider)
    job = asyncio.create_task(signed_by("dao", signer, prepared, tmp_path / "signed.pdf"))
    await until(provider.struck)
    job.cancel()
    await asyncio.gather(job, return_exceptions=True)
    assert children() == []
    provider.behave()
    await signed_by("dao", signer, prepared, tmp_path / "signed.pdf")


async def test_one_that_starts_slowly_is_waited_for_and_not_begun_anew(signer: SigningProcesses):
    """Else none would ever come on a machine on which starting takes longer than patience."""
    job = asyncio.create_task(signer.certificates("dao"))
    await until(children)
    (process,) = children()
    process.suspend()
    job.cancel()
    await asyncio.gather(job, return_exceptions=True)
    assert children() == [process]
    process.resume()
    await signer.certificates("dao")
    assert children() == [process]


async def test_one_that_dies_while_it_starts_is_replaced(signer: SigningProcesses):
    job = asyncio.create_task(signer.certificates("dao"))
    await until(children)
    children()[0].kill()
    with pytest.raises(Interrupted):
        await job
    await signer.certificates("dao")


async def test_a_paper_that_cannot_be_prepared_is_a_bug_and_no_hindrance(
    signer: SigningProcesses, attestation: Attestation, tmp_path: Path
):
    (tmp_path / "no.pdf").write_bytes(b"no")
    with pytest.raises(RuntimeError, match="PdfError"):
        await signer.prepare(tmp_path / "no.pdf", tmp_path / "prepared.pdf", attestation)
    unknown = replace(attestation, template="x/1")
    with pytest.raises(RuntimeError, match="UnknownTemplate"):
        await signer.prepare(tmp_path / "no.pdf", tmp_path / "prepared.pdf", unknown)


async def test_signals_to_the_group_do_not_break_a_signature_off(
    signer: SigningProcesses, provider: Provider, prepared: Path, tmp_path: Path
):
    provider.misbehave({"kind": "delay", "target": "tsa", "seconds": 1, "times": 1})
    job = asyncio.create_task(signed_by("dao", signer, prepared, tmp_path / "signed.pdf"))
    await until(provider.struck)
    (process,) = children()
    assert os.getpgid(process.pid) != os.getpgid(0)
    for number in (signal.SIGINT, signal.SIGTERM):
        process.send_signal(number)
    assert (await job).level is SignatureLevel.B_LTA


def test_they_end_with_a_service_that_is_killed(station: Station, tmp_path: Path):
    """kill -9 leaves no process with keys behind."""
    (tmp_path / "station.json").write_text(station.model_dump_json())
    program = """
        import asyncio, sys
        from pathlib import Path
        from certification.signing import SigningProcesses
        from certification.signing_jobs import Station

        async def main():
            station = Station.model_validate_json(Path(sys.argv[1]).read_text())
            signer = SigningProcesses(station, processes=1, queue=1)
            await signer.certificates("dao")
            print("ready", flush=True)
            await asyncio.sleep(60)

        asyncio.run(main())
    """
    service = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), tmp_path / "station.json"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert service.stdout is not None
    assert service.stdout.readline() == "ready\n"
    (worker,) = children()
    service.kill()
    service.communicate()
    ends = time.monotonic() + 10
    while worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < ends
        time.sleep(0.02)


@pytest.fixture
def hsm(program: Callable[[str], str], keys: Path, tmp_path: Path) -> Generator[SoftHsm]:
    folder = tmp_path / "hsm"
    folder.mkdir()
    with SoftHsm.made(program("softhsm2-util"), folder) as hsm:
        hsm.load(keys / "dao.p12")
        hsm.load(keys / "seal.p12")
        yield hsm


def on_token(station: Station, hsm: SoftHsm, pin: str) -> Station:
    told = {"kind": "pkcs11", "place": Path(hsm.module), "token": TOKEN, "secret": pin}
    return station.model_copy(update=told)


async def test_a_token_signs_in_several_processes_at_once(
    station: Station, hsm: SoftHsm, prepared: Path, tmp_path: Path
):
    async with SigningProcesses(on_token(station, hsm, PIN), processes=2, queue=4) as signer:
        targets = [tmp_path / f"{n}.pdf" for n in range(4)]
        jobs = (signed_by("dao", signer, prepared, target) for target in targets)
        copies = await asyncio.gather(*jobs)
        assert len({copy.sha256 for copy in copies}) == 4
        assert len(children()) == 2


async def test_a_wrong_pin_is_tried_once_however_many_copies_and_processes_there_are(
    station: Station, hsm: SoftHsm
):
    """Also by new processes: the service remembers, since a token would lock itself."""
    async with SigningProcesses(on_token(station, hsm, "111111"), processes=3, queue=8) as signer:
        jobs = (signer.certificates("dao") for _ in range(6))
        outcomes = await asyncio.gather(*jobs, return_exceptions=True)
        assert [getattr(one, "hindrance", None) for one in outcomes] == [Hindrance.WRONG_PIN] * 6
        assert len(children()) == 1
        children()[0].kill()
        with pytest.raises(Hindered, match="not tried again"):
            await signer.certificates("dao")
        assert len(children()) <= 1
