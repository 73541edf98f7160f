"""What the contents of pages draw: images written among the strokes, and how often forms are drawn.

A form may draw other forms. Ten that each draw the next one ten times are a few hundred bytes, and
ten billion drawings for whoever opens the page.
"""

from collections import Counter
from collections.abc import Mapping

import pikepdf
from pikepdf import ContentScope, ContentStreamInlineImage, Dictionary, Stream

from documents.bounds import Bounds
from documents.refused import Refused

MOST_DRAWINGS = 1_000_000
DEEPEST = 50
"""Forms within forms. Programs in use nest a handful."""

_Place = tuple[int, int]
_Drawn = Mapping[_Place, Counter[_Place]]


def require_small_drawings(pdf: pikepdf.Pdf, bounds: Bounds) -> None:
    """Raises `Refused`, also for contents that cannot be parsed."""
    drawn: dict[_Place, Counter[_Place]] = {}
    for scope in pdf.content_scopes():
        here = drawn.setdefault(scope.content.objgen, Counter())
        for instruction in pikepdf.parse_content_stream(scope.content, "BI ID EI Do"):
            if isinstance(instruction, ContentStreamInlineImage):
                _require_few_pixels(instruction, bounds)
            elif instruction.operands and (form := _form(str(instruction.operands[0]), scope)):
                here[form.objgen] += 1
    times: dict[_Place, int] = {}
    for page in pdf.pages:
        if _times(page.obj.objgen, drawn, times) > MOST_DRAWINGS:
            raise Refused.large("drawings", MOST_DRAWINGS)


def _require_few_pixels(instruction: ContentStreamInlineImage, bounds: Bounds) -> None:
    image = instruction.iimage
    if image.width * image.height > bounds.pixels:
        raise Refused.large("pixels", bounds.pixels)


def _form(name: str, scope: ContentScope) -> Stream | None:
    """The form that `/Name Do` draws, if it is one."""
    forms = scope.resources.get("/XObject") if scope.resources is not None else None
    if not isinstance(forms, Dictionary):
        return None
    form = forms.get(name)
    return form if isinstance(form, Stream) and form.get("/Subtype") == "/Form" else None


def _times(place: _Place, drawn: _Drawn, known: dict[_Place, int], *, depth: int = 0) -> int:
    """How much is drawn for one drawing of what lies at `place`."""
    if place in known:
        return known[place]
    if depth > DEEPEST:
        raise Refused.damaged("its drawings are nested too deep")
    known[place] = 1  # readers do not draw a form within itself
    inside = drawn.get(place, Counter())
    more = sum(
        count * _times(form, drawn, known, depth=depth + 1) for form, count in inside.items()
    )
    known[place] = min(1 + more, MOST_DRAWINGS + 1)
    return known[place]
