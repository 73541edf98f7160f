"""Proof that a PDF has pages and nothing else, from its bytes and not by the code that made it."""

import re
from pathlib import Path

import pikepdf
from pikepdf import Stream

_NAMES = """
3D AA AcroForm ActualText AF Alternates Annot Annots Collection Dests EF EmbeddedFile EmbeddedFiles
Encrypt FFilter FileAttachment Filespec GoTo GoToE GoToR ImportData Info JS JavaScript Launch
Metadata ModDate Movie Names OC OCG OCGs OCMD OCProperties OpenAction OPI Outlines PageLabels Perms
PieceInfo Popup Prev PTEX.InfoDict Ref Rendition RichMedia RichMediaContent SetOCGState Sig Sound
StructParent StructParents StructTreeRoot SubmitForm Thumb URI URL URLS Widget XFA XRef XRefStm
"""
FORBIDDEN = set(_NAMES.split())
CATALOG = {"/Type", "/Pages"}
TRAILER = {"/Root", "/Size", "/ID"}
_KEYS = "/Type /Parent /Contents /Resources /MediaBox /CropBox /Rotate /UserUnit /Group"
PAGE = set(_KEYS.split())

_STREAM = re.compile(rb"\nstream\n.*?\nendstream\n", re.DOTALL)
_NAME = re.compile(rb"/([^\s/<>\[\]()%]+)")
_GLYPHS = re.compile(rb"/(Differences \[[^\]]*\]|CharProcs <<[^>]*>>)")


def require_bare(path: Path) -> int:
    """How many pages it has."""
    content = path.read_bytes()
    assert content.startswith((b"%PDF-1.7\n", b"%PDF-2.0\n"))
    assert content.endswith(b"%%EOF\n")
    written = _STREAM.sub(b"\n", content)
    assert written.count(b"%%EOF") == written.count(b"\nstartxref\n") == 1
    names = {name.decode("latin-1") for name in _NAME.findall(_GLYPHS.sub(b"", written))}
    assert not names & FORBIDDEN, names & FORBIDDEN
    with pikepdf.open(path, attempt_recovery=False) as pdf:
        assert set(pdf.trailer.keys()) == TRAILER
        assert set(pdf.Root.keys()) == CATALOG
        assert not [thing for thing in pdf.objects if isinstance(thing, Stream) and "/F" in thing]
        for page in pdf.pages:
            assert set(page.obj.keys()) <= PAGE
        assert not [line for line in pdf.check_pdf_syntax() if line.startswith("ERROR")]
        return len(pdf.pages)
