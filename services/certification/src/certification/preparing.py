"""The prepared copy: every page of the scan, and below the last one a band with the attestation and
two empty signature fields. The last page grows downwards, so nothing of it is covered.

The same file and words give the same bytes: what was prepared before a crash is prepared again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name, String

from certification.attestation import Wording, wording
from certification.band import NARROWEST, WIDEST, Band, draw_band
from certification.drawing import FONTS, Point
from certification.embedding import embed
from certification.measures import PERSON_FIELD, PERSON_SIZE, SEAL_FIELD, SEAL_SIZE
from certification.ports import Attestation
from certification.writing import write_durably

LINK_KEY = "/CheckUrl"
"""Where the document's properties hold the public link; XMP has it as `dc:identifier`."""

_A3_AND_MORE = 1250.0
"""A wider page has a size that nobody meant, such as a photo with one pixel for each point."""


def prepare(clean: Path, target: Path, attestation: Attestation) -> str:
    """Write the prepared copy of `clean` to `target`; gives back its SHA-256."""
    words = wording(attestation)
    with pikepdf.open(clean) as pdf:
        _describe(pdf, words, attestation.check_url)
        _extend(pdf, words, attestation.check_url)
        content = BytesIO()
        pdf.save(
            content,
            deterministic_id=True,
            min_version="1.7",
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
        )
    return write_durably(target, content.getvalue())


def _describe(pdf: pikepdf.Pdf, words: Wording, check_url: str) -> None:
    """Nothing of what the scan said about itself, and the link by which an altered file is told."""
    for source, key in ((pdf.trailer, "/Info"), (pdf.Root, "/Metadata")):
        if key in source:
            del source[key]
    pdf.docinfo[LINK_KEY] = check_url
    with pdf.open_metadata(set_pikepdf_as_editor=False) as metadata:
        metadata["dc:title"] = words.title
        metadata["dc:identifier"] = check_url
        metadata["dc:language"] = {"vi"}


@dataclass(frozen=True)
class _Sheet:
    """The last page with its band: where the scan lies, and how large the band is drawn."""

    scan: pikepdf.Rectangle
    """As a reader shows it, turned and in its unit."""
    band: Band
    scale: float

    @property
    def width(self) -> float:
        return max(self.scan.width, NARROWEST * self.scale)

    @property
    def rise(self) -> float:
        return self.band.height * self.scale

    @property
    def indent(self) -> float:
        return max(self.width - WIDEST * self.scale, 0) / 2

    @property
    def media_box(self) -> Array:
        return _array(0, 0, self.width, self.rise + self.scan.height)

    @property
    def content(self) -> bytes:
        right = (self.width - self.scan.width) / 2 - self.scan.llx
        return b"q 1 0 0 1 %s cm /Scan Do Q\nq %s cm\n%s\nQ" % (
            _numbers(right, self.rise - self.scan.lly),
            _numbers(self.scale, 0, 0, self.scale, self.indent, 0),
            self.band.content,
        )

    def rectangle(self, corner: Point, size: tuple[float, float]) -> Array:
        x, y = self.indent + corner.x * self.scale, corner.y * self.scale
        return _array(x, y, x + size[0] * self.scale, y + size[1] * self.scale)


def _extend(pdf: pikepdf.Pdf, words: Wording, check_url: str) -> None:
    form = pdf.make_indirect(pdf.pages[-1].as_form_xobject())
    sheet = _lay_out(_shown(form), words, check_url)
    fonts = Dictionary({f"/{name}": embed(face(), pdf) for name, face in FONTS.items()})
    new = Dictionary(
        Type=Name.Page,
        MediaBox=sheet.media_box,
        Resources=Dictionary(XObject=Dictionary(Scan=form), Font=fonts),
        Contents=pdf.make_stream(sheet.content),
    )
    # The form reads what it shows from the old page when the file is written.
    pdf.pages[-1] = pikepdf.Page(pdf.make_indirect(new))
    page = pdf.pages[-1].obj
    fields = [pdf.make_indirect(field) for field in _fields(page, sheet)]
    page.Annots = Array(fields)
    pdf.Root.AcroForm = pdf.make_indirect(
        Dictionary(Fields=Array(fields), SigFlags=1, DR=Dictionary(Font=fonts))
    )


def _lay_out(scan: pikepdf.Rectangle, words: Wording, check_url: str) -> _Sheet:
    scale = scan.width / WIDEST if scan.width > _A3_AND_MORE else 1
    width = min(max(scan.width / scale, NARROWEST), WIDEST)
    return _Sheet(scan, draw_band(words, check_url, width), scale)


def _shown(form: pikepdf.Object) -> pikepdf.Rectangle:
    """Where a page that became a form lands: its rotation and its unit are in its matrix."""
    matrix = pikepdf.Matrix(form.Matrix) if "/Matrix" in form else pikepdf.Matrix()
    return matrix.transform(pikepdf.Rectangle(Array(form.BBox)))


def _fields(page: pikepdf.Object, sheet: _Sheet) -> Sequence[Dictionary]:
    """In the order of signing."""
    person = _field(PERSON_FIELD, "Chữ ký số của người thực hiện chứng thực")
    person.Rect = sheet.rectangle(sheet.band.person, PERSON_SIZE)
    seal = _field(SEAL_FIELD, "Chữ ký số của cơ quan, tổ chức")
    seal.Rect = sheet.rectangle(sheet.band.seal, SEAL_SIZE)
    # Once the seal is on it, nothing may change any more (ISO 32000-2, 12.7.5.5).
    seal.Lock = Dictionary(Type=Name.SigFieldLock, Action=Name.All, P=1)
    person.P = seal.P = page
    return person, seal


def _field(name: str, shown: str) -> Dictionary:
    printed_and_locked = 4 | 128
    return Dictionary(
        Type=Name.Annot,
        Subtype=Name.Widget,
        FT=Name.Sig,
        T=String(name),
        TU=String(shown),
        F=printed_and_locked,
    )


def _array(*numbers: float) -> Array:
    return Array([round(number, 3) for number in numbers])


def _numbers(*numbers: float) -> bytes:
    return " ".join(f"{number:.4f}" for number in numbers).encode()
