"""The band below a copy: attestation, QR code, room for two signatures. Lengths are in points.

It is laid out from the top down with y counted from there, then moved up by the height it took.
"""

from dataclasses import dataclass

import segno

from certification.attestation import Wording
from certification.drawing import GREY, Drawing, Pen, Point
from certification.measures import PERSON_SIZE, SEAL_DIAMETER, SEAL_SIZE

NARROWEST, WIDEST = 470.0, 595.0
"""Of the band: what its text needs, and A4."""

_MARGIN, _EDGE = 26.0, 8.0
_QR_SIDE = 84.0
_HEADING, _PLAIN, _HEAVY, _SMALL = Pen(12, heavy=True), Pen(11), Pen(11, heavy=True), Pen(9)
_LEADING = 1.32
"""Room for stacked marks."""


@dataclass(frozen=True)
class Band:
    """What is drawn, and the lower left corners of the two signatures."""

    content: bytes
    height: float
    person: Point
    seal: Point


class _Column:
    """Centred lines, one below the other."""

    def __init__(self, drawing: Drawing, top: Point, *, width: float) -> None:
        self._drawing = drawing
        self._middle = top.x
        self._width = width
        self.y = top.y

    def write(self, text: str, pen: Pen) -> None:
        for line in pen.lines(text, self._width):
            self.y -= pen.size * _LEADING
            self._drawing.centre(line, Point(self._middle, self.y), pen)


def draw_band(words: Wording, check_url: str, width: float) -> Band:
    drawing = Drawing()
    drawing.line(Point(_MARGIN, 0), Point(width - _MARGIN, 0), width=0.5, colour=GREY)
    qr_foot = _draw_qr(drawing, words, check_url)
    left = _MARGIN + _QR_SIDE + _EDGE
    middle, room = (left + width - _MARGIN) / 2, width - _MARGIN - left
    head = _Column(drawing, Point(middle, -8), width=room)
    head.write(words.heading, _HEADING)
    head.write(words.number, _PLAIN)
    head.write(words.place_and_day, _PLAIN)
    person, seal = _draw_signatory(drawing, words, Point(width, head.y - 9))
    lowest = min(seal.y - 4, qr_foot)
    foot = _Column(drawing, Point(width / 2, lowest), width=width - 2 * _MARGIN)
    foot.write(words.how_to_check, _SMALL)
    height = 10 - foot.y
    content = b"q 1 0 0 1 0 %s cm\n%s\nQ" % (f"{height:.3f}".encode(), drawing.content)
    return Band(content, height, person.moved(y=height), seal.moved(y=height))


def _draw_qr(drawing: Drawing, words: Wording, check_url: str) -> float:
    """Gives back where it ends."""
    rows = segno.make(check_url, error="m", micro=False, boost_error=False).matrix
    corner = Point(_MARGIN, -14)
    drawing.modules(rows, corner, _QR_SIDE / len(rows))
    line = corner.moved(_QR_SIDE / 2, -_QR_SIDE - 13)
    drawing.centre(words.code_label, line, Pen(8.5))
    return line.y - 8


def _draw_signatory(drawing: Drawing, words: Wording, corner: Point) -> tuple[Point, Point]:
    """Who signs, in the right-hand corner below `corner`; gives back where the person's signature
    goes, and the seal.

    The seal covers the left third of the person's signature (NĐ 30/2020/NĐ-CP annex I).
    """
    right = corner.x - _MARGIN - _EDGE
    left = right - PERSON_SIZE[0]
    middle = left + PERSON_SIZE[0] / 2
    width = 2 * (corner.x - _EDGE - middle)
    above = _Column(drawing, Point(middle, corner.y), width=width)
    above.write(words.agency, _HEAVY)
    above.write(words.signer_title, _HEAVY)
    seal = Point(left + PERSON_SIZE[0] / 3 - SEAL_SIZE[0], above.y + 2 - SEAL_DIAMETER)
    person = Point(left, seal.y + (SEAL_DIAMETER - PERSON_SIZE[1]) / 2)
    below = _Column(drawing, Point(middle, seal.y + 19), width=width)
    below.write(words.signer_name, _HEAVY)
    return person, Point(seal.x, min(seal.y, below.y))
