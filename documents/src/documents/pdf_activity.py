"""What in a PDF does anything but show pages.

Plain links to web and mail addresses, and jumps within the document, are no activity.
"""

import re
from collections.abc import Iterator

import pikepdf
from pikepdf import Array, Dictionary, Stream, String

_KEYS = {
    "/JS": "JavaScript",
    "/JavaScript": "JavaScript",
    "/AA": "AA",
    "/XFA": "XFA",
    "/EmbeddedFiles": "EmbeddedFiles",
    "/EF": "EmbeddedFiles",
    "/Collection": "EmbeddedFiles",
    "/RichMediaContent": "RichMedia",
    "/FFilter": "RemoteReference",
}
_VALUES = {
    "/S": {
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
    },
    "/Subtype": {
        "/RichMedia": "RichMedia",
        "/Movie": "RichMedia",
        "/Sound": "RichMedia",
        "/Screen": "RichMedia",
        "/3D": "RichMedia",
        "/FileAttachment": "EmbeddedFiles",
        "/PS": "PostScript",
    },
    "/Subtype2": {"/PS": "PostScript"},
    "/Type": {"/EmbeddedFile": "EmbeddedFiles"},
    "/FS": {"/URL": "RemoteReference"},
}
_SIGNS = re.compile(
    b"|".join(
        name.encode()
        for name in (
            *_KEYS,
            *(value for meanings in _VALUES.values() for value in meanings),
            *("/OpenAction", "/Thread", "/URI", "/Base"),
        )
    )
)
"""Names without which nothing is active in what is no stream."""
_HARMLESS_ADDRESS = re.compile(rb"\s*(https?:|mailto:|www\.)", re.IGNORECASE)
"""Others call programs (javascript:), open files (file:) or sign in to servers (smb:, \\\\host)."""


def activities(pdf: pikepdf.Pdf) -> set[str]:
    """By name. Every object is looked at, also those that no page refers to, since readers differ
    in what they find; and the trailer, in which a catalog may be written.
    """
    return {
        entry
        for thing in (*pdf.objects, pdf.trailer)
        if isinstance(thing, Stream) or _shows_a_sign(thing)
        for part in _parts_of(thing)
        if not isinstance(part, Array)
        for entry in _active_entries(part)
    }


def _shows_a_sign(thing: pikepdf.Object) -> bool:
    """Most of the hundred thousand objects of a tagged document do not, and that is told fast."""
    return isinstance(thing, Array | Dictionary) and bool(
        _SIGNS.search(thing.unparse(resolved=True))
    )


def parts(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    """Every array, dictionary and stream of a document, also what is written inside another."""
    for thing in (*pdf.objects, pdf.trailer):
        yield from _parts_of(thing)


def _parts_of(thing: pikepdf.Object) -> Iterator[pikepdf.Object]:
    inside = [thing]
    while inside:
        part = inside.pop()
        if isinstance(part, Array):
            yield part
            inside.extend(child for child in part if _is_inside(child))
        elif isinstance(part, Dictionary | Stream):
            yield part
            inside.extend(child for _, child in part.items() if _is_inside(child))


def _is_inside(child: pikepdf.Object) -> bool:
    # Numbers and the like arrive as Python's own.
    return isinstance(child, Array | Dictionary) and not child.is_indirect


def _active_entries(part: pikepdf.Object) -> Iterator[str]:
    keys = set(part.keys())
    yield from (_KEYS[key] for key in keys & _KEYS.keys())
    for key in keys & _VALUES.keys():
        if meaning := _VALUES[key].get(str(part[key])):
            yield meaning
    if "/OpenAction" in keys and not _is_jump(part["/OpenAction"]):
        yield "OpenAction"
    if _is_remote(part, keys):
        yield "RemoteReference"
    if _calls_an_address(part, keys):
        yield "Address"


def _is_jump(action: pikepdf.Object) -> bool:
    """Office programs write a page to open at: a place, or the action of going there."""
    if isinstance(action, Dictionary):
        return action.get("/S") == "/GoTo" and "/Next" not in action
    return True


def _is_remote(part: pikepdf.Object, keys: set[str]) -> bool:
    """Content that lies in another file: of a stream, of an imported page, of an article."""
    external_stream = isinstance(part, Stream) and "/F" in keys
    imported_page = "/Ref" in keys and part.get("/Subtype") == "/Form"
    article_elsewhere = "/F" in keys and part.get("/S") == "/Thread"
    return external_stream or imported_page or article_elsewhere


def _calls_an_address(part: pikepdf.Object, keys: set[str]) -> bool:
    """A link, or what every link of the document begins with."""
    if part.get("/S") == "/URI":
        return not _is_harmless(part.get("/URI"))
    return "/Base" in keys and isinstance(part["/Base"], String) and not _is_harmless(part["/Base"])


def _is_harmless(address: object) -> bool:
    return isinstance(address, String) and bool(_HARMLESS_ADDRESS.match(bytes(address)))
