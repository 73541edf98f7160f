"""A PDF that some readers would find to be another document is refused, what is in use is not."""

import base64
import io
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import img2pdf
import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String

from documents.bounds import MOST_CONTENT_BYTES
from documents.pdf_inspection import inspect_pdf
from documents.refused import Verdict

from .desk import photo
from .raw import CATALOG, ONE_PAGE, PAGES, ROOT, hybrid, one_page, raw_pdf, stream, updated

Find = Callable[[bytes], Verdict]

SCRIPT = b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >>"


@pytest.fixture
def find(tmp_path: Path) -> Find:
    def find(content: bytes) -> Verdict:
        path = tmp_path / "paper.pdf"
        path.write_bytes(content)
        return inspect_pdf(str(path))

    return find


def saved(pdf: Pdf, **how: object) -> bytes:
    content = io.BytesIO()
    pdf.save(content, **how)  # pyright: ignore[reportArgumentType] - whatever a test wants
    return content.getvalue()


def blank(**how: object) -> bytes:
    pdf = Pdf.new()
    pdf.add_blank_page()
    return saved(pdf, **how)


# What programs in use write.


def with_streams_of_objects() -> bytes:
    return blank(object_stream_mode=pikepdf.ObjectStreamMode.generate)


def linearized_and_updated() -> bytes:
    before = blank(linearize=True)
    with pikepdf.open(io.BytesIO(before)) as pdf:
        root, number = pdf.Root.objgen[0], len(pdf.objects) + 1
    return updated(before, {number: b"<< /Title (x) >>"}, b"/Root %d 0 R" % root)


def scanned() -> bytes:
    content = io.BytesIO()
    photo().save(content, "JPEG")
    return img2pdf.convert(io.BytesIO(content.getvalue())) or b""


def as_reportlab_writes() -> bytes:
    text = base64.a85encode(zlib.compress(b"BT /F1 12 Tf (Xin) Tj ET")) + b"~>"
    font = b"<< /BaseFont /Helvetica /Encoding /WinAnsiEncoding /Name /F1 /Subtype /Type1"
    page = (
        b"<< /Contents 4 0 R /MediaBox [0 0 595.2756 841.8898] /Parent 2 0 R /Resources <<\n"
        b"/Font << /F1 5 0 R >> /ProcSet [/PDF /Text /ImageB] >> /Rotate 0 /Trans << >> "
        b"/Type /Page >>"
    )
    return raw_pdf(
        {
            1: b"<< /PageMode /UseNone /Pages 2 0 R /Type /Catalog >>",
            2: PAGES,
            3: page,
            4: stream(text, b"/Filter [/ASCII85Decode /FlateDecode]"),
            5: font + b" /Type /Font >>",
        },
        head=b"%PDF-1.4\n%\x93\x8c\x8b\x9e ReportLab Generated PDF document\n",
    )


def as_word_writes() -> bytes:
    return hybrid(ONE_PAGE, {5: b"<< /Type /StructTreeRoot >>"})


def signed_after_it_was_edited() -> bytes:
    edited = updated(one_page(), {4: stream(b"BT  ET")})
    field = b"<< /FT /Sig /T (a) /V 6 0 R /Subtype /Widget /Rect [0 0 0 0] /P 3 0 R >>"
    signed = b"<< /Type /Sig /Filter /Adobe.PPKLite /ByteRange [0 9 9 9] /Contents <00> >>"
    form = b"<< /Fields [5 0 R] /SigFlags 3 >>"
    catalog = b"<< /Type /Catalog /Pages 2 0 R /AcroForm %s >>" % form
    return updated(edited, {1: catalog, 5: field, 6: signed})


def without_a_count_of_its_objects() -> bytes:
    return one_page().replace(b"/Size 5", b"/Size 9")


def padded_by_a_scanner() -> bytes:
    return one_page() + b"\r\n" + bytes(300)


@pytest.mark.parametrize(
    "make",
    [
        blank,
        with_streams_of_objects,
        linearized_and_updated,
        scanned,
        as_reportlab_writes,
        as_word_writes,
        signed_after_it_was_edited,
        without_a_count_of_its_objects,
        padded_by_a_scanner,
    ],
)
def test_what_programs_in_use_write_is_clean(find: Find, make: Callable[[], bytes]) -> None:
    assert find(make()) == {"verdict": "clean", "pages": 1}


