"""What a page shows, and nothing else that came with it.

Annotations are part of what is seen: a filled form, a stamp, the picture of a signature. They
become part of the page, and what a reader would have to draw by itself is refused, since readers
draw it differently or not at all.
"""

from collections.abc import Iterator

import pikepdf
from pikepdf import Array, Dictionary, Stream

from documents.pdf_activity import parts
from documents.pdf_layers import has_hidden_layer
from documents.refused import Refused, as_number

_PAGE = "Type Parent Contents Resources MediaBox CropBox Rotate UserUnit Group"
_STREAM = "Length Filter DecodeParms"
_FORM = f"{_STREAM} Type Subtype FormType BBox Matrix Resources Group Name"
_IMAGE = (
    f"{_STREAM} Type Subtype Width Height ColorSpace BitsPerComponent Intent ImageMask Mask Decode"
    " Interpolate SMask SMaskInData Matte Name"
)
_OF_A_PAGE = {f"/{key}" for key in _PAGE.split()}
_OF_AN_XOBJECT = {
    "/Form": {f"/{key}" for key in _FORM.split()},
    "/Image": {f"/{key}" for key in _IMAGE.split()},
}
_NOT_OF_A_STREAM = {"/AF", "/Metadata", "/OC", "/PieceInfo", "/StructParent", "/StructParents"}
_TYPED_INTO = ("/Tx", "/Ch")
_FILLED_IN = (*_TYPED_INTO, "/Btn")
_NEVER_DRAWN = ("/Link", "/Popup")
_UNSEEN = 0b100010
"""Flags Hidden and NoView."""


def leave_what_is_seen(pdf: pikepdf.Pdf) -> None:
    """Make bare pages of a document's pages. Raises `Refused` where what is seen depends on who
    looks, and when.
    """
    if has_hidden_layer(pdf):
        raise Refused.active("HiddenLayer")
    _require_drawn_form(pdf)
    pdf.flatten_annotations("screen")
    for page in pdf.pages:
        if any(_is_left_to_the_reader(annotation) for annotation in _annotations(page)):
            raise Refused.active("Annotation")
        for key in set(page.obj.keys()) - _OF_A_PAGE:
            del page.obj[key]
        _crop_within_the_page(page)


def _crop_within_the_page(page: pikepdf.Page) -> None:
    """What is shown lies on the page, whatever its crop box claims. Raises `Refused`."""
    if "/CropBox" in page.obj:
        shown, sheet = _corners(page.obj["/CropBox"]), _corners(page.obj.get("/MediaBox"))
        left, bottom = max(shown[0], sheet[0]), max(shown[1], sheet[1])
        right, top = min(shown[2], sheet[2]), min(shown[3], sheet[3])
        if left >= right or bottom >= top:
            raise Refused.damaged("a page shows nothing of itself")
        page.obj["/CropBox"] = Array([left, bottom, right, top])
    if page.obj.get("/Rotate", 0) not in (-270, -180, -90, 0, 90, 180, 270):
        raise Refused.damaged("a page is turned by no right angle")


def _corners(box: object) -> tuple[float, float, float, float]:
    """Left, bottom, right, top."""
    if not isinstance(box, Array) or len(box) != 4:
        raise Refused.damaged("a page has no size")
    x, y, other_x, other_y = map(as_number, box)
    return min(x, other_x), min(y, other_y), max(x, other_x), max(y, other_y)


def strip(pdf: pikepdf.Pdf) -> None:
    """Take out what hangs on the contents of pages and shows nothing, and the names of layers, all
    of which are on.
    """
    for part in parts(pdf):
        if isinstance(part, Array):
            continue
        if isinstance(part, Stream):
            _strip_stream(part)
        if isinstance(resources := part.get("/Resources"), Dictionary):
            _empty_properties(resources)


def _strip_stream(stream: Stream) -> None:
    keys = set(stream.keys())
    known = _OF_AN_XOBJECT.get(str(stream.get("/Subtype")), keys)
    for key in (keys - known) | (keys & _NOT_OF_A_STREAM):
        del stream[key]


def _empty_properties(resources: Dictionary) -> None:
    """Contents refer to properties by name, so the names stay."""
    properties = resources.get("/Properties")
    if isinstance(properties, Dictionary):
        resources["/Properties"] = Dictionary(
            {name: Dictionary() for name, _ in properties.items()}
        )


def _require_drawn_form(pdf: pikepdf.Pdf) -> None:
    """A form may ask readers to draw anew what was typed into it."""
    form = pdf.Root.get("/AcroForm")
    if isinstance(form, Dictionary) and form.get("/NeedAppearances") is True:
        fields = (part for part in parts(pdf) if not isinstance(part, Array))
        if any(_is_filled(field, _TYPED_INTO) for field in fields):
            raise Refused.active("Form")
        del form["/NeedAppearances"]


def _annotations(page: pikepdf.Page) -> Iterator[Dictionary]:
    annotations = page.obj.get("/Annots")
    if isinstance(annotations, Array):
        yield from (entry for entry in annotations if isinstance(entry, Dictionary))


def _is_left_to_the_reader(annotation: Dictionary) -> bool:
    """Whether one without an appearance of its own would be seen."""
    if annotation.get("/Subtype") in _NEVER_DRAWN or _flags(annotation) & _UNSEEN:
        return False
    return annotation.get("/Subtype") != "/Widget" or (
        _has_area(annotation) and _is_filled(annotation)
    )


def _flags(annotation: Dictionary) -> int:
    flags = annotation.get("/F", 0)
    return flags if isinstance(flags, int) else 0


def _has_area(annotation: Dictionary) -> bool:
    rectangle = annotation.get("/Rect")
    if not isinstance(rectangle, Array) or len(rectangle) != 4:
        return False
    left, bottom, right, top = rectangle
    return left != right and bottom != top


def _is_filled(field: pikepdf.Object, kinds: tuple[str, ...] = _FILLED_IN) -> bool:
    """With something that somebody typed, chose or ticked; a signature is drawn or is not seen."""
    value = str(_inherited(field, "/V") or "")
    return _inherited(field, "/FT") in kinds and value not in ("", "/Off")


def _inherited(field: pikepdf.Object, key: str) -> object:
    """An entry of a field or of those above it; a real form is a few levels deep."""
    for _ in range(20):
        if key in field:
            return field[key]
        above = field.get("/Parent")
        if not isinstance(above, Dictionary):
            return None
        field = above
    return None
