"""What is not rewritten, and what is said about it."""

from pathlib import Path

import pytest
from pikepdf import Array, Dictionary, Encryption, Name, Object, Pdf, Stream, String

from chassis.errors import Problem
from documents.confined import Limits
from documents.kinds import ActivePdf, DamagedFile, EncryptedPdf, FileTooLarge, WrongType

from .desk import Change, Desk, bare_annotation, photo, stamp

# pikepdf misses a form around some fields here.
pytestmark = pytest.mark.filterwarnings("ignore::pikepdf.PageCopyWarning")


def layers(pdf: Pdf, default: Dictionary, group: Dictionary | None = None) -> Dictionary:
    layer = pdf.make_indirect(group or Dictionary(Type=Name.OCG, Name=String("Lớp")))
    pdf.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=default)
    return layer


def layer_off(pdf: Pdf) -> None:
    default = pdf.make_indirect(Dictionary())
    default.OFF = Array([layers(pdf, default)])


def all_layers_off(pdf: Pdf) -> None:
    layers(pdf, Dictionary(BaseState=Name.OFF))


def layer_for_the_screen_only(pdf: Pdf) -> None:
    usage = Dictionary(Print=Dictionary(PrintState=Name.OFF))
    automatic = Dictionary(Event=Name.Print, Category=Array([Name.Print]))
    layers(pdf, Dictionary(AS=Array([automatic])), Dictionary(Type=Name.OCG, Usage=usage))


def layer_at_some_sizes(pdf: Pdf) -> None:
    automatic = Dictionary(Event=Name.View, Category=Array([Name.Zoom]))
    layers(pdf, Dictionary(AS=Array([automatic])))


def shown_while_off(pdf: Pdf) -> None:
    layer = layers(pdf, Dictionary())
    member = Dictionary(Type=Name.OCMD, OCGs=layer, P=Name.AllOff)
    pdf.pages[0].Resources = Dictionary(Properties=Dictionary(MC0=member))


def undrawn_form(pdf: Pdf) -> None:
    field = stamp(pdf, Subtype=Name.Widget, FT=Name.Tx, T=String("tên"), V=String("Đào"))
    pdf.pages[0].Annots = Array([field])
    pdf.Root.AcroForm = Dictionary(Fields=Array([field]), NeedAppearances=True)


def filled_and_undrawn(pdf: Pdf) -> None:
    above = pdf.make_indirect(Dictionary(FT=Name.Tx, T=String("tên"), V=String("Đào")))
    bare_annotation(pdf, Subtype=Name.Widget, Parent=above)


def ticked_and_undrawn(pdf: Pdf) -> None:
    bare_annotation(pdf, Subtype=Name.Widget, FT=Name.Btn, V=Name.Yes, AS=Name.Yes)


def undrawn_highlight(pdf: Pdf) -> None:
    bare_annotation(pdf, Subtype=Name.Highlight)


def script(pdf: Pdf) -> None:
    pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (layer_off, "HiddenLayer"),
        (all_layers_off, "HiddenLayer"),
        (layer_for_the_screen_only, "HiddenLayer"),
        (layer_at_some_sizes, "HiddenLayer"),
        (shown_while_off, "HiddenLayer"),
        (undrawn_form, "Form"),
        (filled_and_undrawn, "Annotation"),
        (ticked_and_undrawn, "Annotation"),
        (undrawn_highlight, "Annotation"),
        (script, "JavaScript"),
    ],
)
async def test_what_shows_something_else_to_somebody_else_is_refused(
    desk: Desk, change: Change, found: str
) -> None:
    with pytest.raises(ActivePdf) as caught:
        await desk.rewrite(desk.pdf(change))
    assert found in str(caught.value.members["found"])
    assert not (desk.folder / "clean.pdf").exists()


def long_page(pdf: Pdf) -> None:
    pdf.pages[0].MediaBox = Array([0, 0, 100, 5700])


def long_page_by_its_unit(pdf: Pdf) -> None:
    pdf.pages[0].UserUnit = 20


def many_pixels(pdf: Pdf) -> None:
    image = Stream(pdf, b"\0", Type=Name.XObject, Subtype=Name.Image, Width=50_000, Height=2_001)
    pdf.pages[0].Resources = Dictionary(XObject=Dictionary(Im0=image))


TOO_LARGE: list[tuple[str, Change]] = [
    ("pages", lambda pdf: pdf.pages.extend([pdf.pages[0]] * 200)),
    ("page", long_page),
    ("page", long_page_by_its_unit),
    ("pixels", many_pixels),
]


@pytest.mark.parametrize(("what", "change"), TOO_LARGE)
async def test_what_is_too_large_says_in_what(desk: Desk, what: str, change: Change) -> None:
    await refuses(desk, FileTooLarge, desk.pdf(change), what=what)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("/CropBox", String("x")),
        ("/CropBox", Array([1, 2, 3])),
        ("/CropBox", Array([Name.A, 1, 2, 3])),
        ("/CropBox", Array([5000, 5000, 6000, 6000])),
        ("/Rotate", 45),
    ],
)
async def test_a_page_of_which_nobody_knows_what_is_shown_is_damaged(
    desk: Desk, key: str, value: Object | int
) -> None:
    """What comes after a rewrite draws on the page that is shown, when its number is taken."""

    def odd(pdf: Pdf) -> None:
        pdf.pages[0].obj[key] = value

    await refuses(desk, DamagedFile, desk.pdf(odd))


async def test_pages_are_counted_together(desk: Desk) -> None:
    await refuses(desk, FileTooLarge, desk.pdf(pages=101), desk.pdf(pages=100), what="pages")


async def test_an_image_like_a_ribbon_would_be_too_long_a_page(desk: Desk) -> None:
    await refuses(desk, FileTooLarge, desk.image(photo(10, 100), "PNG"), what="page")


async def test_what_cannot_be_read_whole_is_refused(desk: Desk) -> None:
    await refuses(desk, EncryptedPdf, desk.pdf(encryption=Encryption(owner="x")))
    await refuses(desk, DamagedFile, desk.pdf(), desk.put(b"%PDF-1.7\n"))
    await refuses(desk, DamagedFile, cut(desk.image(photo(), "JPEG")))
    await refuses(desk, DamagedFile, cut(desk.image(photo(), "PNG")))
    await refuses(desk, WrongType, desk.put(b"GIF89a"))


def cut(path: Path) -> Path:
    """Without the second half, but with an end that looks whole."""
    content = path.read_bytes()
    end = content[-12:] if content.startswith(b"\x89PNG") else b"\xff\xfe\x00\x04\xff\xd9"
    path.write_bytes(content[: len(content) // 2] + end)
    return path


async def refuses(
    desk: Desk, error: type[Problem], *sources: Path, what: str | None = None
) -> None:
    with pytest.raises(error) as caught:
        await desk.rewrite(*sources)
    assert caught.value.members.get("what") == what
    assert not (desk.folder / "clean.pdf").exists()


async def test_a_pdf_larger_than_may_be_written_is_refused(desk: Desk) -> None:
    with pytest.raises(FileTooLarge) as caught:
        await desk.rewrite(desk.image(photo(), "PNG"), limits=Limits(written_bytes=10_000))
    assert caught.value.members == {"what": "bytes", "most": 10_000}
    assert not (desk.folder / "clean.pdf").exists()
