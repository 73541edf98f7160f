"""A file that anybody brings: taken in, held against the register, forgotten.

It lies in a temporary file for as long as the check takes. The digest is asked first. What is one
of our copies goes through the full verification; what is not is only searched for traces, so no
stranger's file ever reaches what verifies signatures. Either runs confined (`check_job`), outside
the event loop, a few at a time.
"""

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO, cast

from starlette.requests import ClientDisconnect

from certification.check import Proof, Signature, Stamp, Traces
from certification.models import Copy
from chassis.errors import BadRequest, Refusal, Text, Unavailable
from documents import confined
from documents.confined import Limits, Verdict
from documents.kinds import PDF, FileTooLarge, WrongType
from motcua_contracts.types import SignatureLevel

MOST_BYTES = 30 * 1024 * 1024
UPLOAD_SECONDS = 120
BLOCK_BYTES = 256 * 1024
_LIMITS = Limits(cpu_seconds=20, seconds=30)


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


class FileChecks:
    """Takes files in and looks into them: `most_at_once` between the first byte and the answer."""

    def __init__(self, roots: Path, *, check_url: str, most_at_once: int = 32) -> None:
        self._roots = roots
        self._check_url = check_url
        self._places = most_at_once
        self._jobs = asyncio.Semaphore(os.cpu_count() or 1)

    @asynccontextmanager
    async def receive(self, chunks: AsyncIterator[bytes]) -> AsyncGenerator[Received]:
        """Raises `NoFile`, `WrongType`, `FileTooLarge`, `SlowUpload`, or `Unavailable` when too
        many are at it; nothing is left of the file after the block.
        """
        if not self._places:
            raise Unavailable(retry_after=10)
        self._places -= 1
        try:
            with NamedTemporaryFile(prefix="motcua-check-") as file:
                yield await _received(chunks, cast("BinaryIO", file), Path(file.name))
        finally:
            self._places += 1

    async def prove(self, file: Received, copy: Copy) -> Proof | None:
        """What signs a file that is `copy` by its digest; None if that cannot be read."""
        level = copy.level or SignatureLevel.B_T
        found = await self._run(
            "verify",
            str(file.path),
            str(self._roots),
            (copy.signed_at or copy.changed_at).isoformat(),
            "soft-fail" if level is SignatureLevel.B_T else "require",
        )
        return read_proof(found)

    async def traces(self, file: Received) -> Traces:
        """What a file that is none of our copies shows of us."""
        return read_traces(await self._run("traces", str(file.path), self._check_url))

    async def _run(self, *arguments: str) -> Verdict:
        async with self._jobs:
            return await confined.run("certification.check_job", *arguments, limits=_LIMITS)


async def _received(chunks: AsyncIterator[bytes], file: BinaryIO, path: Path) -> Received:
    digest, empty = hashlib.sha256(), True
    try:
        async with asyncio.timeout(UPLOAD_SECONDS):
            async for block in bounded(chunks):
                if empty and not block.startswith(PDF.magic):
                    raise _no_pdf()
                empty = False
                await asyncio.to_thread(_append, block, file, digest)
    except TimeoutError:
        raise SlowUpload from None
    except ClientDisconnect:
        raise Interrupted from None
    if empty:
        raise no_file()
    file.flush()
    return Received(path, digest.hexdigest())


async def bounded(chunks: AsyncIterator[bytes], *, most: int = MOST_BYTES) -> AsyncGenerator[bytes]:
    """The same bytes in blocks worth a write. Somewhat too much is read to its end before it is
    refused: a browser that is cut off while it sends shows its own error and not our answer.
    """
    block, size = bytearray(), 0
    async for chunk in chunks:
        size += len(chunk)
        if size > 4 * most:
            break
        if size <= most:
            block += chunk
        if len(block) >= BLOCK_BYTES:
            yield bytes(block)
            block.clear()
    if size > most:
        raise _too_large()
    if block:
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


def read_proof(found: Verdict) -> Proof | None:
    """What a job answered, believed no further than its types."""
    match found:
        case {"verdict": "read", "signatures": list(signatures), "stamps": list(stamps)}:
            signed = [_signature(each) for each in cast("list[object]", signatures)]
            stamped = [_stamp(each) for each in cast("list[object]", stamps)]
        case _:
            return None
    if not all((*signed, *stamped)):
        return None
    return Proof([each for each in signed if each], [each for each in stamped if each])


def _signature(found: object) -> Signature | None:
    match found:
        case {
            "certificate": str(certificate),
            "bottomLine": bool(holds),
            "certifies": bool(certifies),
            "timeStamped": bool(stamped),
            "coverage": str(coverage),
            "changes": str(changes),
        }:
            covers = coverage in ("ENTIRE_REVISION", "ENTIRE_FILE")
            return Signature(certificate, holds, certifies, stamped, covers, changes)
        case _:
            return None


def _stamp(found: object) -> Stamp | None:
    match found:
        case {"holds": bool(holds), "coverage": str(coverage)}:
            return Stamp(holds, covers_all=coverage == "ENTIRE_FILE")
        case _:
            return None


def read_traces(found: Verdict) -> Traces:
    """What a job answered: nothing where it was killed, for such a file is no copy of ours."""
    match found:
        case {"verdict": "read", "certificates": list(certificates), "links": list(links)}:
            return Traces(_texts(certificates), _texts(links))
        case _:
            return Traces((), ())


def _texts(found: object) -> list[str]:
    return [each for each in cast("list[object]", found) if isinstance(each, str)]
