"""An image as a page, pixel for pixel: as wide as A4, as high as it has to be."""

import warnings
from io import BytesIO
from pathlib import Path

import img2pdf
from PIL import Image, ImageFile

from documents import jpeg, png
from documents.bounds import MOST_PIXELS
from documents.refused import Refused

_WIDTH = img2pdf.mm_to_pt(210)
_ORIENTATION = 0x0112
_ROTATIONS = {3: "180", 6: "90", 8: "270"}
"""EXIF's numbers. Mirrored ones are left as they are: no page can be turned that way."""


def image_as_pdf(path: str) -> bytes:
    """A PDF of one page. Raises `Refused` if the image cannot be drawn whole."""
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        return _converted(Path(path).read_bytes())
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refused.large("pixels", MOST_PIXELS) from None
    except MemoryError:
        raise
    except Exception as error:  # img2pdf raises Exception itself, Pillow almost anything
        raise Refused({"verdict": "damaged", "what": "image"}) from error


def _converted(content: bytes) -> bytes:
    with Image.open(BytesIO(content), formats=("JPEG", "PNG")) as image:
        turned = _ROTATIONS.get(image.getexif().get(_ORIENTATION, 1), "0")
        picture = _picture(content, image)
    # Seen, it is as wide as A4.
    size = (None, _WIDTH) if turned in ("90", "270") else (_WIDTH, None)
    page = img2pdf.convert(
        BytesIO(picture),
        engine=img2pdf.Engine.internal,
        nodate=True,
        rotation=img2pdf.Rotation[turned],
        layout_fun=img2pdf.get_layout_fun(size),
    )
    return page or b""


def _picture(content: bytes, image: ImageFile.ImageFile) -> bytes:
    """The pixels in a file of their own, once it is sure that all are there."""
    if image.format != "PNG":
        picture = jpeg.bare(content)
        image.draft("L", (image.width // 8, image.height // 8))  # reads all and draws little
        image.load()
        return picture
    if not png.is_whole(content):
        raise ValueError("not the pixels that its header says")
    image.load()
    return _on_paper(image) if image.has_transparency_data else content


def _on_paper(image: Image.Image) -> bytes:
    """On white, as readers would show it, without what hides under transparent pixels."""
    colours = image.convert("RGBA")
    paper, file = Image.new("RGB", image.size, "white"), BytesIO()
    paper.paste(colours, mask=colours.getchannel("A"))
    paper.save(file, "PNG")
    return file.getvalue()
