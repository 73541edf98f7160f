"""Pages come through as they were, and nothing comes with them."""

import asyncio

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream, String
from PIL import Image

from documents.bounds import POINTS_PER_METRE
from documents.rewriting import rewrite

from .desk import SQUARE, Change, Desk, bare_annotation, only_image, photo, stamp

# pikepdf misses a form around some fields here.
pytestmark = pytest.mark.filterwarnings("ignore::pikepdf.PageCopyWarning")


# What comes through.


async def test_pages_of_several_files_come_in_order_and_in_their_sizes(desk: Desk) -> None:
    def turned(pdf: Pdf) -> None:
        pdf.pages[1].Rotate = 90
        pdf.pages[1].CropBox = Array([10, 10, 100, 100])
        pdf.pages[1].UserUnit = 2

    target = await desk.rewrite(
        desk.pdf(turned, pages=2), desk.image(photo(), "PNG"), desk.pdf(pages=3)
    )
    with pikepdf.open(target) as pdf:
        widths = [round(page.mediabox.as_list()[2]) for page in pdf.pages]
        assert widths == [300, 301, 595, 300, 301, 302]
        second = pdf.pages[1]
        assert (second.Rotate, second.UserUnit) == (90, 2)
        assert second.cropbox.as_list() == [10, 10, 100, 100]
        assert pdf.pages[0].Contents.read_bytes() == SQUARE


async def test_what_is_shown_of_a_page_lies_on_it(desk: Desk) -> None:
    def crop(pdf: Pdf) -> None:
        pdf.pages[0].CropBox = Array([90, -5, 10, 10**9])

    with pikepdf.open(await desk.rewrite(desk.pdf(crop))) as pdf:
        sheet = pdf.pages[0].mediabox.as_list()
        assert pdf.pages[0].cropbox.as_list() == [10, 0, 90, sheet[3]]


async def test_what_a_page_inherits_comes_with_it(desk: Desk) -> None:
    def inherit(pdf: Pdf) -> None:
        above = pdf.Root.Pages
        above.Resources = Dictionary(Font=Dictionary(F1=Dictionary(Type=Name.Font)))
        above.MediaBox = Array([0, 0, 77, 88])
        del pdf.pages[0].obj["/Resources"], pdf.pages[0].obj["/MediaBox"]

    with pikepdf.open(await desk.rewrite(desk.pdf(inherit))) as pdf:
        assert pdf.pages[0].obj["/MediaBox"] == Array([0, 0, 77, 88])
        assert "/F1" in pdf.pages[0].obj["/Resources"]["/Font"]


@pytest.mark.parametrize(
    ("image", "kind", "save"),
    [
        (photo(), "PNG", {}),
        (photo().convert("L"), "PNG", {}),
        (photo().convert("1"), "PNG", {"dpi": (600, 600)}),
        (photo().quantize(16), "PNG", {}),
        (photo(), "JPEG", {"quality": 80}),
        (photo(), "JPEG", {"progressive": True}),
        (photo(), "JPEG", {"restart_marker_blocks": 2}),
        (photo().convert("L"), "JPEG", {}),
        (photo().convert("CMYK"), "JPEG", {}),
    ],
)
async def test_an_image_becomes_a_page_pixel_for_pixel(
    desk: Desk, image: Image.Image, kind: str, save: dict[str, object]
) -> None:
    source = desk.image(image, kind, **save)
    with pikepdf.open(await desk.rewrite(source)) as pdf, Image.open(source) as original:
        shown = pikepdf.PdfImage(only_image(pdf)).as_pil_image()
        assert shown.convert("RGB").tobytes() == original.convert("RGB").tobytes()
        width, height = (float(edge) for edge in pdf.pages[0].mediabox.as_list()[2:])
        assert width == pytest.approx(0.210 * POINTS_PER_METRE)
        assert height == pytest.approx(width * 80 / 120)


