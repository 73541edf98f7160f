"""Check an image by its header, without drawing it."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from chassis.errors import Text
from documents.bounds import MOST_PIXELS
from documents.kinds import PNG, DamagedFile, FileTooLarge, FileType


def check_image(path: Path, file_type: FileType) -> None:
    """Refuse an image that is cut off, has no readable size, or is too large to draw."""
    with path.open("rb") as file:
        size = _png_size(file) if file_type is PNG else _jpeg_size(file)
    if size is None or 0 in size:
        raise damaged_image()
    width, height = size
    if width * height > MOST_PIXELS:
        raise FileTooLarge(
            Text(
                f"Ảnh {width} x {height} điểm là quá lớn. Vui lòng giảm độ phân giải.",
                f"{width} x {height} pixels are too many. Please reduce the resolution.",
            )
        )


def damaged_image() -> DamagedFile:
    return DamagedFile(
        Text(
            "Không đọc được ảnh. Vui lòng chụp hoặc quét lại rồi nộp.",
            "The image cannot be read. Please take or scan it again.",
        )
    )


def _png_size(file: BinaryIO) -> tuple[int, int] | None:
    """From the IHDR chunk, which comes first; IEND comes last."""
    header = file.read(24)
    if len(header) < 24 or header[12:16] != b"IHDR":
        return None
    file.seek(-12, 2)
    if file.read()[4:8] != b"IEND":
        return None
    return int.from_bytes(header[16:20]), int.from_bytes(header[20:24])


def _jpeg_size(file: BinaryIO) -> tuple[int, int] | None:
    """From the first frame header (SOF)."""
    for marker, length in _jpeg_segments(file):
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            frame = file.read(5)
            if length < 8 or len(frame) < 5 or not _jpeg_ends(file):
                return None
            return int.from_bytes(frame[3:5]), int.from_bytes(frame[1:3])
    return None


def _jpeg_segments(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """Marker and length of each segment before the pixels, the file at the segment's content."""
    position = 2
    while True:
        file.seek(position)
        head = file.read(4)
        if len(head) < 4 or head[0] != 0xFF or head[1] in (0xD9, 0xDA):
            return
        length = int.from_bytes(head[2:4])
        yield head[1], length
        position += 2 + length


def _jpeg_ends(file: BinaryIO) -> bool:
    """Phones append their own trailer after the end marker, so it need not be the very last."""
    file.seek(0, 2)
    file.seek(max(0, file.tell() - 65_536))
    return b"\xff\xd9" in file.read()
