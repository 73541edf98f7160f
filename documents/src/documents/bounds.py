"""How large a document may be, beside its bytes."""

from dataclasses import dataclass

MOST_PIXELS = 100_000_000
"""Of an image that is to be drawn: an A3 page at 600 dpi has 70 million."""

MOST_UNPACKED_BYTES = 512 * 1024 * 1024
"""Of one stream in a PDF: more than an image of so many pixels in four colours."""

MOST_CONTENT_BYTES = 64 * 1024 * 1024
"""The same where a stream is no image: a plan that is drawn line by line has a tenth."""

POINTS_PER_METRE = 72 / 0.0254


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of one PDF: how many pages, how many pixels in one image, how long a page (points)."""

    pages: int
    pixels: int
    side: float


KEPT = Bounds(pages=2_000, pixels=1_000_000_000, side=float("inf"))
"""Plans are kept too: A0 at 600 dpi has 560 million pixels."""

REWRITTEN = Bounds(pages=200, pixels=MOST_PIXELS, side=2 * POINTS_PER_METRE)
"""To be read, printed and vouched for page by page."""