async def test_a_photo_taken_sideways_stands_upright_and_is_as_wide_as_a4(desk: Desk) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    target = await desk.rewrite(desk.image(photo(), "JPEG", exif=exif))
    with pikepdf.open(target) as pdf:
        assert pdf.pages[0].Rotate == 90
        assert float(pdf.pages[0].mediabox.as_list()[3]) == pytest.approx(0.210 * POINTS_PER_METRE)


async def test_what_hides_under_transparent_pixels_does_not_come_along(desk: Desk) -> None:
    image = photo().convert("RGBA")
    image.putalpha(0)
    with pikepdf.open(await desk.rewrite(desk.image(image, "PNG"))) as pdf:
        found = only_image(pdf)
        assert "/SMask" not in found
        assert set(pikepdf.PdfImage(found).as_pil_image().tobytes()) == {255}


async def test_the_same_sources_make_the_same_bytes(desk: Desk) -> None:
    sources = desk.pdf(pages=3), desk.image(photo(), "JPEG"), desk.image(photo(), "PNG")
    once = (await desk.rewrite(*sources)).read_bytes()
    await asyncio.sleep(1.1)  # a date would differ
    assert (await desk.rewrite(*sources)).read_bytes() == once


# What does not come along.


def links_and_bookmarks(pdf: Pdf) -> None:
    with pdf.open_outline() as outline:
        outline.root.append(pikepdf.OutlineItem("Chương 1", 0))
    address = Dictionary(S=Name.URI, URI=String("https://example.vn"))
    bare_annotation(pdf, Subtype=Name.Link, A=address)


def metadata(pdf: Pdf) -> None:
    with pdf.open_metadata() as meta:
        meta["dc:title"] = "Bí mật"
    pdf.docinfo["/Author"] = "Nguyễn Thị Đào"
    face = pdf.pages[0].Contents
    face.Metadata = Stream(pdf, b"<x/>", Type=Name.Metadata)
    drawn = Stream(pdf, b"", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 1, 1]))
    drawn["/PTEX.InfoDict"] = Dictionary(ModDate=String("D:20260101"))
    pdf.pages[0].Resources = Dictionary(XObject=Dictionary(Fm0=drawn))
    pdf.pages[0].obj["/PieceInfo"] = Dictionary(Word=Dictionary(Private=String("x")))


def structure(pdf: Pdf) -> None:
    text = Dictionary(S=Name.Span, ActualText=String("khác"))
    pdf.Root.StructTreeRoot = Dictionary(Type=Name.StructTreeRoot, K=Array([text]))
    pdf.Root.MarkInfo = Dictionary(Marked=True)
    pdf.pages[0].obj["/StructParents"] = 0
    pdf.pages[0].obj["/Thumb"] = Stream(pdf, b"\0", Subtype=Name.Image, Width=1, Height=1)


def image_for_the_printer(pdf: Pdf) -> None:
    one, other = (
        Stream(pdf, b"\0", Type=Name.XObject, Subtype=Name.Image, Width=1, Height=1)
        for _ in range(2)
    )
    one.Alternates = Array([Dictionary(Image=other, DefaultForPrinting=True)])
    pdf.pages[0].Resources = Dictionary(XObject=Dictionary(Im0=one))


def layer_that_is_on(pdf: Pdf) -> None:
    group = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String("Nền")))
    on = Dictionary(ViewState=Name.ON), Dictionary(PrintState=Name.ON)
    group.Usage = Dictionary(View=on[0], Print=on[1])
    usage = Dictionary(Event=Name.View, Category=Array([Name.View]), OCGs=Array([group]))
    pdf.Root.OCProperties = Dictionary(
        OCGs=Array([group]), D=Dictionary(Order=Array([group]), AS=Array([usage]))
    )
    pdf.pages[0].Contents = Stream(pdf, b"/OC /MC0 BDC " + SQUARE + b" EMC")
    pdf.pages[0].Resources = Dictionary(Properties=Dictionary(MC0=group))


def empty_form(pdf: Pdf) -> None:
    field = stamp(pdf, Subtype=Name.Widget, FT=Name.Tx, T=String("tên"))
    pdf.pages[0].Annots = Array([field])
    pdf.Root.AcroForm = Dictionary(Fields=Array([field]), NeedAppearances=True)


