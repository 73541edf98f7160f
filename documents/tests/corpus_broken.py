"""PDFs that are no whole PDF, are something else besides, or lead a parser in circles."""

import io
import zipfile
from collections.abc import Callable

from documents.kinds import DamagedFile, WrongType

from .cases import harmless, refused
from .raw import (
    CATALOG,
    ONE_PAGE,
    PAGE,
    PAGES,
    ROOT,
    hybrid,
    one_page,
    raw_pdf,
    stream,
    updated,
)

WHOLE = one_page({9: stream(b"0 0 9 9 re f")})


def archive() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr("x.exe", b"MZ")
    return content.getvalue()


# No whole PDF.


def _cut(share: float) -> Callable[[], bytes]:
    return lambda: WHOLE[: round(len(WHOLE) * share)]


for _share in (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99):
    _build = _cut(_share)
    _build.__name__ = f"cut_off_at_{round(_share * 100)}_percent"
    refused(DamagedFile)(_build)


@refused(WrongType)
def nothing() -> bytes:
    return b""


@refused(DamagedFile)
def a_header_alone() -> bytes:
    return b"%PDF-1.7\n"


@refused(DamagedFile)
def a_header_and_an_end() -> bytes:
    return b"%PDF-1.7\n%%EOF\n"


@refused(DamagedFile)
def zeros_after_the_header() -> bytes:
    return b"%PDF-1.7\n" + bytes(100_000)


@refused(DamagedFile)
def no_end() -> bytes:
    return WHOLE.removesuffix(b"%%EOF\n")


@refused(DamagedFile)
def index_elsewhere() -> bytes:
    before, word, after = WHOLE.rpartition(b"startxref\n")
    return before + word + str(int(after.split()[0]) - 7).encode() + b"\n%%EOF\n"


@refused(DamagedFile)
def index_that_leads_nowhere() -> bytes:
    return WHOLE.replace(b"00000 n", b"00000 f")


@refused(DamagedFile)
def index_that_leads_beside() -> bytes:
    at = WHOLE.index(b"4 0 obj")
    return WHOLE.replace(b"%010d 00000 n" % at, b"%010d 00000 n" % (at + 3))


@refused(DamagedFile)
def index_of_a_thousand_million() -> bytes:
    return WHOLE.replace(b"xref\n0 1\n", b"xref\n0 1000000000\n", 1)


@refused(DamagedFile)
def no_catalog() -> bytes:
    return one_page(trailer=b"")


@refused(DamagedFile)
def catalog_that_is_missing() -> bytes:
    return one_page(trailer=b"/Root 77 0 R")


@refused(DamagedFile)
def catalog_without_pages() -> bytes:
    return one_page({1: b"<< /Type /Catalog >>"})


@refused(DamagedFile)
def pages_that_are_a_number() -> bytes:
    return one_page({2: b"5"})


@refused(DamagedFile)
def no_page_at_all() -> bytes:
    return one_page({2: b"<< /Type /Pages /Kids [] /Count 0 >>"})


@refused(DamagedFile)
def page_without_a_size() -> bytes:
    return one_page({3: PAGE.replace(b"/MediaBox [0 0 200 200]", b"")})


@refused(DamagedFile)
def page_with_words_for_its_size() -> bytes:
    return one_page({3: PAGE.replace(b"[0 0 200 200]", b"[(a) /b null []]")})


@refused(DamagedFile)
def stream_shorter_than_it_says() -> bytes:
    return one_page({4: b"<< /Length 999999 >>\nstream\nBT ET\nendstream"})


@refused(DamagedFile)
def stream_longer_than_it_says() -> bytes:
    return one_page({4: b"<< /Length 1 >>\nstream\nBT ET\nendstream"})


@refused(DamagedFile)
def stream_of_a_length_below_nothing() -> bytes:
    return one_page({4: b"<< /Length -1 >>\nstream\nBT ET\nendstream"})


@refused(DamagedFile)
def stream_without_an_end() -> bytes:
    return one_page({4: b"<< /Length 5 >>\nstream\nBT ET"})


@refused(DamagedFile)
def stream_that_cannot_be_unpacked() -> bytes:
    return one_page({4: stream(b"\xff" * 50, b"/Filter /FlateDecode")})


@refused(DamagedFile)
def picture_that_cannot_be_unpacked() -> bytes:
    return _picture(b"/Filter /DCTDecode", b"\xff\xd8\xff no JPEG")


@harmless()
def picture_of_garbage_in_jbig2() -> bytes:
    return _picture(b"/Filter /JBIG2Decode", bytes(range(256)))


@harmless()
def picture_of_garbage_in_jpeg_2000() -> bytes:
    return _picture(b"/Filter /JPXDecode", bytes(range(256)))


def _picture(entries: bytes, content: bytes) -> bytes:
    kind = b"/Type /XObject /Subtype /Image /Width 9 /Height 9 /BitsPerComponent 1 "
    shown = b"/Resources << /XObject << /A 9 0 R >> >>"
    return one_page(
        {
            3: PAGE.replace(b"/Resources << >>", shown),
            4: stream(b"/A Do"),
            9: stream(content, kind + b"/ColorSpace /DeviceGray " + entries),
        }
    )


