"""A file that anybody sends, taken in: it lies in a temporary file for as long as its check takes.

Few can be at it at once, so nobody holds a place by sending nothing: it is given when a file begins
as a PDF does, to one address a few at most, and lost by who sends too slowly.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO, cast

from starlette.requests import ClientDisconnect

from certification.rate_limit import too_often
from chassis.errors import BadRequest, Refusal, Text, Unavailable
from documents.kinds import PDF, FileTooLarge, WrongType

MOST_BYTES = 30 * 1024 * 1024
UPLOAD_SECONDS = 120
GRACE_SECONDS = 5
"""For a first block, and before anybody's pace counts."""
SLOWEST = 64 * 1024
"""Bytes a second."""
BLOCK_BYTES = 256 * 1024
_COME_AGAIN_SECONDS = 10


class NoFile(BadRequest, vi="Chưa có tệp nào", en="There is no file"):
    """The body is empty."""


class SlowUpload(Refusal, status=408, vi="Tải tệp lên quá lâu", en="The upload takes too long"):
    """It held a place that others wait for."""


class Interrupted(BadRequest, vi="Việc tải tệp bị ngắt quãng", en="The upload broke off"):
    """The sender went away. Nobody reads this answer, but it is no fault of ours to be logged."""


@dataclass(frozen=True, slots=True)
class Received:
    """A file that lies at `path` until the check is over."""

    path: Path
    sha256: str


class Places:
    """Of files between their first bytes and their answer: `most` at once, `each` of one asker."""

    def __init__(self, most: int = 32, *, each: int = 2) -> None:
        self._most = most
        self._each = each
        self._held = Counter[str]()

    @contextmanager
    def taken(self, asker: str) -> Generator[None]:
        """Raises `TooOften` when `asker` has all that one may have, `Unavailable` when all do."""
        if self._held[asker] >= self._each:
            raise too_often(_COME_AGAIN_SECONDS)
        if self._held.total() >= self._most:
            raise Unavailable(retry_after=_COME_AGAIN_SECONDS)
        self._held[asker] += 1
        try:
            yield
        finally:
            self._held[asker] -= 1
            self._held += Counter()  # nobody is kept who has none


@asynccontextmanager
async def received(
    chunks: AsyncIterator[bytes], asker: str, places: Places
) -> AsyncGenerator[Received]:
    """Raises `NoFile`, `WrongType`, `FileTooLarge`, `SlowUpload`, `Interrupted`, or what `places`
    raise; nothing is left of the file after the block.
    """
    async with aclosing(_paced(chunks)) as sent:
        first = await _first(sent)
        with places.taken(asker), NamedTemporaryFile(prefix="motcua-check-") as file:
            digest = await _kept(first, sent, cast("BinaryIO", file))
            yield Received(Path(file.name), digest)


async def _paced(chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """The same, as long as they come. Time that whoever reads them takes counts, too."""
    begun, size = asyncio.get_running_loop().time(), 0
    try:
        while True:
            earned = min(max(GRACE_SECONDS, size / SLOWEST), UPLOAD_SECONDS)
            async with asyncio.timeout_at(begun + earned):
                chunk = await anext(chunks)
            size += len(chunk)
            yield chunk
    except StopAsyncIteration:
        return
    except TimeoutError:
        raise SlowUpload from None
    except ClientDisconnect:
        raise Interrupted from None


async def _first(chunks: AsyncIterator[bytes]) -> bytes:
    """As much as shows that it is a PDF."""
    first = b""
    async for chunk in chunks:
        first += chunk
        if len(first) >= len(PDF.magic):
            break
    if not first:
        raise no_file()
    if not first.startswith(PDF.magic):
        raise _no_pdf()
    return first


async def _kept(first: bytes, chunks: AsyncIterator[bytes], file: BinaryIO) -> str:
    digest = hashlib.sha256()
    async for block in _blocks(first, chunks):
        await asyncio.to_thread(_append, block, file, digest)
    file.flush()
    return digest.hexdigest()


async def _blocks(first: bytes, chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """The same bytes in blocks worth a write. Somewhat too much is read to its end before it is
    refused: a browser that is cut off while it sends shows its own error and not our answer.
    """
    block, size = bytearray(first), len(first)
    async for chunk in chunks:
        size += len(chunk)
        if size > 4 * MOST_BYTES:
            break
        if size <= MOST_BYTES:
            block += chunk
        if len(block) >= BLOCK_BYTES:
            yield bytes(block)
            block.clear()
    if size > MOST_BYTES:
        raise _too_large()
    yield bytes(block)


def _append(block: bytes, file: BinaryIO, digest: "hashlib._Hash") -> None:
    digest.update(block)
    file.write(block)


def no_file() -> NoFile:
    return NoFile(Text("Vui lòng chọn tệp PDF của bản sao.", "Please choose the PDF of the copy."))


def _no_pdf() -> WrongType:
    return WrongType(
        Text(
            "Tệp này không phải PDF. Bản sao chứng thực điện tử luôn là tệp PDF.",
            "This file is not a PDF. A certified e-copy always is one.",
        )
    )


def _too_large() -> FileTooLarge:
    most = f"{MOST_BYTES // 1024 // 1024} MB"
    return FileTooLarge(
        Text(f"Tệp lớn hơn {most}.", f"The file is larger than {most}."), mostBytes=MOST_BYTES
    )
