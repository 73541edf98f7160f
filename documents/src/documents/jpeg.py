"""A JPEG without what cameras and programs wrote beside the picture, and the picture untouched."""

import re
from collections.abc import Iterator

_START, _END = b"\xff\xd8", b"\xff\xd9"
_NEXT_MARKER = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
"""After coded pixels, in which FF 00 and restart markers (FF D0 to D7) occur."""
_SCAN = 0xDA
_MOST_SCANS = 100
"""Programs in use write ten, and each costs as much as the whole picture."""
_COLOURS = ((0xE0, b"JFIF\0"), (0xE2, b"ICC_PROFILE\0"), (0xEE, b"Adobe"))


def bare(content: bytes) -> bytes:
    """The same picture without place and time, thumbnails, comments, and what follows its end.

    Raises ValueError if it has no end, too many scans, or is no sequence of segments (ITU-T T.81,
    annex B).
    """
    return b"".join(_kept(content))


def _kept(content: bytes) -> Iterator[bytes]:
    yield _START
    position, scans = len(_START), 0
    while scans <= _MOST_SCANS:
        found = _NEXT_MARKER.match(content, position)
        if found is None:
            raise ValueError("not a segment")
        position = found.end()
        marker = content[position - 1]
        if marker == _END[1]:
            yield _END
            return
        end = position + int.from_bytes(content[position : position + 2])
        if end < position + 2:
            raise ValueError("a segment shorter than its length")
        segment = content[position:end]
        if not _is_beside_the_picture(marker, segment):
            yield b"\xff" + bytes([marker]) + segment
        position = end
        if marker == _SCAN:
            scans += 1
            following = _NEXT_MARKER.search(content, end)
            if following is None:
                raise ValueError("the pixels have no end")
            position = following.start()
            yield content[end:position]
    raise ValueError("too many scans")


def _is_beside_the_picture(marker: int, segment: bytes) -> bool:
    """Application segments and comments, but for those that say how colours are meant."""
    if any(marker == kind and segment[2:].startswith(name) for kind, name in _COLOURS):
        return False
    return 0xE0 <= marker <= 0xEF or marker == 0xFE
