"""Whether a PNG holds its pixels, all of them, and behind them nothing more."""

import zlib
from collections.abc import Iterator

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_HEADER = slice(16, 29)
_PIECE = 1024 * 1024


def is_whole(content: bytes) -> bool:
    """True also for one that is interlaced: its pixels are written anew anyway."""
    header = content[_HEADER]
    width, height = int.from_bytes(header[:4]), int.from_bytes(header[4:8])
    depth, colours, interlaced = header[8], header[9], header[12]
    if interlaced:
        return True
    row = 1 + (width * depth * _CHANNELS[colours] + 7) // 8
    return _unpacks_to(row * height, _pixels(content))


def _pixels(content: bytes) -> Iterator[bytes]:
    """What is packed in the chunks of pixels."""
    position = 8
    while position < len(content):
        length = int.from_bytes(content[position : position + 4])
        if content[position + 4 : position + 8] == b"IDAT":
            yield content[position + 8 : position + 8 + length]
        position += 12 + length


def _unpacks_to(size: int, packed: Iterator[bytes]) -> bool:
    unpacker = zlib.decompressobj()
    for piece in packed:
        left = piece
        while left and size >= 0:
            size -= len(unpacker.decompress(left, min(_PIECE, size + 1)))
            left = unpacker.unconsumed_tail
    return size == 0 and unpacker.eof and not unpacker.unused_data
