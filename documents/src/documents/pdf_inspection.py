"""What is inside a PDF: whether it can be read whole, and whether it does anything but show pages.

The parser's warnings count, and so does what a file is beside a PDF: see `pdf_structure`.
"""

from collections.abc import Generator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

import pikepdf
from pikepdf import settings

from documents.bounds import KEPT, MOST_UNPACKED_BYTES, Bounds
from documents.pdf_activity import activities
from documents.pdf_structure import guesses, is_ambiguous, oddity

Verdict: TypeAlias = dict[str, str | int | list[str]]

MOST_OBJECTS = 300_000
MOST_FILTERS = 4
"""On one stream. Programs in use write two at most."""
MOST_SCANS = 100
"""Of a progressive JPEG. Programs in use write ten."""


class Refused(Exception):  # noqa: N818 - it is an answer
    """The file is not taken; the verdict says why."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict)
        self.verdict = verdict

    @classmethod
    def damaged(cls, why: str) -> "Refused":
        return cls({"verdict": "damaged", "why": why})

    @classmethod
    def active(cls, *found: str) -> "Refused":
        return cls({"verdict": "active", "found": sorted(found)})

    @classmethod
    def large(cls, what: str, most: float) -> "Refused":
        return cls({"verdict": "large", "what": what, "most": int(most)})


def inspect_pdf(path: str, bounds: Bounds = KEPT) -> Verdict:
    """`verdict` is clean (and `pages`), encrypted, active (and `found`), large (and `what` goes
    beyond which `most`) or damaged (and `why`).
    """
    try:
        with opened(path, bounds) as pdf:
            _require_readable(pdf)
            _require_small_drawings(pdf, bounds)
            return {"verdict": "clean", "pages": len(pdf.pages)}
    except Refused as refused:
        return refused.verdict


@contextmanager
def opened(path: str, bounds: Bounds) -> Generator[pikepdf.Pdf]:
    """A PDF with nothing active in it and within `bounds`; what its pages show is not yet looked
    at. Raises `Refused`, also for what turns out to be broken later.
    """
    if odd := oddity(Path(path).read_bytes()):
        raise Refused.damaged(odd)
    _limit_the_parser()
    try:
        # A file that only a repair makes readable may show each reader something else.
        with pikepdf.open(path, attempt_recovery=False) as pdf:
            _judge(path, pdf, bounds)
            yield pdf
    except pikepdf.PasswordError:
        raise Refused({"verdict": "encrypted"}) from None
    except pikepdf.PikepdfError as error:
        raise Refused.damaged(type(error).__name__) from error


def _limit_the_parser() -> None:
    settings.set_qpdf_limits(
        max_stream_filters=MOST_FILTERS,
        dct_max_progressive_scans=MOST_SCANS,
        flate_max_memory=MOST_UNPACKED_BYTES,
        run_length_max_memory=MOST_UNPACKED_BYTES,
        png_max_memory=MOST_UNPACKED_BYTES,
        tiff_max_memory=MOST_UNPACKED_BYTES,
    )


def _judge(path: str, pdf: pikepdf.Pdf, bounds: Bounds) -> None:
    if pdf.is_encrypted:
        raise Refused({"verdict": "encrypted"})
    if len(pdf.objects) > MOST_OBJECTS:
        raise Refused.damaged("it has too many parts")
    _require_bounds(pdf, bounds)
    if found := activities(pdf):
        raise Refused.active(*found)
    if guessed := guesses(pdf):
        raise Refused.damaged(guessed[0].removeprefix(path)[:200])
    if is_ambiguous(path, pdf):
        raise Refused.damaged("its two indexes differ")


def _require_bounds(pdf: pikepdf.Pdf, bounds: Bounds) -> None:
    if len(pdf.pages) > bounds.pages:
        raise Refused.large("pages", bounds.pages)
    if any(_side(page) > bounds.side for page in pdf.pages):
        raise Refused.large("page", bounds.side)
    if any(_pixels(thing) > bounds.pixels for thing in pdf.objects):
        raise Refused.large("pixels", bounds.pixels)


def _side(page: pikepdf.Page) -> float:
    """The longer side of a page, in points."""
    box = page.obj.get("/MediaBox")
    if not isinstance(box, pikepdf.Array) or len(box) != 4:
        raise Refused.damaged("a page has no size")
    left, bottom, right, top = map(_number, box)
    unit = _number(page.obj.get("/UserUnit", 1))
    return max(abs(right - left), abs(top - bottom)) * unit


def _pixels(thing: pikepdf.Object) -> float:
    if not isinstance(thing, pikepdf.Stream) or thing.get("/Subtype") != "/Image":
        return 0
    return _number(thing.get("/Width", 0)) * _number(thing.get("/Height", 0))


def _number(value: object) -> float:
    if isinstance(value, int | float | Decimal):
        return float(value)
    raise Refused.damaged("a number is none")


def _require_readable(pdf: pikepdf.Pdf) -> None:
    """Everything that pages refer to is unpacked, and their contents read."""
    for line in pdf.check_pdf_syntax():
        if "limit exceeded" in line:
            raise Refused.large("unpacked", MOST_UNPACKED_BYTES)
        if line.startswith("ERROR") or "error decoding stream data" in line:
            raise Refused.damaged("its content has errors")


def _require_small_drawings(pdf: pikepdf.Pdf, bounds: Bounds) -> None:
    """Images that are written into the contents of a page."""
    for scope in pdf.content_scopes():
        for instruction in pikepdf.parse_content_stream(scope.content, "BI ID EI"):
            if isinstance(instruction, pikepdf.ContentStreamInlineImage):
                image = instruction.iimage
                if image.width * image.height > bounds.pixels:
                    raise Refused.large("pixels", bounds.pixels)
