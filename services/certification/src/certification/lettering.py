"""Letters: the fonts of copies (`fonts/`), their widths, and text as the codes of their glyphs."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Any, cast

from fontTools.ttLib import TTFont

_UNITS = 1000
"""PDF counts widths in thousandths of the size."""


@dataclass(frozen=True)
class Face:
    """One font file. Lengths are in points."""

    name: str
    program: bytes
    glyphs: dict[int, int]
    widths: tuple[int, ...]
    ascent: int
    descent: int
    box: tuple[int, int, int, int]

    def width(self, text: str, size: float) -> float:
        return sum(self.widths[glyph] for glyph in self._glyphs(text)) * size / _UNITS

    def codes(self, text: str) -> bytes:
        """The text as an operand of a text operator."""
        return b"<%s>" % "".join(f"{glyph:04X}" for glyph in self._glyphs(text)).encode()

    def lines(self, text: str, size: float, width: float) -> Sequence[str]:
        """As few as fit into `width`, about equally long; only a single word may be wider."""
        fewest = self._broken(text, size, width)
        longest_word = max((self.width(word, size) for word in text.split()), default=0)
        while (width := width - size / 2) > longest_word:
            lines = self._broken(text, size, width)
            if len(lines) > len(fewest):
                break
            fewest = lines
        return fewest

    def _broken(self, text: str, size: float, width: float) -> list[str]:
        lines: list[str] = []
        for word in text.split():
            longer = f"{lines[-1]} {word}" if lines else word
            if lines and self.width(longer, size) <= width:
                lines[-1] = longer
            else:
                lines.append(word)
        return lines

    def _glyphs(self, text: str) -> list[int]:
        return [self._glyph(character) for character in unicodedata.normalize("NFC", text)]

    def _glyph(self, character: str) -> int:
        """A letter that the file lacks loses its marks; without a base it is a question mark."""
        base = unicodedata.normalize("NFKD", character)[0]
        known = self.glyphs
        return known.get(ord(character)) or known.get(ord(base)) or known[ord("?")]


@cache
def regular() -> Face:
    return _read("tinos-regular.ttf", "MOTCUA+Tinos-Regular")


@cache
def bold() -> Face:
    return _read("tinos-bold.ttf", "MOTCUB+Tinos-Bold")


def _read(file: str, name: str) -> Face:
    program = files("certification.fonts").joinpath(file).read_bytes()
    font = TTFont(BytesIO(program))
    order = {glyph: index for index, glyph in enumerate(font.getGlyphOrder())}
    # fontTools makes the fields of a table when it reads them: no type checker knows them.
    head, lines = cast("Any", font["head"]), cast("Any", font["hhea"])
    scale = _UNITS / head.unitsPerEm
    return Face(
        name=name,
        program=program,
        glyphs={code: order[glyph] for code, glyph in (font.getBestCmap() or {}).items()},
        widths=tuple(round(font["hmtx"][glyph][0] * scale) for glyph in order),
        ascent=round(lines.ascent * scale),
        descent=round(lines.descent * scale),
        box=tuple(round(edge * scale) for edge in (head.xMin, head.yMin, head.xMax, head.yMax)),
    )
