"""What is drawn on a page, as the operators of a PDF. Lengths are in points, y goes up."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from certification.lettering import Face, bold, regular

BLACK, RED, BLUE, GREY = "0 0 0", "0.82 0.07 0.09", "0.07 0.16 0.55", "0.55 0.55 0.55"

FONTS = {"R": regular, "B": bold}
"""Names of the faces in the resources of whatever is drawn."""
_NAMES = {face: name for name, face in FONTS.items()}

_QUARTER = 0.5522847498
"""How far the control points of a quarter circle lie from its ends, for a radius of 1."""


class Point(NamedTuple):
    x: float
    y: float

    def moved(self, x: float = 0, y: float = 0) -> "Point":
        return Point(self.x + x, self.y + y)


@dataclass(frozen=True)
class Pen:
    """How letters look."""

    size: float
    heavy: bool = False
    colour: str = BLACK
    slant: float = 0

    @property
    def face(self) -> Face:
        return bold() if self.heavy else regular()

    def width(self, text: str) -> float:
        return self.face.width(text, self.size)

    def lines(self, text: str, width: float) -> list[str]:
        return list(self.face.lines(text, self.size, width))


class Drawing:
    """Collects operators; `content` is what goes into the stream."""

    def __init__(self) -> None:
        self._operators: list[str] = []

    @property
    def content(self) -> bytes:
        return "\n".join(self._operators).encode()

    def draw(self, *operators: str) -> None:
        self._operators.extend(operators)

    def write(self, text: str, at: Point, pen: Pen) -> None:
        """From `at` to the right, on its line."""
        self._letters(text, pen, _matrix(1, 0, pen.slant, 1, *at))

    def centre(self, text: str, at: Point, pen: Pen) -> None:
        self.write(text, at.moved(-pen.width(text) / 2), pen)

    def along(self, text: str, centre: Point, pen: Pen, *, radius: float) -> None:
        """Around a circle, its middle at the top, upright as seen from the centre."""
        angle = math.pi / 2 + pen.width(text) / radius / 2
        for letter in text:
            half = pen.width(letter) / radius / 2
            angle -= half
            tangent = angle - math.pi / 2
            foot = centre.moved(radius * math.cos(angle), radius * math.sin(angle))
            start = foot.moved(
                -half * radius * math.cos(tangent), -half * radius * math.sin(tangent)
            )
            turn = math.cos(tangent), math.sin(tangent)
            self._letters(letter, pen, _matrix(turn[0], turn[1], -turn[1], turn[0], *start))
            angle -= half

    def line(self, start: Point, end: Point, *, width: float, colour: str) -> None:
        self.draw(f"q {colour} RG {_n(width)} w {_at(start)} m {_at(end)} l S Q")

    def circle(self, centre: Point, radius: float, *, width: float, colour: str) -> None:
        self.draw(f"q {colour} RG {_n(width)} w", *_circle(centre, radius), "S Q")

    def curves(self, points: Iterable[Point], *, width: float, colour: str) -> None:
        """Bézier curves through every third point."""
        first, *rest = points
        self.draw(f"q {colour} RG {_n(width)} w 1 J {_at(first)} m")
        for one, two, end in zip(rest[::3], rest[1::3], rest[2::3], strict=True):
            self.draw(f"{_at(one)} {_at(two)} {_at(end)} c")
        self.draw("S Q")

    def star(self, centre: Point, radius: float, colour: str) -> None:
        """Five points, one of them up."""
        angles = (math.pi / 2 + math.tau * 2 * step / 5 for step in range(5))
        tips = [centre.moved(radius * math.cos(a), radius * math.sin(a)) for a in angles]
        self.draw(f"q {colour} rg {_at(tips[0])} m", *(f"{_at(tip)} l" for tip in tips[1:]), "f Q")

    def modules(self, rows: Iterable[Iterable[int]], corner: Point, side: float) -> None:
        """A matrix of dark and light squares from its upper left corner down (QR code)."""
        self.draw(f"q {BLACK} rg")
        for down, row in enumerate(rows, start=1):
            for first, length in _runs(row):
                foot = corner.moved(first * side, -down * side)
                self.draw(f"{_at(foot)} {_n(length * side)} {_n(side)} re")
        self.draw("f Q")

    def _letters(self, text: str, pen: Pen, matrix: str) -> None:
        font = _NAMES[bold if pen.heavy else regular]
        codes = pen.face.codes(text).decode()
        self.draw(f"BT {pen.colour} rg /{font} {_n(pen.size)} Tf {matrix} Tm {codes} Tj ET")


def _circle(centre: Point, radius: float) -> list[str]:
    near = radius * _QUARTER
    path = [f"{_at(centre.moved(radius))} m"]
    for x, y in ((1, 0), (0, 1), (-1, 0), (0, -1)):
        one = centre.moved(x * radius - y * near, y * radius + x * near)
        two = centre.moved(-y * radius + x * near, x * radius + y * near)
        end = centre.moved(-y * radius, x * radius)
        path.append(f"{_at(one)} {_at(two)} {_at(end)} c")
    return path


def _runs(row: Iterable[int]) -> Iterable[tuple[int, int]]:
    """Where dark squares begin, and how many follow."""
    start: int | None = None
    for place, dark in enumerate((*row, 0)):
        if dark and start is None:
            start = place
        elif not dark and start is not None:
            yield start, place - start
            start = None


def _matrix(*numbers: float) -> str:
    return " ".join(map(_n, numbers))


def _at(point: Point) -> str:
    return f"{_n(point.x)} {_n(point.y)}"


def _n(number: float) -> str:
    """No exponent, which PDF does not know, and no more digits than can be seen."""
    text = f"{number:.3f}".rstrip("0").rstrip(".")
    return "0" if text in {"", "-0"} else text
