"""What anybody may learn of a certified copy: by its link, by a file; more by its check code."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import structlog

from certification import metrics
from certification.check import STANDING, Expected, Verdict, of_stranger, proves
from certification.check_files import FileChecks
from certification.check_uploads import Received
from certification.codes import is_link
from certification.models import Copy
from certification.rate_limit import Pace, RateLimit
from certification.sealing import Request, Sealing
from certification.work import CertificationWork, Office
from chassis.app import Service
from chassis.errors import NotFound, Refusal, Text, Unavailable
from motcua_contracts.types import SignatureLevel

WRONG_CODES = Pace(burst=10, seconds=300)
"""How often the code of one copy may be guessed wrong: 40 bits at 300 guesses a day."""

_log = structlog.stdlib.get_logger("certification.public_check")


class UnknownLink(
    NotFound, vi="Không có bản sao với mã tra cứu này", en="There is no copy with this link"
):
    """No certified copy has this link. Copies that are not certified yet are not told of."""


class WrongCode(
    Refusal, status=422, vi="Mã kiểm tra không đúng", en="This is not the check code of the copy"
):
    """It is printed on the copy, beside the link."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict, the copy that it is about, and the link of what replaced it."""

    verdict: Verdict
    copy: Copy | None = None
    successor: str | None = None


class PublicCheck:
    def __init__(
        self,
        service: Service[CertificationWork],
        files: FileChecks,
        *,
        office: Office,
        sealing: Sealing,
    ) -> None:
        self.office = office
        self._service = service
        self._files = files
        self._sealing = sealing
        self._guesses = RateLimit(WRONG_CODES)

    async def by_link(self, link: str) -> Finding:
        """What the register says. Raises `UnknownLink`."""
        finding, _ = await self._find(link)
        metrics.CHECKS.labels("link", finding.verdict).inc()
        return finding

    async def by_file(self, chunks: AsyncIterator[bytes], asker: str) -> Finding:
        """What the register says of these very bytes, and what signs them. Raises what
        `FileChecks.receive` raises, and `Unavailable` when a copy of ours cannot be proven now.
        """
        async with self._files.receive(chunks, asker) as file:
            async with self._service.request() as work:
                copy = await work.copies.by_sha256(file.sha256)
                known = await self._standing(copy, work) if copy else None
            if copy and known and known.verdict is Verdict.VALID:
                await self._require_proof(file, copy)
            finding = known or Finding(await self._of_stranger(file))
        metrics.CHECKS.labels("file", finding.verdict).inc()
        return finding

    async def personal(self, link: str, code: str) -> tuple[Finding, Request]:
        """With the check code also who asked for the copy, and of what. Raises `UnknownLink`,
        `WrongCode`, or `TooOften` when the code of this copy was guessed wrong too often.
        """
        finding, copy = await self._find(link)
        self._guesses.require(link)
        if not self._sealing.is_code(copy, code):
            self._guesses.count(link)
            metrics.WRONG_CODES.inc()
            raise WrongCode
        return finding, self._sealing.request(copy)

    async def _find(self, link: str) -> tuple[Finding, Copy]:
        async with self._service.request() as work:
            copy = await work.copies.by_link(link) if is_link(link) else None
            if copy is None or copy.state not in STANDING:
                raise UnknownLink
            return await self._standing(copy, work), copy

    async def _standing(self, copy: Copy, work: CertificationWork) -> Finding:
        """What the register says of a copy that has its file."""
        successor = None
        if copy.replaced_by:
            successor = (await work.copies.read(copy.replaced_by)).link
        return Finding(STANDING[copy.state], copy, successor)

    async def _require_proof(self, file: Received, copy: Copy) -> None:
        """These are the bytes of the register: if their signatures cannot be proven, the fault is
        ours, be it a root that is missing in our settings or a row that somebody changed.
        """
        expected = Expected(
            person_certificate=copy.person_certificate or "",
            seal_certificate=copy.seal_certificate or "",
            level=copy.level or SignatureLevel.B_LTA,
        )
        proof = await self._files.prove(file, copy)
        if proof is None or not proves(proof, expected):
            metrics.CHECKS.labels("file", "unproven").inc()
            _log.error("signatures of a copy in the register not proven", copy_id=copy.id)
            raise Unavailable(
                Text(
                    "Hệ thống tạm thời chưa xác minh được chữ ký. Vui lòng thử lại sau.",
                    "The signatures cannot be verified at present. Please try again later.",
                ),
                retry_after=300,
            )

    async def _of_stranger(self, file: Received) -> Verdict:
        traces = await self._files.traces(file)
        async with self._service.request() as work:
            signing = await work.certificates.known(traces.certificates)
            found = [await work.copies.by_link(link) for link in traces.links]
        links = {copy.link for copy in found if copy and copy.state in STANDING}
        return of_stranger(traces, signing=signing, links={link for link in links if link})
