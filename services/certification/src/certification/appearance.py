"""How the two signatures look (NĐ 30/2020/NĐ-CP annex I): the person's handwriting, and the seal,
red and in its real size, with the agency's name and the time beside it.

An image comes from the folder of appearances, `<key label>.png`; without one it is drawn.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

from PIL import Image
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.content import ResourceType
from pyhanko.pdf_utils.layout import BoxConstraints
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.stamp import BaseStamp, BaseStampStyle

from certification.drawing import BLUE, FONTS, RED, Drawing, Pen, Point
from certification.measures import PERSON_SIZE, SEAL_DIAMETER, SEAL_SIZE, SEAL_TEXT_WIDTH

_VIETNAM = timezone(timedelta(hours=7))
_TEXT = Pen(10)


@dataclass(frozen=True)
class Picture:
    """A PNG as a PDF holds it: colours and transparency, compressed once and used in every copy."""

    width: int
    height: int
    colours: bytes
    transparency: bytes

    @classmethod
    def read(cls, path: Path) -> "Picture":
        with Image.open(path) as image:
            pixels = image.convert("RGBA")
        return cls(
            pixels.width,
            pixels.height,
            zlib.compress(pixels.convert("RGB").tobytes(), 9),
            zlib.compress(pixels.getchannel("A").tobytes(), 9),
        )

    def embed(self, writer: BasePdfFileWriter) -> generic.IndirectObject:
        mask = writer.add_object(self._stream("/DeviceGray", self.transparency))
        image = self._stream("/DeviceRGB", self.colours)
        image["/SMask"] = mask
        return writer.add_object(image)

    def _stream(self, space: str, pixels: bytes) -> generic.StreamObject:
        return generic.StreamObject(
            {
                generic.pdf_name("/Type"): generic.pdf_name("/XObject"),
                generic.pdf_name("/Subtype"): generic.pdf_name("/Image"),
                generic.pdf_name("/Width"): generic.NumberObject(self.width),
                generic.pdf_name("/Height"): generic.NumberObject(self.height),
                generic.pdf_name("/ColorSpace"): generic.pdf_name(space),
                generic.pdf_name("/BitsPerComponent"): generic.NumberObject(8),
                generic.pdf_name("/Filter"): generic.pdf_name("/FlateDecode"),
            },
            encoded_data=pixels,
        )


class _Stamp(BaseStamp):
    """What is drawn, fitted into the field, with the fonts that the prepared copy has already."""

    def __init__(self, writer: BasePdfFileWriter, box: BoxConstraints, look: "Look") -> None:
        super().__init__(writer, look, box)
        self._look = look

    def render(self) -> bytes:
        writer = self._ensure_writer
        fonts = writer.root["/AcroForm"]["/DR"]["/Font"]
        for name in FONTS:
            key = generic.pdf_name(f"/{name}")
            self.set_resource(ResourceType.FONT, key, fonts.raw_get(key))
        if self._look.picture:
            image = self._look.picture.embed(writer)
            self.set_resource(ResourceType.XOBJECT, generic.pdf_name("/Picture"), image)
        width, height = self._look.size
        fit = f"{self.box.width / width:.5f} 0 0 {self.box.height / height:.5f} 0 0"
        return b"q %s cm\n%s\nQ" % (fit.encode(), self._look.draw().content)


@dataclass(frozen=True)
class Look(BaseStampStyle):
    """The look of one signature, as pyHanko asks for it when it signs."""

    size: tuple[float, float] = (0, 0)
    picture: Picture | None = None

    def draw(self) -> Drawing:
        raise NotImplementedError

    def create_stamp(
        self,
        writer: BasePdfFileWriter,
        box: BoxConstraints,
        text_params: dict[str, str],
    ) -> BaseStamp:
        return _Stamp(writer, box, self)


@dataclass(frozen=True)
class Handwriting(Look):
    """A person's signature: the image, or else the name as if written."""

    size: tuple[float, float] = PERSON_SIZE
    name: str = ""

    def draw(self) -> Drawing:
        drawing = Drawing()
        if self.picture:
            _show(drawing, self.picture, (Point(0, 0), self.size))
            return drawing
        words = self.name.split()
        text = " ".join([*(word[0] + "." for word in words[-2:-1]), *words[-1:]])
        width, height = self.size
        pen = Pen(1, colour=BLUE, slant=0.38)
        pen = replace(pen, size=min(width * 0.62 / max(pen.width(text), 1), height * 0.55))
        foot = Point((width - pen.width(text)) / 2, height * 0.42)
        drawing.write(text, foot, pen)
        drawing.curves(_flourish(foot, pen.width(text)), width=1.1, colour=BLUE)
        return drawing


def _flourish(foot: Point, width: float) -> list[Point]:
    """A stroke from the last letter back under the name and out again."""
    return [
        foot.moved(width + 2, 4),
        foot.moved(width + 22, 16),
        foot.moved(width + 16, -14),
        foot.moved(width * 0.5, -9),
        foot.moved(-24, -4),
        foot.moved(-16, -24),
        foot.moved(width + 26, -8),
    ]


@dataclass(frozen=True)
class Seal(Look):
    """The agency's seal, and beside it the agency and the time of signing."""

    size: tuple[float, float] = SEAL_SIZE
    agency: str = ""
    clock: Callable[[], datetime] = lambda: datetime.now(_VIETNAM)

    def draw(self) -> Drawing:
        drawing = Drawing()
        corner = Point(self.size[0] - SEAL_DIAMETER, 0)
        if self.picture:
            _show(drawing, self.picture, (corner, (SEAL_DIAMETER, SEAL_DIAMETER)))
        else:
            radius = SEAL_DIAMETER / 2
            _draw_seal(drawing, self.agency, corner.moved(radius, radius))
        now = self.clock().astimezone(_VIETNAM)
        time = f"{now:%d-%m-%Y %H:%M:%S} +07:00"
        lines = [*_TEXT.lines(self.agency, SEAL_TEXT_WIDTH), time]
        top = self.size[1] / 2 + len(lines) * 6.5
        for place, line in enumerate(lines, start=1):
            drawing.centre(line, Point(SEAL_TEXT_WIDTH / 2, top - 13 * place + 3), _TEXT)
        return drawing


def _draw_seal(drawing: Drawing, agency: str, centre: Point) -> None:
    outer = SEAL_DIAMETER / 2 - 1.2
    drawing.circle(centre, outer, width=2.2, colour=RED)
    drawing.circle(centre, outer - 3, width=0.7, colour=RED)
    drawing.circle(centre, outer - 17, width=0.7, colour=RED)
    name, radius = agency.upper(), outer - 13.2
    pen = Pen(9.5, heavy=True, colour=RED)
    most = 5.2 * radius
    if pen.width(name) > most:
        pen = Pen(pen.size * most / pen.width(name), heavy=True, colour=RED)
    drawing.along(name, centre, pen, radius=radius)
    drawing.star(centre.moved(y=-outer + 10), 3.4, RED)
    drawing.star(centre, outer - 22, RED)


def _show(drawing: Drawing, picture: Picture, place: tuple[Point, tuple[float, float]]) -> None:
    """As large as fits into a place, in the middle of it."""
    corner, size = place
    scale = min(size[0] / picture.width, size[1] / picture.height)
    width, height = picture.width * scale, picture.height * scale
    x, y = corner.moved((size[0] - width) / 2, (size[1] - height) / 2)
    drawing.draw(f"q {width:.3f} 0 0 {height:.3f} {x:.3f} {y:.3f} cm /Picture Do Q")
