"""What is inside a PDF: whether it can be read whole, and whether it does anything but show pages.

The parser's warnings count, and so does what a file is beside a PDF: see `pdf_structure`.
"""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pikepdf
from pikepdf import settings

from documents.bounds import KEPT, MOST_CONTENT_BYTES, MOST_UNPACKED_BYTES, Bounds
from documents.pdf_activity import activities
from documents.pdf_drawings import require_small_drawings
from documents.pdf_structure import guesses, is_ambiguous, oddity
from documents.refused import Refused, Verdict, as_number

MOST_OBJECTS = 300_000
MOST_FILTERS = 4
"""On one stream. Programs in use write two at most."""
MOST_SCANS = 100
"""Of a progressive JPEG. Programs in use write ten."""
_LIMIT = "limit exceeded"
"""What qpdf says when a stream unpacks to more than it may."""
_UNREADABLE = ("error decoding stream data", "limits error")


def inspect_pdf(path: str, bounds: Bounds = KEPT) -> Verdict:
    """`verdict` is clean (and `pages`), encrypted, active (and `found`), large (and `what` goes
    beyond which `most`) or damaged (and `why`).
    """
    try:
        with opened(path, bounds) as pdf:
            require_small_drawings(pdf, bounds)
            _require_readable(pdf)
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
    _limit_the_parser(MOST_CONTENT_BYTES)
    try:
        # A file that only a repair makes readable may show each reader something else.
        with pikepdf.open(path, attempt_recovery=False) as pdf, _floods_told_apart(pdf):
            _judge(path, pdf, bounds)
            yield pdf
    except pikepdf.PasswordError:
        raise Refused({"verdict": "encrypted"}) from None
    except pikepdf.PikepdfError as error:
        raise Refused.damaged(type(error).__name__) from error


@contextmanager
def _floods_told_apart(pdf: pikepdf.Pdf) -> Generator[None]:
    """From other errors: only the parser's warnings say that a stream unpacked to too much."""
    try:
        yield
    except pikepdf.PikepdfError:
        if any(_LIMIT in str(warning) for warning in pdf.get_warnings()):
            raise Refused.large("unpacked", MOST_CONTENT_BYTES) from None
        raise


def _limit_the_parser(most_bytes: int) -> None:
    settings.set_qpdf_limits(
        max_stream_filters=MOST_FILTERS,
        dct_max_progressive_scans=MOST_SCANS,
        flate_max_memory=most_bytes,
        run_length_max_memory=most_bytes,
        png_max_memory=most_bytes,
        tiff_max_memory=most_bytes,
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
        if _LIMIT in guessed[0]:
            raise Refused.large("unpacked", MOST_CONTENT_BYTES)
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
    left, bottom, right, top = map(as_number, box)
    unit = as_number(page.obj.get("/UserUnit", 1))
    return max(abs(right - left), abs(top - bottom)) * unit


def _pixels(thing: pikepdf.Object) -> float:
    if not isinstance(thing, pikepdf.Stream) or thing.get("/Subtype") != "/Image":
        return 0
    return as_number(thing.get("/Width", 0)) * as_number(thing.get("/Height", 0))


def _require_readable(pdf: pikepdf.Pdf) -> None:
    """Everything that pages refer to is unpacked, and their contents read."""
    most_bytes = _most_bytes(pdf)
    _limit_the_parser(most_bytes)
    for line in pdf.check_pdf_syntax():
        if _LIMIT in line:
            raise Refused.large("unpacked", most_bytes)
        if line.startswith("ERROR") or any(sign in line for sign in _UNREADABLE):
            raise Refused.damaged("its content has errors")


def _most_bytes(pdf: pikepdf.Pdf) -> int:
    """To which a stream may unpack: room for the largest image, in four colours of 16 bits."""
    pixels = max((_pixels(thing) for thing in pdf.objects), default=0)
    return min(max(MOST_CONTENT_BYTES, 8 * int(pixels)), MOST_UNPACKED_BYTES)
