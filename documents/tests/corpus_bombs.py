"""PDFs of a few kilobytes that would take gigabytes or hours."""

import zlib
from collections.abc import Mapping

from documents.kinds import DamagedFile, FileTooLarge

from .cases import kept, refused
from .raw import ONE_PAGE, PAGE, ROOT, one_page, raw_pdf, stream, streamed_index

FLATE = b"/Filter /FlateDecode"
MEGABYTE = 1024 * 1024
GIGABYTE = 1024 * MEGABYTE


def zeros(size: int) -> bytes:
    """Packed, without ever having them: one megabyte, again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    once = packer.compress(bytes(MEGABYTE)) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = (size % 65_521) << 16 | 1
    return b"\x78\xda" + once * (size // MEGABYTE) + b"\x03\0" + checksum.to_bytes(4)


def with_contents(content: bytes, filters: bytes) -> bytes:
    return one_page({4: stream(content, filters)})


def with_picture(width: int, height: int, content: bytes, entries: bytes = FLATE) -> bytes:
    size = b"/Width %d /Height %d " % (width, height)
    kind = b"/Type /XObject /Subtype /Image /BitsPerComponent 8 /ColorSpace /DeviceGray "
    shown = PAGE.replace(b"/Resources << >>", b"/Resources << /XObject << /A 9 0 R >> >>")
    return one_page({3: shown, 4: stream(b"/A Do"), 9: stream(content, kind + size + entries)})


# Unpacked.


@refused(FileTooLarge)
def contents_of_a_gigabyte() -> bytes:
    return with_contents(zeros(GIGABYTE), FLATE)


@refused(FileTooLarge)
def picture_of_a_gigabyte() -> bytes:
    return with_picture(100, 100, zeros(GIGABYTE))


@refused(FileTooLarge)
def packed_twice() -> bytes:
    packed = zlib.compress(zeros(4 * GIGABYTE))
    return with_contents(packed, b"/Filter [/FlateDecode /FlateDecode]")


@refused(DamagedFile)
def packed_ten_times() -> bytes:
    packed = bytes(100)
    for _ in range(10):
        packed = zlib.compress(packed)
    return with_contents(packed, b"/Filter [" + b"/FlateDecode " * 10 + b"]")


@refused(FileTooLarge)
def runs_of_zeros_packed() -> bytes:
    runs = zlib.compress(b"\x81\0" * (8 * MEGABYTE), 9)
    return with_contents(runs, b"/Filter [/FlateDecode /RunLengthDecode]")


@refused(DamagedFile)
def packed_by_lzw() -> bytes:
    return with_contents(_lzw_zeros(160), b"/Filter /LZWDecode")


def _lzw_zeros(times: int) -> bytes:
    """Each time through the whole table are seven megabytes in five kilobytes."""
    bits, count = 0, 0
    codes = [256, 0, *range(258, 4095)]
    for place, code in enumerate(codes):
        width = max(9, (257 + place).bit_length()) if place else 9
        bits, count = bits << width | code, count + width
    padding = -count % 8
    once = (bits << padding).to_bytes((count + padding) // 8)
    return once * times


@refused(DamagedFile)
def rows_of_two_gigabytes() -> bytes:
    rows = b"/DecodeParms << /Predictor 12 /Columns 2147483647 >>"
    return with_contents(zeros(MEGABYTE), FLATE + rows)


@refused(FileTooLarge)
def objects_in_a_stream_of_a_gigabyte() -> bytes:
    packed = stream(zeros(GIGABYTE), b"/Type /ObjStm /N 1 /First 4 " + FLATE)
    return streamed_index({**ONE_PAGE, 10: packed}, {9: (10, 0)})


@refused(DamagedFile)
def index_in_a_stream_of_a_gigabyte() -> bytes:
    return streamed_index(ONE_PAGE, {}, packed=zeros(GIGABYTE))


# Counted.


def _pages(objects: Mapping[int, bytes], kids: bytes, count: int) -> bytes:
    above = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, count)
    return raw_pdf({**ONE_PAGE, 2: above, **objects}, ROOT)


@refused(FileTooLarge)
def ten_thousand_pages() -> bytes:
    pages = dict.fromkeys(range(10, 10_010), PAGE)
    return _pages(pages, b" ".join(b"%d 0 R" % number for number in pages), 10_000)


@refused(FileTooLarge)
def one_page_ten_thousand_times() -> bytes:
    return _pages({}, b"3 0 R " * 10_000, 10_000)


@kept(FileTooLarge)
def two_hundred_and_one_pages() -> bytes:
    pages = dict.fromkeys(range(10, 211), PAGE)
    return _pages(pages, b" ".join(b"%d 0 R" % number for number in pages), 201)


@refused(DamagedFile)
def three_hundred_thousand_objects_and_some() -> bytes:
    return one_page(dict.fromkeys(range(10, 300_010), b"0"))


@kept(FileTooLarge)
def page_as_large_as_a_field() -> bytes:
    return one_page({3: PAGE.replace(b"[0 0 200 200]", b"[0 0 1000000000 1000000000]")})


@kept(FileTooLarge)
def page_large_by_its_unit() -> bytes:
    return one_page({3: PAGE[:-2] + b"/UserUnit 1000000 >>"})


@refused(FileTooLarge)
def picture_of_ten_thousand_million_pixels() -> bytes:
    return with_picture(100_000, 100_000, zeros(MEGABYTE))


@kept(FileTooLarge)
def picture_of_a_hundred_and_one_million_pixels() -> bytes:
    return with_picture(10_100, 10_000, b"/A", b"/Filter /JPXDecode")


@refused(FileTooLarge)
def picture_in_the_contents() -> bytes:
    image = b"q BI /W 100000 /H 100000 /BPC 1 /CS /G ID \0 EI Q"
    return one_page({4: stream(image)})


@refused(FileTooLarge)
def forms_that_draw_forms_ten_times_each() -> bytes:
    form = (
        b"/Type /XObject /Subtype /Form /BBox [0 0 1 1] /Resources << /XObject << /A %d 0 R >> >>"
    )
    forms = {n: stream(b"/A Do " * 10, form % (n + 1)) for n in range(10, 20)}
    shown = PAGE.replace(b"/Resources << >>", b"/Resources << /XObject << /A 10 0 R >> >>")
    return one_page({3: shown, 4: stream(b"/A Do"), **forms, 20: stream(b"f", form % 10)})


@refused(DamagedFile)
def forms_a_thousand_deep() -> bytes:
    form = (
        b"/Type /XObject /Subtype /Form /BBox [0 0 1 1] /Resources << /XObject << /A %d 0 R >> >>"
    )
    forms = {n: stream(b"/A Do", form % (n + 1)) for n in range(10, 1_010)}
    shown = PAGE.replace(b"/Resources << >>", b"/Resources << /XObject << /A 10 0 R >> >>")
    return one_page({3: shown, 4: stream(b"/A Do"), **forms, 1_010: stream(b"f", form % 10)})
