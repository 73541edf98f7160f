"""A trust-service provider in a process of its own, keys that it certified, and a scan."""

import os
import shutil
from collections.abc import AsyncGenerator, Callable, Generator
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path

import pikepdf
import psutil
import pytest

from certification.key_files import KeyFiles
from certification.pades import Pades, Terms
from certification.ports import Attestation
from certification.preparing import prepare
from certification.signing import SigningProcesses
from certification.signing_jobs import Station
from certification.trust import Trust
from motcua_contracts.types import SignatureLevel

from .hands import sign_as
from .provider import AGENCY, OTHERS, PASSPHRASE, Provider

CHECK_URL = "https://chung-thuc.hungyen.test/c/k7qm29txab3d"


@pytest.fixture(autouse=True)
def _others_are_not_counted() -> None:  # pyright: ignore[reportUnusedFunction] - pytest's
    OTHERS.clear()
    OTHERS.update(process.pid for process in psutil.Process().children(recursive=True))


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Generator[Provider]:
    with Provider.running(tmp_path_factory.mktemp("trust")) as provider:
        yield provider


@pytest.fixture(autouse=True)
def _well_behaved(provider: Provider) -> Generator[None]:
    yield
    provider.behave()


@pytest.fixture(scope="session")
def keys(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the keys `dao` and `seal`, and the root."""
    folder = tmp_path_factory.mktemp("keys")
    provider.enrol(folder, "dao", "Nguyễn Thị Bích Đào")
    provider.enrol(folder, "seal", AGENCY, kind="agency")
    (folder / "roots.pem").write_bytes(provider.roots)
    return folder


@pytest.fixture(scope="session")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pages, as they are when they were rewritten."""
    path = tmp_path_factory.mktemp("scan") / "clean.pdf"
    with pikepdf.Pdf.new() as paper:
        for shade in ("0.9", "0.8"):
            page = paper.add_blank_page(page_size=(595, 842))
            page.Contents = paper.make_stream(f"{shade} g 0 0 595 842 re f".encode())
        paper.save(path)
    return path


@pytest.fixture(scope="session")
def attestation() -> Attestation:
    return Attestation(
        template="ban-sao-dien-tu/1",
        number=15,
        book="SCT-BS",
        year=2026,
        certified_on=date(2026, 2, 5),
        agency_name=AGENCY,
        place="Hưng Yên",
        signer_name="Nguyễn Thị Bích Đào",
        signer_title="Phó Giám đốc",
        check_url=CHECK_URL,
        check_code="K7QM29TX",
    )


@pytest.fixture(scope="session")
def prepared(scan: Path, attestation: Attestation) -> Path:
    path = scan.with_name("prepared.pdf")
    prepare(scan, path, attestation)
    return path


@pytest.fixture
def terms(provider: Provider, keys: Path) -> Terms:
    return Terms(
        level=SignatureLevel.B_LTA,
        tsa_url=provider.tsa_url,
        trust=Trust.read(keys / "roots.pem"),
        seal_key="seal",
        agency=AGENCY,
        request_seconds=2,
    )


@pytest.fixture
async def pades(terms: Terms, keys: Path) -> AsyncGenerator[Pades]:
    async with Pades(KeyFiles(keys, PASSPHRASE), terms, lambda: datetime.now(UTC)) as pades:
        yield pades


@pytest.fixture
def station(provider: Provider, keys: Path) -> Station:
    return Station(
        kind="files",
        place=keys,
        secret=PASSPHRASE,
        seal_key="seal",
        agency=AGENCY,
        level=SignatureLevel.B_LTA,
        tsa_url=provider.tsa_url,
        trust_roots=keys / "roots.pem",
        request_seconds=10,
    )


@pytest.fixture
async def signer(station: Station) -> AsyncGenerator[SigningProcesses]:
    async with SigningProcesses(station, processes=1, queue=2) as signer:
        yield signer


@pytest.fixture
async def signed(pades: Pades, prepared: Path, tmp_path: Path) -> Path:
    path = tmp_path / "signed.pdf"
    await sign_as("dao", pades, prepared, path)
    return path


@pytest.fixture
def content(signed: Path) -> BytesIO:
    """The signed copy in memory, to be changed at will."""
    return BytesIO(signed.read_bytes())


@pytest.fixture(scope="session")
def program() -> Callable[[str], str]:
    """The path of a program that no Python package brings. Where `MOTCUA_TOOLS` says that all are
    there, as in CI, a missing one fails the test; elsewhere it is skipped, with how to get it.
    """

    def find(name: str) -> str:
        path = shutil.which(name)
        if path:
            return path
        missing = f"{name} is not installed: make tools, as root, installs it"
        if os.environ.get("MOTCUA_TOOLS") == "required":
            pytest.fail(missing)
        pytest.skip(missing)

    return find
