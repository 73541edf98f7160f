"""Processes know no more than they need, and others of the same user read nothing in them."""

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from textwrap import dedent

import psutil
import pytest

from certification.ports import Attestation
from certification.settings import Settings
from certification.signers import open_signer
from certification.signing import SigningProcesses
from certification.signing_jobs import Prepare, Station
from chassis.settings import load

from ..test_settings import ENVIRONMENT  # noqa: TID252 - of the tests of the whole service
from .provider import PASSPHRASE, children, run


@pytest.mark.parametrize(
    ("module", "known"),
    [("signing_worker", ["pkcs11", "pyhanko"]), ("preparing_worker", ["pikepdf"])],
)
def test_keys_and_parsers_are_not_in_one_process(module: str, known: list[str]):
    program = f"""
        import sys, certification.{module}
        print([name for name in ("pikepdf", "pkcs11", "pyhanko") if name in sys.modules])
    """
    said = run(sys.executable, "-I", "-c", dedent(program))
    assert said == f"{known}\n"


SECRETS = ("CERTIFICATION_KEYS_PASSPHRASE", "CERTIFICATION_ENCRYPTION_KEYS", "KAFKA_PASSWORD")


@pytest.fixture
def configured(station: Station, keys: Path, monkeypatch: pytest.MonkeyPatch) -> SigningProcesses:
    """As the service makes them, from the settings in its environment."""
    for name, told in ENVIRONMENT.items():
        monkeypatch.setenv(name, told)
    monkeypatch.setenv("CERTIFICATION_KEYS_FOLDER", str(keys))
    monkeypatch.setenv("CERTIFICATION_KEYS_PASSPHRASE", PASSPHRASE)
    monkeypatch.setenv("CERTIFICATION_TRUST_ROOTS", str(station.trust_roots))
    monkeypatch.setenv("SOFTHSM2_CONF", "of SoftHSM")
    monkeypatch.setenv("PKCS11_CKNFAST_DEBUG", "of another module")
    monkeypatch.setenv("SOMEBODYS_TOKEN", "secret")
    return open_signer(load(Settings))


async def test_secrets_are_in_no_argument_and_no_environment(
    configured: SigningProcesses, scan: Path, attestation: Attestation, tmp_path: Path
):
    async with configured as signer:
        await signer.certificates("dao")
        await signer.prepare(scan, tmp_path / "prepared.pdf", attestation)
        (signing,), (preparing,) = children(), children("preparing_worker")
        # Who may not trace them, as nobody may, sees nothing at all.
        with suppress(psutil.AccessDenied):
            environment = signing.environ()
            assert environment["SOFTHSM2_CONF"] == "of SoftHSM"
            assert environment["CKNFAST_DEBUG"] == "of another module"
            assert not {*SECRETS, "CERTIFICATION_DATABASE_URL", "SOMEBODYS_TOKEN"} & {*environment}
            assert PASSPHRASE not in environment.values()
            assert preparing.environ() == {}
        for process in (signing, preparing):
            assert PASSPHRASE not in " ".join(process.cmdline())


def without_rights(program: str, *arguments: object) -> list[str]:
    """A command that runs `program` without what a superuser may, which is to read everything."""
    drop = """
        import ctypes, os, sys
        pr_capbset_drop = 24
        for right in range(64):
            ctypes.CDLL(None).prctl(pr_capbset_drop, right, 0, 0, 0)
        os.execv(sys.executable, [sys.executable, "-c", *sys.argv[1:]])
    """
    return [sys.executable, "-c", dedent(drop), dedent(program), *map(str, arguments)]


def seen(process: psutil.Process | subprocess.Popen[str]) -> bool:
    """Whether another process of the same user reads what this one was started with; its memory is
    guarded by the same rule.
    """
    program = "import pathlib, sys; pathlib.Path(sys.argv[1]).read_bytes()"
    looking = without_rights(program, f"/proc/{process.pid}/environ")
    looked = subprocess.run(looking, capture_output=True, timeout=20, check=False)
    assert looked.returncode == 0 or b"Permission denied" in looked.stderr
    return looked.returncode == 0


@contextmanager
def running(program: str, *arguments: object) -> Generator[subprocess.Popen[str]]:
    """Once it says `ready`."""
    command, pipe = without_rights(program, *arguments), subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process


def test_nobody_reads_the_memory_of_the_processes(
    station: Station, scan: Path, attestation: Attestation, tmp_path: Path
):
    job = Prepare(clean=scan, target=tmp_path / "prepared.pdf", attestation=attestation)
    for name, told in (("station", station), ("job", job)):
        (tmp_path / f"{name}.json").write_text(told.model_dump_json())
    program = """
        import asyncio, sys
        from pathlib import Path
        from certification.signing import SigningProcesses
        from certification.signing_jobs import Prepare, Station

        async def main():
            folder = Path(sys.argv[1])
            station = Station.model_validate_json((folder / "station.json").read_text())
            job = Prepare.model_validate_json((folder / "job.json").read_text())
            async with SigningProcesses(station, processes=1, queue=1) as signer:
                await signer.certificates("dao")
                await signer.prepare(job.clean, job.target, job.attestation)
                print("ready", flush=True)
                await asyncio.to_thread(sys.stdin.read)

        asyncio.run(main())
    """
    with running(program, tmp_path) as service:
        assert seen(service)
        for process in (*children(), *children("preparing_worker")):
            assert not seen(process)
            assert process.rlimit(psutil.RLIMIT_CORE) == (0, 0)


def test_nobody_reads_the_memory_of_the_service():
    """The jobs that read strangers' files are children of it."""
    program = """
        import sys, certification.__main__ as service
        service.main = lambda *_, **__: (print("ready", flush=True), sys.stdin.read())
        service.run()
    """
    with running(program) as service:
        assert not seen(service)
