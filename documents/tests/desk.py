"""Papers to be rewritten, and where they lie."""

import io
import random
from collections.abc import Callable
from pathlib import Path

from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream
from PIL import Image

from documents.confined import Limits
from documents.rewriting import REWRITE_LIMITS, rewrite

from .bare import require_bare

Change = Callable[[Pdf], None]

SQUARE = b"1 0 0 rg 0 0 9 9 re f"


class Desk:
    """A folder with papers in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._papers = 0

    def put(self, content: bytes) -> Path:
        self._papers += 1
        path = self.folder / f"paper {self._papers}"
        path.write_bytes(content)
        return path

    def pdf(self, change: Change | None = None, pages: int = 1, **save: object) -> Path:
        paper, content = Pdf.new(), io.BytesIO()
        for number in range(pages):
            paper.add_blank_page(page_size=(300 + number, 400))
        paper.pages[0].Contents = Stream(paper, SQUARE)
        if change:
            change(paper)
        paper.save(content, **save)  # pyright: ignore[reportArgumentType] - whatever a test wants
        return self.put(content.getvalue())

    def image(self, image: Image.Image, kind: str, **save: object) -> Path:
        content = io.BytesIO()
        image.save(content, kind, **save)
        return self.put(content.getvalue())

    async def rewrite(self, *sources: Path, limits: Limits = REWRITE_LIMITS) -> Path:
        target = self.folder / "clean.pdf"
        target.unlink(missing_ok=True)
        assert await rewrite(sources, target, limits) == require_bare(target)
        return target


def photo(width: int = 120, height: int = 80) -> Image.Image:
    noise = random.Random(1).randbytes(width * height * 3)
    return Image.frombytes("RGB", (width, height), noise)


def only_image(pdf: Pdf) -> Stream:
    [image] = pdf.pages[0].obj["/Resources"]["/XObject"].values()
    assert isinstance(image, Stream)
    return image


def stamp(pdf: Pdf, **entries: Object | int) -> Dictionary:
    """An annotation with a green square for a face."""
    face = Stream(pdf, b"0 1 0 rg 0 0 20 20 re f", Type=Name.XObject, Subtype=Name.Form)
    face.BBox = Array([0, 0, 20, 20])
    given = {f"/{key}": value for key, value in entries.items()}
    whole: dict[str, object] = {"/Type": Name.Annot, "/Subtype": Name.Stamp, "/F": 4}
    whole |= {"/Rect": Array([10, 10, 30, 30]), "/AP": Dictionary(N=face)} | given
    return pdf.make_indirect(Dictionary(whole))


def bare_annotation(pdf: Pdf, **entries: Object | int) -> None:
    annotation = stamp(pdf, **entries)
    del annotation["/AP"]
    pdf.pages[0].Annots = Array([annotation])
