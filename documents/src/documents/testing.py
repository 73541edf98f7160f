"""Small files for the tests of whoever keeps files. The images are headers without pixels."""

from io import BytesIO

import pikepdf


def pdf(**save: object) -> bytes:
    paper, content = pikepdf.Pdf.new(), BytesIO()
    paper.add_blank_page()
    paper.save(content, **save)  # pyright: ignore[reportArgumentType] - whatever a test wants
    return content.getvalue()


def active_pdf() -> bytes:
    """One that runs a script when it is opened."""
    paper, content = pikepdf.Pdf.new(), BytesIO()
    paper.add_blank_page()
    paper.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
    paper.save(content)
    return content.getvalue()


def png(width: int = 800, height: int = 600) -> bytes:
    size = width.to_bytes(4) + height.to_bytes(4)
    header = b"\x00\x00\x00\x0dIHDR" + size + b"\x08\x02\x00\x00\x00" + bytes(4)
    return b"\x89PNG\r\n\x1a\n" + header + b"\x00\x00\x00\x00IEND\xaeB`\x82"


def jpeg(width: int = 800, height: int = 600, trailer: bytes = b"") -> bytes:
    frame = b"\xff\xc0\x00\x11\x08" + height.to_bytes(2) + width.to_bytes(2) + bytes(10)
    exif = b"\xff\xe1\x10\x00" + bytes(0x1000 - 2)
    return b"\xff\xd8" + exif + frame + b"\xff\xda\x00\x02" + bytes(100) + b"\xff\xd9" + trailer
