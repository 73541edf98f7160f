"""What is inside a PDF: whether it can be read whole, and whether it does anything but show pages.

Every object is looked at, also those that no page refers to, since readers differ in what they
find. Plain links to web addresses and jumps within the document are no activity.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import pikepdf

from documents.bounds import KEPT, Bounds

Verdict: TypeAlias = dict[str, str | int | list[str]]

MOST_OBJECTS = 300_000

_KEYS = {
    "/JS": "JavaScript",
    "/JavaScript": "JavaScript",
    "/AA": "AA",
    "/XFA": "XFA",
    "/EmbeddedFiles": "EmbeddedFiles",
    "/EF": "EmbeddedFiles",
    "/Collection": "EmbeddedFiles",
    "/RichMediaContent": "RichMedia",
}
_ACTIONS = {
    "/JavaScript": "JavaScript",
    "/Launch": "Launch",
    "/GoToR": "RemoteReference",
    "/GoToE": "EmbeddedFiles",
    "/SubmitForm": "RemoteReference",
    "/ImportData": "RemoteReference",
    "/Rendition": "RichMedia",
    "/RichMediaExecute": "RichMedia",
    "/Movie": "RichMedia",
    "/Sound": "RichMedia",
}
_ANNOTATIONS = {
    "/RichMedia": "RichMedia",
    "/Movie": "RichMedia",
    "/Sound": "RichMedia",
    "/Screen": "RichMedia",
    "/3D": "RichMedia",
    "/FileAttachment": "EmbeddedFiles",
}


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
            if any(line.startswith("ERROR") for line in pdf.check_pdf_syntax()):
                return Refused.damaged("its content has errors").verdict
            return {"verdict": "clean", "pages": len(pdf.pages)}
    except Refused as refused:
        return refused.verdict


@contextmanager
def opened(path: str, bounds: Bounds) -> Generator[pikepdf.Pdf]:
    """A PDF with nothing active in it and within `bounds`; what its pages show is not yet looked
    at. Raises `Refused`, also for what turns out to be broken later.
    """
    try:
        # A file that only a repair makes readable may show each reader something else.
        with pikepdf.open(path, attempt_recovery=False) as pdf:
            _judge(pdf, bounds)
            yield pdf
    except pikepdf.PasswordError:
        raise Refused({"verdict": "encrypted"}) from None
    except pikepdf.PikepdfError as error:
        raise Refused.damaged(type(error).__name__) from error


def parts(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    """Every array, dictionary and stream of a document, also what is written inside another."""
    for thing in pdf.objects:
        yield from _parts_of(thing)


def _parts_of(thing: pikepdf.Object) -> Iterator[pikepdf.Object]:
    inside = [thing]
    while inside:
        part = inside.pop()
        if isinstance(part, pikepdf.Array):
            yield part
            inside.extend(child for child in part if _is_inside(child))
        elif isinstance(part, pikepdf.Dictionary | pikepdf.Stream):
            yield part
            inside.extend(child for _, child in part.items() if _is_inside(child))


def _is_inside(child: pikepdf.Object) -> bool:
    # Numbers and the like arrive as Python's own.
    containers = pikepdf.Array, pikepdf.Dictionary
    return isinstance(child, containers) and not child.is_indirect


def _judge(pdf: pikepdf.Pdf, bounds: Bounds) -> None:
    if pdf.is_encrypted:
        raise Refused({"verdict": "encrypted"})
    if len(pdf.objects) > MOST_OBJECTS:
        raise Refused.damaged("it has too many parts")
    _require_bounds(pdf, bounds)
    entries = (_active_entries(part) for part in parts(pdf) if not isinstance(part, pikepdf.Array))
    if found := {entry for some in entries for entry in some}:
        raise Refused.active(*found)


def _require_bounds(pdf: pikepdf.Pdf, bounds: Bounds) -> None:
    if len(pdf.pages) > bounds.pages:
        raise Refused.large("pages", bounds.pages)
    if any(_side(page) > bounds.side for page in pdf.pages):
        raise Refused.large("page", bounds.side)
    if any(_pixels(thing) > bounds.pixels for thing in pdf.objects):
        raise Refused.large("pixels", bounds.pixels)


def _side(page: pikepdf.Page) -> float:
    """The longer side of a page, in points."""
    left, bottom, right, top = (float(edge) for edge in page.mediabox.as_list())
    unit = page.obj.get("/UserUnit", 1)
    return max(abs(right - left), abs(top - bottom)) * float(unit)


def _pixels(part: pikepdf.Object) -> int:
    if not isinstance(part, pikepdf.Stream) or part.get("/Subtype") != "/Image":
        return 0
    width, height = part.get("/Width", 0), part.get("/Height", 0)
    return int(width) * int(height)


def _active_entries(part: pikepdf.Object) -> Iterator[str]:
    keys = set(part.keys())
    yield from (_KEYS[key] for key in keys & _KEYS.keys())
    for key, meanings in (("/S", _ACTIONS), ("/Subtype", _ANNOTATIONS)):
        if key in keys and (meaning := meanings.get(str(part[key]))):
            yield meaning
    if "/OpenAction" in keys and not _is_jump(part["/OpenAction"]):
        yield "OpenAction"
    if _is_remote(part, keys):
        yield "RemoteReference"


def _is_jump(action: pikepdf.Object) -> bool:
    """Office programs write a page to open at: a place, or the action of going there."""
    if isinstance(action, pikepdf.Dictionary):
        return action.get("/S") == "/GoTo" and "/Next" not in action
    return True


def _is_remote(part: pikepdf.Object, keys: set[str]) -> bool:
    """Content that lies in another file: of a stream, of an imported page, behind an address."""
    external_stream = isinstance(part, pikepdf.Stream) and "/F" in keys
    imported_page = "/Ref" in keys and part.get("/Subtype") == "/Form"
    return external_stream or imported_page or part.get("/FS") == "/URL"