# What a parser has to guess.


@refused(DamagedFile)
def number_with_four_hundred_digits() -> bytes:
    return one_page({9: b"9" * 400})


@refused(DamagedFile)
def arrays_ten_thousand_deep() -> bytes:
    return one_page({9: b"[" * 10_000 + b"]" * 10_000})


@refused(DamagedFile)
def dictionaries_ten_thousand_deep() -> bytes:
    return one_page({9: b"<< /A " * 10_000 + b"null" + b" >>" * 10_000})


@refused(DamagedFile)
def arrays_in_the_contents_ten_thousand_deep() -> bytes:
    return one_page({4: stream(b"[" * 10_000 + b"]" * 10_000 + b" TJ")})


@refused(DamagedFile)
def name_with_a_null() -> bytes:
    return one_page({1: CATALOG[:-2] + b"/A#00B 1 >>"})


@refused(DamagedFile)
def entry_that_stands_twice() -> bytes:
    return one_page({3: PAGE[:-2] + b"/Contents null >>"})


@harmless()
def text_in_no_encoding() -> bytes:
    return one_page({1: CATALOG[:-2] + b"/Lang <FEFFD800> /Lang2 <FFFE00> >>"})


@harmless()
def count_of_two_thousand_million() -> bytes:
    return one_page({2: PAGES.replace(b"/Count 1", b"/Count 2147483647")})


# Circles.


@refused(DamagedFile)
def pages_within_themselves() -> bytes:
    return one_page({2: b"<< /Type /Pages /Kids [3 0 R 2 0 R] /Count 2 >>"})


@refused(DamagedFile)
def pages_within_each_other() -> bytes:
    below = b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"
    return one_page({2: b"<< /Type /Pages /Kids [9 0 R] /Count 1 >>", 9: below})


@refused(DamagedFile)
def pages_ten_thousand_deep() -> bytes:
    chain = {n: b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % (n + 1) for n in range(10, 10_010)}
    return one_page({2: b"<< /Type /Pages /Kids [10 0 R] /Count 1 >>", **chain, 10_010: PAGE})


@harmless()
def page_above_itself() -> bytes:
    return one_page({3: PAGE.replace(b"/Parent 2 0 R", b"/Parent 3 0 R")})


@refused(DamagedFile)
def stream_that_is_its_own_length() -> bytes:
    return one_page({4: b"<< /Length 4 0 R >>\nstream\nBT ET\nendstream"})


@refused(DamagedFile)
def object_that_is_itself() -> bytes:
    return one_page({9: b"9 0 R"})


@refused(DamagedFile)
def index_before_itself() -> bytes:
    return WHOLE.replace(b"/Root", b"/Prev %d /Root" % WHOLE.index(b"xref\n0 1"))


@refused(DamagedFile)
def index_in_a_circle_of_two() -> bytes:
    first = WHOLE.replace(b"/Root", b"/Prev 00000000 /Root")
    whole = updated(first, {9: b"null"})
    last = whole.rindex(b"xref\n0 1\n")
    return whole.replace(b"/Prev 00000000", b"/Prev %08d" % last)


@harmless()
def form_that_draws_itself() -> bytes:
    drawing = (
        b"/Type /XObject /Subtype /Form /BBox [0 0 1 1] /Resources << /XObject << /A 9 0 R >> >>"
    )
    shown = PAGE.replace(b"/Resources << >>", b"/Resources << /XObject << /A 9 0 R >> >>")
    return one_page({3: shown, 4: stream(b"/A Do"), 9: stream(b"/A Do", drawing)})


# Something else besides.


@refused(WrongType)
def bytes_before_it() -> bytes:
    return b"MZ\n" + WHOLE


@refused(DamagedFile)
def bytes_after_it() -> bytes:
    return WHOLE + b"MZ" * 100


@refused(DamagedFile)
def archive_after_it() -> bytes:
    return WHOLE + archive()


@refused(DamagedFile)
def archive_that_ends_as_a_pdf() -> bytes:
    before, end = WHOLE[: WHOLE.index(b"xref\n0 1")], WHOLE[WHOLE.index(b"xref\n0 1") :]
    return before + archive()[:-2] + len(end).to_bytes(2, "little") + end


@refused(DamagedFile)
def web_page_that_is_a_pdf() -> bytes:
    return raw_pdf(ONE_PAGE, head=b"%PDF-1.7 <!DOCTYPE html><script>alert(1)</script>\n")


@refused(DamagedFile)
def second_index_that_shows_other_contents() -> bytes:
    return hybrid(ONE_PAGE, {4: stream(b"0 0 99 99 re f")})


@harmless()
def second_index_as_word_writes_it() -> bytes:
    return hybrid(ONE_PAGE, {5: b"<< /Type /StructTreeRoot >>"})


@harmless()
def revision_of_a_signer() -> bytes:
    return updated(WHOLE, {9: b"<< /Type /Sig /Contents <00> >>"}, ROOT)
