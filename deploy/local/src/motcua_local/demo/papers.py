"""A paper of the stories: a small, well-formed PDF of one page."""

_FONT = b"<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
_PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources %b >>"
_PARTS = (
    b"<< /Type /Catalog /Pages 2 0 R >>",
    b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    _PAGE % _FONT,
)


def pdf(title: str) -> bytes:
    """A PDF that says `title` (ASCII, no parentheses)."""
    text = f"BT /F1 18 Tf 60 780 Td ({title}) Tj ET".encode("ascii")
    content = b"<< /Length %d >>\nstream\n%b\nendstream" % (len(text), text)
    out, places = bytearray(b"%PDF-1.7\n"), list[int]()
    for number, part in enumerate((*_PARTS, content), start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, part)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(places) + 1,
        start,
    )
    return bytes(out)
