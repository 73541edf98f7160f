"""What a clerk brings over HTTP: what was shown, for whom, and the scan of it.

A multipart body: `copy`, as JSON, and `scan`, one PDF or up to 50 images in the order of the pages.
The scan is kept as it came, read-only under its digest; what will be certified is a clean PDF that
is made of it.
"""

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Annotated, Generic, Literal, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel
from starlette.datastructures import FormData, UploadFile
from starlette.requests import ClientDisconnect

from certification import metrics
from certification.commands import Scan
from certification.copy_files import CopyFiles
from certification.models import ScanPart
from certification.refusals import WrongScan
from certification.sealing import Request as Asked
from chassis.errors import BadRequest
from chassis.idempotency import Keyed, keyed_by
from documents.kinds import PDF
from documents.rewriting import REWRITE_LIMITS, rewrite
from documents.store import StoredFile
from motcua_contracts.types import PaperKind, ReasonCode

MOST_IMAGES = 50
CLEAN_LIMITS = replace(REWRITE_LIMITS, written_bytes=19 * 1024 * 1024)
"""With attestation, signatures and time-stamps a copy stays below the 20 MiB that intake takes as a
paper, and the 30 MiB of the public check: nobody pays for a copy that no office could take.
"""
_LONGEST_JSON = 64 * 1024
_BLOCK = 256 * 1024

Line = StringConstraints(
    strip_whitespace=True, min_length=1, max_length=300, pattern=r"^[^\x00-\x1f]+$"
)


class _Body(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", hide_input_in_errors=True)


class Requester(_Body):
    """Who asks for the copy, as the paper that proves it says."""

    name: Annotated[str, Line]
    id_number: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{6,20}$")]
    """Of the identity card (12 digits) or the passport."""


class Shown(_Body):
    """The part `copy` of a request."""

    paper_kind: PaperKind
    title: Annotated[str, Line]
    """What the paper calls itself; it may name people, so it is sealed."""
    requester: Requester
    original_seen: Literal[True]
    """The clerk saw the original and compared the scan with it (đối chiếu bản chính)."""

    def asked(self) -> Asked:
        return Asked(name=self.requester.name, id_number=self.requester.id_number, title=self.title)


class Replacing(Shown):
    """The same, of a copy that is to replace another."""

    reason_code: ReasonCode


S = TypeVar("S", bound=Shown)


class Interrupted(BadRequest, vi="Việc tải tệp bị ngắt quãng", en="The upload broke off"):
    """The sender went away. Nobody reads this answer, but it is no fault of ours to be logged."""


@dataclass(frozen=True, slots=True)
class Upload(Generic[S]):
    """A request that was read whole; its files lie in temporary ones until the form is closed."""

    shown: S
    files: Sequence[UploadFile]
    digests: Sequence[str]

    @property
    def scan_sha256(self) -> str:
        """Of one file its own digest; of many the digest of theirs, each in hex on its line."""
        if len(self.digests) == 1:
            return self.digests[0]
        return hashlib.sha256("\n".join(self.digests).encode()).hexdigest()

    def keyed(self, request: Request, key: str) -> Keyed:
        """The request by its key. The boundary between its parts differs each time it is sent, so
        the hash covers what the parts say.
        """
        return keyed_by(
            request, key, f"{self.scan_sha256}\n{self.shown.model_dump_json()}".encode()
        )


@asynccontextmanager
async def form_of(request: Request) -> AsyncGenerator[FormData]:
    """The parts of the body. Raises `Interrupted`, or 400 when they cannot be told apart."""
    parts = request.form(max_files=MOST_IMAGES + 1, max_fields=2, max_part_size=_LONGEST_JSON)
    try:
        form = await parts
    except ClientDisconnect:
        raise Interrupted from None
    try:
        yield form
    finally:
        await form.close()


async def read_upload(form: FormData, kind: type[S]) -> Upload[S]:
    """Raises `WrongScan`, or 422 with each wrong field of `copy`."""
    shown = _read(form.get("copy"), kind)
    files = [part for part in form.getlist("scan") if isinstance(part, UploadFile)]
    if not 1 <= len(files) <= MOST_IMAGES or len(files) != len(form.getlist("scan")):
        raise WrongScan
    return Upload(shown, files, [await _digest(file) for file in files])


class ScanDesk:
    """Keeps scans, and makes of each the clean PDF that will be certified."""

    def __init__(self, files: CopyFiles) -> None:
        self._files = files
        self._rewriting = asyncio.Semaphore(os.cpu_count() or 1)

    async def keep(self, upload: Upload[S]) -> Scan:
        """Raises what `documents` refuses a file with, or `WrongScan`."""
        stored = [
            await self._files.receive(file.filename or "", _chunks(file)) for file in upload.files
        ]
        if len(stored) > 1 and any(part.media_type == PDF.media_type for part in stored):
            raise WrongScan
        metrics.UPLOADED_BYTES.observe(sum(part.size for part in stored))
        with self._files.making() as made:
            async with self._rewriting:
                sources = [self._files.path(part.sha256) for part in stored]
                pages = await rewrite(sources, made, CLEAN_LIMITS)
            clean = await self._files.keep(made)
        parts = [_part(part) for part in stored]
        return Scan(parts=parts, sha256=upload.scan_sha256, clean_sha256=clean, pages=pages)


def _read(part: UploadFile | str | None, kind: type[S]) -> S:
    if not isinstance(part, str):
        missing = {"type": "missing", "loc": ("body", "copy"), "msg": "the part `copy` is missing"}
        raise RequestValidationError([missing])
    try:
        return kind.model_validate_json(part)
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False, include_context=False)
        raise RequestValidationError(
            [{**each, "loc": ("body", "copy", *each["loc"])} for each in wrong]
        ) from None


def _part(stored: StoredFile) -> ScanPart:
    return {"sha256": stored.sha256, "media_type": stored.media_type}


async def _digest(file: UploadFile) -> str:
    digest = hashlib.sha256()
    async for block in _chunks(file):
        digest.update(block)
    await file.seek(0)
    return digest.hexdigest()


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while block := await file.read(_BLOCK):
        yield block
