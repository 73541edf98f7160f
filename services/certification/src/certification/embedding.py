"""A font in a PDF."""

import zlib

import pikepdf
from pikepdf import Array, Dictionary, Name

from certification.lettering import Face

_SYMBOLIC, _BOLD = 1 << 2, 1 << 18


def embed(face: Face, pdf: pikepdf.Pdf) -> pikepdf.Object:
    """The font as an object of `pdf`: all of it, so nothing is subset while somebody waits, and the
    same text gives the same bytes.
    """
    program = pdf.make_stream(zlib.compress(face.program, 9))
    program.Filter, program.Length1 = Name.FlateDecode, len(face.program)
    descriptor = Dictionary(
        Type=Name.FontDescriptor,
        FontName=Name("/" + face.name),
        Flags=_SYMBOLIC | (_BOLD if face.name.endswith("Bold") else 0),
        FontBBox=Array(face.box),
        ItalicAngle=0,
        Ascent=face.ascent,
        Descent=face.descent,
        CapHeight=655,
        StemV=80,
        FontFile2=program,
    )
    letters = Dictionary(
        Type=Name.Font,
        Subtype=Name.CIDFontType2,
        BaseFont=Name("/" + face.name),
        CIDSystemInfo=Dictionary(Registry=b"Adobe", Ordering=b"Identity", Supplement=0),
        FontDescriptor=pdf.make_indirect(descriptor),
        CIDToGIDMap=Name.Identity,
        W=Array([0, Array(face.widths)]),
    )
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Font,
            Subtype=Name.Type0,
            BaseFont=Name("/" + face.name),
            Encoding=Name("/Identity-H"),
            DescendantFonts=Array([pdf.make_indirect(letters)]),
            ToUnicode=pdf.make_stream(_to_unicode(face)),
        )
    )


def _to_unicode(face: Face) -> bytes:
    """What lets readers search and copy: glyph codes back to letters."""
    letters = {glyph: code for code, glyph in sorted(face.glyphs.items(), reverse=True)}
    pairs = [f"<{glyph:04X}> <{code:04X}>" for glyph, code in sorted(letters.items())]
    blocks = [pairs[start : start + 100] for start in range(0, len(pairs), 100)]
    listed = "\n".join(
        f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks
    )
    return _CMAP.format(listed=listed).encode()


_CMAP = """\
/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
{listed}
endcmap
CMapName currentdict /CMap defineresource pop
end
end
"""