def unseen_signature(pdf: Pdf) -> None:
    signed = Dictionary(Type=Name.Sig, Contents=String("ký"))
    bare_annotation(pdf, Subtype=Name.Widget, FT=Name.Sig, V=signed, Rect=Array([0, 0, 0, 0]))
    pdf.Root.AcroForm = Dictionary(Fields=pdf.pages[0].Annots, SigFlags=3)
    pdf.Root.Perms = Dictionary(DocMDP=signed)


def hidden_comment(pdf: Pdf) -> None:
    pdf.pages[0].Annots = Array([stamp(pdf, F=2)])


@pytest.mark.parametrize(
    "change",
    [
        links_and_bookmarks,
        metadata,
        structure,
        image_for_the_printer,
        layer_that_is_on,
        empty_form,
        unseen_signature,
        hidden_comment,
    ],
)
async def test_what_shows_nothing_stays_behind(desk: Desk, change: Change) -> None:
    await desk.rewrite(desk.pdf(change))  # which proves it


async def test_an_earlier_revision_stays_behind(desk: Desk) -> None:
    source = desk.pdf()
    with source.open("ab") as file:
        file.write(_revision(source.read_bytes()))
    assert b"secret" not in (await desk.rewrite(source)).read_bytes()


def _revision(before: bytes) -> bytes:
    """A second title, as an editor appends it."""
    start = len(before)
    title = b"9 0 obj\n<< /Title (secret) >>\nendobj\n"
    table = b"xref\n9 1\n%010d 00000 n \n" % start
    previous = before.rpartition(b"startxref")[2].split()[0]
    trailer = b"trailer\n<< /Size 10 /Root 1 0 R /Info 9 0 R /Prev %s >>\n" % previous
    return title + table + trailer + b"startxref\n%d\n%%%%EOF\n" % (start + len(title))


async def test_what_a_camera_wrote_stays_behind(desk: Desk) -> None:
    exif = Image.Exif()
    exif[0x010F] = "CameraMaker"
    source = desk.image(photo(), "JPEG", exif=exif, comment=b"Comment")
    source.write_bytes(source.read_bytes() + b"Trailer")
    clean = (await desk.rewrite(source)).read_bytes()
    for said in (b"CameraMaker", b"Comment", b"Trailer", b"Exif"):
        assert said in source.read_bytes()
        assert said not in clean


# What annotations show becomes part of the page.


@pytest.mark.parametrize(
    "entries",
    [
        {},
        {"Subtype": Name.Widget, "FT": Name.Tx, "V": String("Đào")},
        {"Subtype": Name.Widget, "FT": Name.Sig, "V": Dictionary(Type=Name.Sig)},
        {"Subtype": Name.FreeText},
    ],
)
async def test_a_stamp_a_signature_and_a_filled_field_are_still_seen(
    desk: Desk, entries: dict[str, Object]
) -> None:
    def add(pdf: Pdf) -> None:
        pdf.pages[0].Annots = Array([stamp(pdf, **entries)])

    with pikepdf.open(await desk.rewrite(desk.pdf(add))) as pdf:
        [face] = pdf.pages[0].obj["/Resources"]["/XObject"].values()
        assert b"0 1 0 rg" in face.read_bytes()
        assert b"Do" in b"".join(part.read_bytes() for part in pdf.pages[0].Contents)


async def test_nothing_is_written_over(desk: Desk) -> None:
    target = desk.put(b"kept")
    with pytest.raises(FileExistsError):
        await rewrite([desk.pdf()], target)
    assert target.read_bytes() == b"kept"


async def test_a_rewrite_that_nobody_waits_for_leaves_nothing(desk: Desk) -> None:
    target = desk.folder / "clean.pdf"
    waiting = asyncio.create_task(rewrite([desk.pdf(pages=200)], target))
    await asyncio.sleep(0)
    assert target.exists()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not target.exists()
