"""Layers (optional content): whether all that a page holds is also what it shows."""

from collections.abc import Iterator

import pikepdf
from pikepdf import Array, Dictionary, Name

from documents.pdf_activity import parts

_SWITCHES = ("/View", "/Print", "/Export")


def has_hidden_layer(pdf: pikepdf.Pdf) -> bool:
    """Whether something is shown on some occasions only: a layer that is off, or off for the screen
    or the printer, or at some sizes; content that shows while a layer is off.
    """
    properties = pdf.Root.get("/OCProperties")
    if not isinstance(properties, Dictionary):
        return False  # then readers show everything
    if any(_is_conditional(part) for part in parts(pdf)):
        return True
    groups = list(_entries(properties.get("/OCGs")))
    default = properties.get("/D")
    if not groups or not isinstance(default, Dictionary):
        return False
    switched_off = default.get("/BaseState", Name.ON) != "/ON" or any(_entries(default.get("/OFF")))
    return switched_off or _is_automatic(default, groups)


def _entries(array: object) -> Iterator[Dictionary]:
    if isinstance(array, Array):
        yield from (entry for entry in array if isinstance(entry, Dictionary))


def _is_conditional(part: pikepdf.Object) -> bool:
    """A membership (OCMD) that does not simply want its layers on."""
    if not isinstance(part, Dictionary) or part.get("/Type") != "/OCMD":
        return False
    return "/VE" in part or part.get("/P", Name.AnyOn) not in ("/AnyOn", "/AllOn")


def _is_automatic(default: Dictionary, groups: list[Dictionary]) -> bool:
    """Layers that a reader switches by itself. All on for every occasion is what Acrobat writes for
    watermarks and page headers.
    """
    categories = {
        str(category)
        for usage in _entries(default.get("/AS"))
        for category in usage.get("/Category", Array())
    }
    if categories - set(_SWITCHES):
        return True
    return bool(categories) and any(_is_off_somewhere(group.get("/Usage")) for group in groups)


def _is_off_somewhere(usage: object) -> bool:
    if not isinstance(usage, Dictionary):
        return False
    return any(
        isinstance(entry := usage.get(switch), Dictionary)
        and entry.get(f"{switch}State", Name.ON) != "/ON"
        for switch in _SWITCHES
    )
