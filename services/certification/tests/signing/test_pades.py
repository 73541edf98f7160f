"""Two signatures: their order, what they allow, what they look like, and how long they hold."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import cast

import pikepdf
import pypdfium2
import pytest
from PIL import Image
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner

from certification.key_files import KeyFiles
from certification.keys import KeySigner
from certification.levels import require_level
from certification.pades import Pades, Terms
from certification.ports import Hindered, Hindrance
from documents.pdf_inspection import inspect_pdf
from motcua_contracts.types import SignatureLevel

from .archive import holds_for_years
from .hands import sign_as
from .provider import AGENCY, PASSPHRASE, Provider

B_T, B_LT, B_LTA = SignatureLevel.B_T, SignatureLevel.B_LT, SignatureLevel.B_LTA


def now() -> datetime:
    return datetime.now(UTC)


def seen(path: Path) -> tuple[str, Image.Image]:
    """Text and picture of the last page with its signatures."""
    pdf = pypdfium2.PdfDocument(path)
    pdf.init_forms()
    page = pdf[len(pdf) - 1]
    page.flatten()
    flat = pdf[len(pdf) - 1]
    picture = flat.render(scale=2).to_pil().convert("RGB")
    return " ".join(flat.get_textpage().get_text_range().split()), picture


def share(picture: Image.Image, like: Callable[[int, int, int], bool]) -> float:
    colours = cast("tuple[tuple[int, int, int], ...]", picture.get_flattened_data())
    hits = sum(like(*colour) for colour in colours)
    return hits / (picture.width * picture.height)


async def test_the_person_signs_first_and_the_seal_closes(
    pades: Pades, prepared: Path, tmp_path: Path
):
    began = now()
    copy = await sign_as("dao", pades, prepared, tmp_path / "signed.pdf")
    reader = PdfFileReader(BytesIO((tmp_path / "signed.pdf").read_bytes()))
    person, seal = reader.embedded_regular_signatures
    assert (person.field_name, seal.field_name) == ("person", "seal")
    names = [one.signer_cert.subject.native["common_name"] for one in (person, seal)]
    assert names == ["Nguyễn Thị Bích Đào", AGENCY]
    allowed = [one.docmdp_level for one in (person, seal)]
    assert allowed == [MDPPerm.FILL_FORMS, MDPPerm.NO_CHANGES]
    assert copy.level is B_LTA
    assert abs(copy.signed_at - began) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("level", "stamps", "kept"), [(B_T, 0, False), (B_LT, 0, True), (B_LTA, 1, True)]
)
async def test_each_level_holds_what_it_promises(
    level: SignatureLevel,
    stamps: int,
    kept: bool,
    *,
    terms: Terms,
    keys: Path,
    prepared: Path,
    tmp_path: Path,
):
    async with Pades(KeyFiles(keys, PASSPHRASE), replace(terms, level=level), now) as pades:
        copy = await sign_as("dao", pades, prepared, tmp_path / "signed.pdf")
    reader = PdfFileReader(BytesIO((tmp_path / "signed.pdf").read_bytes()))
    assert copy.level is level
    assert len(reader.embedded_timestamp_signatures) == stamps
    assert ("/DSS" in reader.root) is kept


@pytest.mark.parametrize(("made", "wanted"), [(B_T, B_LT), (B_T, B_LTA), (B_LT, B_LTA)])
async def test_a_lower_level_is_not_taken_for_a_higher(
    made: SignatureLevel,
    wanted: SignatureLevel,
    *,
    terms: Terms,
    keys: Path,
    prepared: Path,
    tmp_path: Path,
):
    async with Pades(KeyFiles(keys, PASSPHRASE), replace(terms, level=made), now) as pades:
        await sign_as("dao", pades, prepared, tmp_path / "signed.pdf")
        signers = [key.certificate for key in pades.keys("dao")]
    content = BytesIO((tmp_path / "signed.pdf").read_bytes())
    with pytest.raises(Hindered) as caught:
        await require_level(content, wanted, signers=signers, trust=terms.trust)
    assert caught.value.hindrance is Hindrance.LEVEL_NOT_REACHED


async def test_signatures_by_others_are_not_ours(content: BytesIO, pades: Pades, terms: Terms):
    hand, seal = (key.certificate for key in pades.keys("dao"))
    for signers in ([seal, hand], [hand], [hand, seal, seal]):
        with pytest.raises(Hindered, match="not the signatures"):
            await require_level(content, B_LTA, signers=signers, trust=terms.trust)


async def test_nobody_can_sign_after_the_seal(content: BytesIO, pades: Pades, terms: Terms):
    key, _ = pades.keys("dao")
    signer = PdfSigner(
        PdfSignatureMetadata(field_name="third", md_algorithm="sha256"), KeySigner(key)
    )
    await signer.async_sign_pdf(IncrementalPdfFileWriter(content), in_place=True)
    signers = [key.certificate for key in pades.keys("dao")]
    with pytest.raises(Hindered):
        await require_level(content, B_LTA, signers=[*signers, signers[0]], trust=terms.trust)


@pytest.mark.parametrize("place", [0.05, 0.5, 0.9])
async def test_a_changed_byte_is_seen(content: BytesIO, pades: Pades, terms: Terms, place: float):
    changed = bytearray(content.getvalue())
    changed[int(len(changed) * place)] ^= 1
    signers = [key.certificate for key in pades.keys("dao")]
    with pytest.raises(Exception):  # noqa: B017, PT011 - or it cannot be read at all
        await require_level(BytesIO(changed), B_LTA, signers=signers, trust=terms.trust)


async def test_both_hold_years_after_their_certificates_ran_out(content: BytesIO, keys: Path):
    """Strictly by EN 319 102-1, with no network: from what the file carries alone."""
    held = await holds_for_years(content, keys / "roots.pem", years=3)
    assert held == {"person": AdESPassed.OK, "seal": AdESPassed.OK}


def test_the_prepared_copy_is_the_first_revision_byte_for_byte(signed: Path, prepared: Path):
    assert signed.read_bytes().startswith(prepared.read_bytes())
    assert signed.read_bytes().count(b"%%EOF") == 4


def test_little_is_added(signed: Path, prepared: Path):
    assert signed.stat().st_size - prepared.stat().st_size < 100_000


def test_a_certified_copy_can_be_filed_with_another_dossier(signed: Path):
    assert inspect_pdf(str(signed)) == {"verdict": "clean", "pages": 2}


def test_the_seal_says_the_agency_and_the_time_of_vietnam(signed: Path):
    text, _ = seen(signed)
    assert AGENCY in text
    told = re.search(r"\d\d-\d\d-\d{4} \d\d:\d\d:\d\d \+07:00", text)
    assert told is not None
    moment = datetime.strptime(told[0], "%d-%m-%Y %H:%M:%S %z")
    assert abs(moment - now()) < timedelta(minutes=1)


def test_a_drawn_seal_is_red_and_a_drawn_signature_blue(signed: Path, prepared: Path):
    _, before = seen(prepared)
    _, after = seen(signed)
    assert share(before, lambda r, g, b: r > 180 and g < 60 and b < 60) == 0
    assert share(after, lambda r, g, b: r > 180 and g < 60 and b < 60) > 0.002
    assert share(after, lambda r, g, b: b > 110 and r < 60 and g < 90) > 0.0003


async def test_images_of_the_agency_are_used(
    terms: Terms, keys: Path, prepared: Path, tmp_path: Path
):
    """With their transparency: what lies below a seal stays readable."""
    images = tmp_path / "images"
    images.mkdir()
    for label, colour in (("dao", (0, 160, 0, 255)), ("seal", (255, 0, 255, 255))):
        picture = Image.new("RGBA", (200, 200), (0, 0, 0, 0))
        picture.paste(colour, (80, 80, 120, 120))
        picture.save(images / f"{label}.png")
    told = replace(terms, appearances=images)
    async with Pades(KeyFiles(keys, PASSPHRASE), told, now) as pades:
        await sign_as("dao", pades, prepared, tmp_path / "signed.pdf")
    text, picture = seen(tmp_path / "signed.pdf")
    assert AGENCY in text
    assert share(picture, lambda r, g, b: g > 140 and r < 40 and b < 40) > 0.0002
    assert share(picture, lambda r, g, b: r > 230 and g < 40 and b > 230) > 0.0005
    assert share(picture, lambda r, g, b: max(r, g, b) < 20) < 0.05


async def test_connections_are_kept_from_copy_to_copy(
    provider: Provider, pades: Pades, prepared: Path, tmp_path: Path
):
    """And a time-stamping authority is asked for three times, not for samples."""
    await sign_as("dao", pades, prepared, tmp_path / "first.pdf")
    before = provider.made("stamped")
    await sign_as("dao", pades, prepared, tmp_path / "second.pdf")
    assert provider.made("stamped") - before == 3


async def test_no_file_is_left_when_the_disk_cannot_take_it(
    pades: Pades, prepared: Path, tmp_path: Path
):
    (tmp_path / "taken").mkdir()
    with pytest.raises(IsADirectoryError):
        await sign_as("dao", pades, prepared, tmp_path / "taken")
    assert not list(tmp_path.glob(".*"))  # noqa: ASYNC240 - a test waits for a disk


def test_pikepdf_reads_both_fields_as_signed(signed: Path):
    with pikepdf.open(signed) as pdf:
        fields = {str(field.T): field for field in pdf.Root.AcroForm.Fields}
        assert list(fields) == ["person", "seal", "time"]
        assert all("/V" in field for field in fields.values())
        assert int(pdf.Root.AcroForm.SigFlags) == 3
