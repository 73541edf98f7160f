"""PDFs written byte by byte, as no library would write them."""

import io
import struct
from collections.abc import Mapping

Objects = Mapping[int, bytes]

CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Resources << >> /Contents 4 0 R >>"
ONE_PAGE: Objects = {1: CATALOG, 2: PAGES, 3: PAGE, 4: b"<< /Length 5 >>\nstream\nBT ET\nendstream"}
ROOT = b"/Root 1 0 R"


def stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), entries, content)


def raw_pdf(objects: Objects, trailer: bytes = ROOT, *, head: bytes = b"%PDF-1.7\n") -> bytes:
    """A whole PDF of these objects, with one index."""
    file, offsets = _written(objects, head)
    return file + _ending(file, offsets, trailer)


def one_page(changes: Objects | None = None, trailer: bytes = ROOT) -> bytes:
    """A PDF of one page, with some objects more or other."""
    return raw_pdf({**ONE_PAGE, **(changes or {})}, trailer)


def updated(before: bytes, objects: Objects, trailer: bytes = ROOT) -> bytes:
    """With a revision more, as editors and signers append it."""
    previous = before.rpartition(b"startxref")[2].split()[0]
    file, offsets = _written(objects, before)
    return file + _ending(file, offsets, trailer + b" /Prev " + previous)


def hybrid(table: Objects, streamed: Objects) -> bytes:
    """With two indexes as Word writes them: a table, and after it an empty one that leads to a
    stream in which also what is `streamed` is found.
    """
    file, offsets = _written(table, b"%PDF-1.7\n")
    file, more = _written(streamed, file)
    number = max([*table, *streamed]) + 1
    places = offsets | more | {number: len(file)}
    rows = b"".join(struct.pack(">BIH", 1, place, 0) for _, place in sorted(places.items()))
    index = b"".join(b"%d 1 " % each for each in sorted(places))
    entries = b"/Type /XRef /Size %d /W [1 4 2] /Index [%s] %s" % (number + 1, index, ROOT)
    at = len(file)
    file += b"%d 0 obj\n%s\nendobj\n" % (number, stream(rows, entries))
    first = len(file)
    file += _ending(file, offsets, ROOT)
    second = len(file)
    trailer = b"<< /Size %d %s /Prev %d /XRefStm %d >>" % (number + 1, ROOT, first, at)
    return file + b"xref\n0 0\ntrailer\n%s\nstartxref\n%d\n%%%%EOF" % (trailer, second)


def streamed_index(
    objects: Objects, compressed: Mapping[int, tuple[int, int]], *, packed: bytes | None = None
) -> bytes:
    """With an index in a stream alone; `compressed` objects lie in a stream, at a place in it, and
    `packed` is the index instead of the right one.
    """
    file, offsets = _written(objects, b"%PDF-1.7\n")
    number, at = max([*objects, *compressed]) + 1, len(file)
    rows = {place: (1, offset, 0) for place, offset in offsets.items()}
    rows |= {place: (2, *where) for place, where in compressed.items()} | {number: (1, at, 0)}
    content = packed or b"".join(struct.pack(">BIH", *row) for _, row in sorted(rows.items()))
    places = b"".join(b"%d 1 " % each for each in sorted(rows))
    index = b"/Index [%s]" % places if packed is None else b"/Filter /FlateDecode"
    size = number + 1 if packed is None else 2**27
    entries = b"/Type /XRef /Size %d /W [1 4 2] %s %s" % (size, index, ROOT)
    return file + b"%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (
        number,
        stream(content, entries),
        at,
    )


def _written(objects: Objects, before: bytes) -> tuple[bytes, dict[int, int]]:
    file, offsets = io.BytesIO(), dict[int, int]()
    file.write(before)
    for number, content in objects.items():
        offsets[number] = file.tell()
        file.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    return file.getvalue(), offsets


def _ending(before: bytes, offsets: Mapping[int, int], trailer: bytes) -> bytes:
    table = b"".join(
        b"%d 1\n%010d 00000 n \n" % (number, offset) for number, offset in sorted(offsets.items())
    )
    size = max(offsets, default=0) + 1
    whole = b"xref\n0 1\n0000000000 65535 f \n%strailer\n<< /Size %d %s >>\n" % (
        table,
        size,
        trailer,
    )
    return whole + b"startxref\n%d\n%%%%EOF\n" % len(before)
