"""A file that anybody brings, held against the register.

The digest is asked first. What is one of our copies goes through the full verification; what is not
is only searched for traces, so no stranger's file ever reaches what verifies signatures. Either
runs confined (`check_job`), outside the event loop, a few at a time.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import cast

from certification.check import Proof, Signature, Stamp, Traces
from certification.check_uploads import Places, Received, received
from certification.models import Copy
from documents import confined
from documents.confined import Limits, Verdict
from motcua_contracts.types import SignatureLevel

_LIMITS = Limits(cpu_seconds=20, seconds=30)


class FileChecks:
    """Takes files in and looks into them."""

    def __init__(self, roots: Path, *, check_url: str, places: Places | None = None) -> None:
        self._roots = roots
        self._check_url = check_url
        self._places = places or Places()
        self._jobs = asyncio.Semaphore(os.cpu_count() or 1)

    def receive(
        self, chunks: AsyncIterator[bytes], asker: str
    ) -> AbstractAsyncContextManager[Received]:
        """Raises what `received` raises."""
        return received(chunks, asker, self._places)

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
