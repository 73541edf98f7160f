"""What is inside a PDF: whether it can be read whole, and whether it does anything but show pages.

Every object is looked at, also those that no page refers to, since readers differ in what they
find. Plain links to web addresses and jumps within the document are no activity.
"""

from collections.abc import Iterator
from typing import TypeAlias

import pikepdf

Verdict: TypeAlias = dict[str, str | int | list[str]]

MOST_OBJECTS = 300_000
MOST_PAGES = 2_000

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


def inspect_pdf(path: str) -> Verdict:
    """`verdict` is clean (and `pages`), encrypted, active (and `found`) or damaged (and `why`)."""
    try:
        # A file that only a repair makes readable may show each reader something else.
        with pikepdf.open(path, attempt_recovery=False) as pdf:
            return {"verdict": "encrypted"} if pdf.is_encrypted else _judge(pdf)
    except pikepdf.PasswordError:
        return {"verdict": "encrypted"}
    except pikepdf.PikepdfError as error:
        return {"verdict": "damaged", "why": type(error).__name__}


def _judge(pdf: pikepdf.Pdf) -> Verdict:
    if len(pdf.objects) > MOST_OBJECTS or len(pdf.pages) > MOST_PAGES:
        return {"verdict": "damaged", "why": "it has too many parts"}
    if found := sorted({part for thing in pdf.objects for part in _active_parts(thing)}):
        return {"verdict": "active", "found": found}
    if any(line.startswith("ERROR") for line in pdf.check_pdf_syntax()):
        return {"verdict": "damaged", "why": "its content has errors"}
    return {"verdict": "clean", "pages": len(pdf.pages)}


def _active_parts(thing: pikepdf.Object) -> Iterator[str]:
    """What is active in one object and in what is written directly inside it."""
    inside = [thing]
    while inside:
        part = inside.pop()
        if isinstance(part, pikepdf.Array):
            inside.extend(child for child in part if _is_inside(child))
        elif isinstance(part, pikepdf.Dictionary | pikepdf.Stream):
            yield from _active_entries(part)
            inside.extend(child for _, child in part.items() if _is_inside(child))


def _is_inside(child: pikepdf.Object) -> bool:
    # Numbers and the like arrive as Python's own.
    containers = pikepdf.Array, pikepdf.Dictionary
    return isinstance(child, containers) and not child.is_indirect


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
