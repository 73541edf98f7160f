"""Images that are broken, too large, or carry something beside their pixels."""

import io
import struct
import zlib

from PIL import Image

from documents.kinds import DamagedFile, FileTooLarge, WrongType

from .cases import harmless, kept, refused
from .corpus_bombs import GIGABYTE, zeros
from .corpus_broken import WHOLE, archive
from .desk import photo

SIGNATURE = b"\x89PNG\r\n\x1a\n"
END = b"\0\0\0\0IEND\xaeB`\x82"


def saved(image: Image.Image, kind: str, **how: object) -> bytes:
    content = io.BytesIO()
    image.save(content, kind, **how)
    return content.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content).to_bytes(4)
    return len(content).to_bytes(4) + kind + content + checksum


def png(width: int, height: int, pixels: bytes, *others: bytes, depth: int = 8) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0))
    return SIGNATURE + header + b"".join(others) + chunk(b"IDAT", pixels) + END


PNG = saved(photo(), "PNG")
JPEG = saved(photo(), "JPEG")
FRAME = b"\xff\xc0\x00\x11\x08"
"""What begins a baseline frame; its height and width follow."""


def _sized(width: int, height: int) -> bytes:
    before, frame, after = JPEG.partition(FRAME)
    return before + frame + height.to_bytes(2) + width.to_bytes(2) + after[4:]


# PNG.


@refused(FileTooLarge, extension=".png")
def png_of_ten_thousand_million_pixels() -> bytes:
    return png(100_000, 100_000, zlib.compress(b""))


@harmless(extension=".png")
def png_as_large_as_it_may_be() -> bytes:
    return png(9_000, 9_000, zlib.compress(bytes(9_000 * 9_001), 1))


@kept(DamagedFile, extension=".png")
def png_of_a_gigabyte_behind_its_pixels() -> bytes:
    return png(100, 100, zeros(GIGABYTE))


@kept(DamagedFile, extension=".png")
def png_with_a_profile_of_a_gigabyte() -> bytes:
    profile = chunk(b"iCCP", b"x\0\0" + zeros(GIGABYTE))
    return png(10, 10, zlib.compress(bytes(110)), profile)


@kept(DamagedFile, extension=".png")
def png_with_a_text_of_a_gigabyte() -> bytes:
    text = chunk(b"zTXt", b"x\0\0" + zeros(GIGABYTE))
    return png(10, 10, zlib.compress(bytes(110)), text)


@refused(DamagedFile, extension=".png")
def png_of_no_width() -> bytes:
    return png(0, 10, zlib.compress(b""))


@refused(DamagedFile, extension=".png")
def png_cut_off() -> bytes:
    return PNG[: len(PNG) // 2]


@kept(DamagedFile, extension=".png")
def png_without_half_of_its_pixels() -> bytes:
    return png(10, 10, zlib.compress(bytes(55)))


@kept(DamagedFile, extension=".png")
def png_without_pixels() -> bytes:
    return png(10, 10, b"").replace(chunk(b"IDAT", b""), b"")


@kept(DamagedFile, extension=".png")
def png_with_a_wrong_checksum() -> bytes:
    at = PNG.index(b"IDAT") + 40
    return PNG[:at] + bytes([PNG[at] ^ 1]) + PNG[at + 1 :]


@kept(DamagedFile, extension=".png")
def png_of_a_depth_that_is_none() -> bytes:
    return png(10, 10, zlib.compress(bytes(110)), depth=3)


@refused(DamagedFile, extension=".png")
def png_with_an_archive_behind_it() -> bytes:
    return PNG + archive()


@harmless(extension=".png")
def png_that_is_interlaced_and_transparent() -> bytes:
    return saved(photo().convert("RGBA"), "PNG", interlace=1)


# JPEG.


@refused(FileTooLarge, extension=".jpg")
def jpeg_of_four_thousand_million_pixels() -> bytes:
    return _sized(65_000, 65_000)


@kept(DamagedFile, extension=".jpg")
def jpeg_with_fewer_pixels_than_it_says() -> bytes:
    return _sized(240, 160)


@refused(DamagedFile, extension=".jpg")
def jpeg_of_no_height() -> bytes:
    return _sized(120, 0)


@refused(DamagedFile, extension=".jpg")
def jpeg_cut_off() -> bytes:
    return JPEG[: len(JPEG) // 2]


@refused(DamagedFile, extension=".jpg")
def jpeg_without_a_frame() -> bytes:
    return JPEG.replace(FRAME, b"\xff\xfe\x00\x11\x08")


@kept(DamagedFile, extension=".jpg")
def jpeg_that_ends_before_its_pixels() -> bytes:
    return JPEG[: JPEG.index(b"\xff\xda")] + b"\xff\xd9"


@refused(DamagedFile, extension=".jpg")
def jpeg_with_a_segment_beyond_its_end() -> bytes:
    return (
        b"\xff\xd8" + JPEG[2:-2].replace(b"\xff\xdb\x00\x43", b"\xff\xdb\xff\xff", 1) + b"\xff\xd9"
    )


@kept(DamagedFile, extension=".jpg")
def jpeg_of_ten_thousand_scans() -> bytes:
    content = saved(photo().resize((4_000, 4_000)), "JPEG", progressive=True, quality=1)
    last = content.rindex(b"\xff\xda")
    return content[:last] + content[last:-2] * 10_000 + b"\xff\xd9"


@harmless(extension=".jpg")
def jpeg_with_an_archive_behind_it() -> bytes:
    return JPEG + archive()


@harmless(extension=".jpg")
def jpeg_with_a_pdf_in_its_comment() -> bytes:
    return saved(photo(), "JPEG", comment=WHOLE)


# Others, by another name.


@refused(WrongType, extension=".png")
def gif_by_the_name_of_a_png() -> bytes:
    return saved(photo(), "GIF")


@refused(WrongType, extension=".jpg")
def web_page_by_the_name_of_a_jpeg() -> bytes:
    return b"<!DOCTYPE html><script>alert(1)</script>"


@refused(WrongType, extension=".png")
def drawing_by_the_name_of_a_png() -> bytes:
    return b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


@refused(WrongType, extension=".jpg")
def no_image_at_all() -> bytes:
    return b""


@refused(WrongType)
def archive_by_the_name_of_a_pdf() -> bytes:
    return archive()
