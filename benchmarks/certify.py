"""Certifying copies against bare pyHanko: `python benchmarks/certify.py [--copies N] [--pages N]`.

All rows sign the same prepared copy with the same RSA keys, the same appearances and, unless they
say otherwise, to the same level, B-LTA, at the same trust simulator, which is a process of its own.

- manual: pyHanko as its documentation shows it, with its signer for key files
- expert: pyHanko with keys that stay loaded, connections that stay open, one archive time-stamp
- ours: the same two signatures, and what makes them safe to publish: both certificates checked
  before anything is signed, the file read back and judged by its own content, fsync and rename
- of it: read back: that judging alone
- service: ours as the service does it, in other processes, with preparing the copy

Rows take turns, so that a busy machine slows all of them. CPU is that of the signing process alone;
copies per second and core are its reciprocal.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path

import aiohttp
import httpx2
import pikepdf
import psutil
from PIL import Image
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers import Signer, SimpleSigner
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.timestamps.aiohttp_client import HTTPTimeStamper
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.fetchers.aiohttp_fetchers import AIOHttpFetcherBackend

from certification.appearance import Handwriting, Look, Seal
from certification.key_files import KeyFiles
from certification.keys import KeySigner
from certification.levels import require_level
from certification.pades import Pades, Terms
from certification.ports import Attestation
from certification.preparing import prepare
from certification.signing import SigningProcesses
from certification.signing_jobs import Station
from certification.trust import MOST_DIFFERENCE, Trust
from motcua_contracts.types import SignatureLevel
from simulators.running import RunningSimulator

AGENCY, PASSPHRASE = "Sở Tư pháp tỉnh Hưng Yên", "benchmark"
LEVEL = SignatureLevel.B_LTA
LOOKS: tuple[Look, Look] = (Handwriting(name="Nguyễn Thị Bích Đào"), Seal(agency=AGENCY))

CpuSeconds = Callable[[], float]


@dataclass(frozen=True)
class Bench:
    """What all rows share."""

    folder: Path
    tsa_url: str
    prepared: Path
    scan: Path
    attestation: Attestation

    @property
    def trust(self) -> Trust:
        return Trust.read(self.folder / "roots.pem")

    def target(self) -> Path:
        return self.folder / "signed.pdf"


@dataclass
class Row:
    name: str
    copy: Callable[[], Awaitable[object]]
    cpu_seconds: CpuSeconds = time.process_time
    wall: list[float] = field(default_factory=list[float])
    cpu: list[float] = field(default_factory=list[float])

    async def run(self) -> None:
        wall, cpu = time.perf_counter(), self.cpu_seconds()
        await self.copy()
        self.wall.append(time.perf_counter() - wall)
        self.cpu.append(self.cpu_seconds() - cpu)


class BarePyHanko:
    """Two signatures in memory, then a file."""

    def __init__(
        self, bench: Bench, signers: tuple[Signer, Signer], session: aiohttp.ClientSession
    ) -> None:
        self._bench = bench
        self._signers = signers
        self._session = session
        self._tsa = HTTPTimeStamper(bench.tsa_url, session=session)

    async def copy(self, *, archive_both: bool = False) -> None:
        content = BytesIO(self._bench.prepared.read_bytes())
        context = ValidationContext(
            trust_roots=list(self._bench.trust.roots),
            allow_fetching=True,
            revocation_mode="require",
            # Its default of a second is too little for a busy machine: answers are "too recent".
            time_tolerance=MOST_DIFFERENCE,
            fetcher_backend=AIOHttpFetcherBackend(self._session),
        )
        for place, name in enumerate(("person", "seal")):
            metadata = PdfSignatureMetadata(
                field_name=name,
                md_algorithm="sha256",
                subfilter=SigSeedSubFilter.PADES,
                certify=name == "person",
                docmdp_permissions=MDPPerm.FILL_FORMS if name == "person" else MDPPerm.NO_CHANGES,
                validation_context=context,
                embed_validation_info=True,
                use_pades_lta=archive_both or name == "seal",
            )
            signer = PdfSigner(
                metadata,
                self._signers[place],
                timestamper=self._tsa,
                stamp_style=LOOKS[place],
            )
            await signer.async_sign_pdf(
                IncrementalPdfFileWriter(content), existing_fields_only=True, in_place=True
            )
        self._bench.target().write_bytes(content.getvalue())


@asynccontextmanager
async def rows(bench: Bench) -> AsyncGenerator[list[Row]]:
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        files = KeyFiles(bench.folder, PASSPHRASE)
        loaded = KeySigner(files.key("dao")), KeySigner(files.key("seal"))
        manual = BarePyHanko(bench, (simple(bench, "dao"), simple(bench, "seal")), session)
        expert = BarePyHanko(bench, loaded, session)
        pades = await stack.enter_async_context(
            Pades(files, terms(bench), lambda: datetime.now(UTC))
        )
        service = await stack.enter_async_context(
            SigningProcesses(station(bench), processes=1, queue=1)
        )

        told = await service.certificates("dao")
        hand, seal = (certificate.fingerprint for certificate in told)

        async def serve() -> None:
            await service.prepare(bench.scan, bench.prepared, bench.attestation)
            await service.sign(bench.prepared, bench.target(), person="dao", certificates=told)

        async def sign() -> None:
            await pades.sign(bench.prepared, bench.target(), "dao", recorded=(hand, seal))

        async def read_back() -> None:
            signers = [key.certificate for key in pades.keys("dao")]
            content = BytesIO(bench.target().read_bytes())
            await require_level(content, LEVEL, signers=signers, trust=bench.trust)

        yield [
            Row("manual", lambda: manual.copy(archive_both=True)),
            Row("expert", expert.copy),
            Row("ours", sign),
            Row("of it: read back", read_back),
            Row("service", serve, cpu_of_children),
        ]


def simple(bench: Bench, label: str) -> Signer:
    signer = SimpleSigner.load_pkcs12(bench.folder / f"{label}.p12", passphrase=PASSPHRASE.encode())
    if signer is None:
        sys.exit(f"{label}.p12 cannot be read")
    return signer


def terms(bench: Bench) -> Terms:
    return Terms(
        level=LEVEL, tsa_url=bench.tsa_url, trust=bench.trust, seal_key="seal", agency=AGENCY
    )


def station(bench: Bench) -> Station:
    return Station(
        kind="files",
        place=bench.folder,
        secret=PASSPHRASE,
        seal_key="seal",
        agency=AGENCY,
        level=LEVEL,
        tsa_url=bench.tsa_url,
        trust_roots=bench.folder / "roots.pem",
    )


def cpu_of_children() -> float:
    """Of the processes that prepare and sign."""
    times = [
        child.cpu_times()
        for child in psutil.Process().children()
        if any(part.startswith("certification.") for part in child.cmdline())
    ]
    return sum(spent.user + spent.system for spent in times)


def set_up(simulator: RunningSimulator, folder: Path, pages: int) -> Bench:
    with httpx2.Client(base_url=simulator.url, timeout=30) as http:
        for label, kind, name in (("dao", "person", "Đào"), ("seal", "agency", AGENCY)):
            wish = {"label": label, "kind": kind, "name": name, "organisation": AGENCY}
            made = http.post("/_identities", json=wish | {"passphrase": PASSPHRASE})
            (folder / f"{label}.p12").write_bytes(made.raise_for_status().content)
        roots = http.get("/trust-roots.pem").raise_for_status().content
        (folder / "roots.pem").write_bytes(roots)
    scan, prepared = folder / "scan.pdf", folder / "prepared.pdf"
    draw_scan(scan, pages)
    attestation = Attestation(
        template="ban-sao-dien-tu/1",
        number=1,
        book="SCT-BS",
        year=2026,
        certified_on=date(2026, 11, 25),
        agency_name=AGENCY,
        place="Hưng Yên",
        signer_name="Nguyễn Thị Bích Đào",
        signer_title="Phó Giám đốc",
        check_url="https://chung-thuc.hungyen.test/c/k7qm29txab3d",
        check_code="K7QM29TX",
    )
    prepare(scan, prepared, attestation)
    return Bench(folder, f"{simulator.url}/tsa", prepared, scan, attestation)


def draw_scan(path: Path, pages: int) -> None:
    """Pages of noise at 200 dpi: about a megabyte each, as coloured scans have."""
    with pikepdf.Pdf.new() as pdf:
        for _ in range(pages):
            picture = Image.effect_noise((1654, 2339), 60).convert("RGB")
            jpeg = BytesIO()
            picture.save(jpeg, "JPEG", quality=60)
            image = pdf.make_stream(jpeg.getvalue())
            image.Type, image.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
            image.Width, image.Height, image.BitsPerComponent = 1654, 2339, 8
            image.ColorSpace, image.Filter = pikepdf.Name.DeviceRGB, pikepdf.Name.DCTDecode
            page = pdf.add_blank_page(page_size=(595, 842))
            page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Scan=image))
            page.Contents = pdf.make_stream(b"q 595 0 0 842 0 0 cm /Scan Do Q")
        pdf.save(path)


async def measure(bench: Bench, copies: int) -> list[Row]:
    async with rows(bench) as measured:
        for _ in range(2):  # connections, imports, samples of time-stamps
            for row in measured:
                await row.copy()
        for _ in range(copies):
            for row in measured:
                await row.run()
        return measured


def show(rows: list[Row], bench: Bench) -> None:
    size = bench.scan.stat().st_size / 1024 / 1024
    print(f"{len(rows[0].wall)} copies each, scan of {size:.1f} MB, {LEVEL}; medians")
    print("| row | ms per copy | of it CPU | ms per signature | copies/s per core | to expert |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    cpu = {row.name: statistics.median(row.cpu) for row in rows}
    for row in rows:
        wall = statistics.median(row.wall) * 1000
        print(
            f"| {row.name} | {wall:.0f} | {cpu[row.name] * 1000:.0f} | {wall / 2:.0f} "
            f"| {1 / cpu[row.name]:.1f} | {cpu['expert'] / cpu[row.name]:.2f} |"
        )


def main() -> None:
    options = argparse.ArgumentParser(description="Certifying copies against bare pyHanko.")
    options.add_argument("--copies", type=int, default=20)
    options.add_argument("--pages", type=int, default=3)
    wanted = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with RunningSimulator("trust", "--state-folder", str(folder / "trust")) as simulator:
            bench = set_up(simulator, folder, wanted.pages)
            show(asyncio.run(measure(bench, wanted.copies)), bench)


if __name__ == "__main__":
    main()