# Where readers would differ.


def archive_after_it() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("x.exe", b"MZ")
    return content.getvalue()


def also_an_archive() -> bytes:
    """The PDF's end stands in the archive's comment."""
    archive, end = archive_after_it()[:-2], one_page().partition(b"xref")
    comment = b"".join(end[1:])
    return end[0] + archive + len(comment).to_bytes(2, "little") + comment


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\n" + one_page(), "it does not begin as a PDF"),
        (one_page() + b"MZ", "it does not end as a PDF"),
        (one_page() + archive_after_it(), "it does not end as a PDF"),
        (one_page()[:-6], "it does not end as a PDF"),
        (b"%PDF-1.7\n", "it does not end as a PDF"),
        (also_an_archive(), "it is an archive too"),
        (raw_pdf(ONE_PAGE, head=b"%PDF-1.7 <HTML><script>\n"), "it begins as a web page too"),
        (hybrid(ONE_PAGE, {4: stream(b"q Q")}), "its two indexes differ"),
        (one_page({5: b"[" * 600 + b"]" * 600}), "nested data structure"),
        (one_page({5: b"9" * 30}), "treating object as null"),
        (one_page({4: b"<< /Length 4 0 R >>\nstream\n\nendstream"}), "loop detected"),
        (one_page({4: b"<< /Length 99 >>\nstream\n\nendstream"}), "expected endstream"),
        (one_page({3: b"<< /Type /Page /Parent 2 0 R >>"}), "MediaBox is undefined"),
        (one_page({1: CATALOG[:-2] + SCRIPT + b" /OpenAction null >>"}), "duplicated key"),
    ],
)
def test_a_pdf_that_can_be_read_in_two_ways_is_damaged(
    find: Find, content: bytes, why: str
) -> None:
    verdict = find(content)
    assert verdict["verdict"] == "damaged"
    assert why in str(verdict["why"])


def test_a_catalog_in_the_trailer_is_looked_at(find: Find) -> None:
    trailer = b"/Root << /Type /Catalog /Pages 2 0 R %s >>"
    assert find(one_page(trailer=trailer % SCRIPT)) == {
        "verdict": "active",
        "found": ["JavaScript", "OpenAction"],
    }
    assert find(one_page(trailer=trailer % b""))["verdict"] == "clean"


def test_a_script_in_a_later_revision_is_found(find: Find) -> None:
    later = updated(one_page(), {1: CATALOG[:-2] + SCRIPT + b" >>"}, ROOT)
    assert find(later)["verdict"] == "active"


# What would take too much.


def test_a_stream_that_unpacks_to_a_flood_is_too_large(find: Find) -> None:
    packed = zlib.compress(bytes(MOST_CONTENT_BYTES + 1))
    page = one_page({4: stream(packed, b"/Filter /FlateDecode")})
    most = MOST_CONTENT_BYTES
    assert find(page) == {"verdict": "large", "what": "unpacked", "most": most}


def test_a_chain_of_filters_is_damage(find: Find) -> None:
    filters = b"/Filter [" + b"/ASCIIHexDecode " * 5 + b"]"
    assert find(one_page({4: stream(b">" * 5, filters)}))["verdict"] == "damaged"


def test_an_image_in_the_contents_has_no_more_pixels_than_another(find: Find) -> None:
    image = b"q BI /W 100000 /H 100000 /BPC 1 /CS /G ID \x00 EI Q"
    assert find(one_page({4: stream(image)}))["verdict"] == "large"


def test_a_picture_that_cannot_be_unpacked_is_damage(find: Find) -> None:
    pdf = Pdf.new()
    page = pdf.add_blank_page()
    page.Contents = Stream(pdf, b"/Im0 Do")
    image = Stream(pdf, b"no JPEG", Filter=Name.DCTDecode, Subtype=Name.Image, Width=1, Height=1)
    page.Resources = Dictionary(XObject=Dictionary(Im0=image))
    assert find(saved(pdf))["verdict"] == "damaged"


def test_numbers_that_are_none_are_damage(find: Find) -> None:
    pdf = Pdf.new()
    pdf.add_blank_page().obj[Name.UserUnit] = String("x")
    assert find(saved(pdf))["verdict"] == "damaged"
    pdf.pages[0].obj[Name.UserUnit] = Array()
    assert find(saved(pdf))["verdict"] == "damaged"
