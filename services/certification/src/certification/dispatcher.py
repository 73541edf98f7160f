"""Signs what was approved: claim, prepare, sign, record. No transaction spans a signature.

A few lanes work side by side, and no more. Whatever a killed process leaves behind, only the digest
in the copy's row counts: an attempt whose end nobody recorded is an orphan, and the next one begins
with the same number and the same prepared file.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, repeat
from pathlib import Path
from typing import TypeVar

import structlog

from certification import metrics
from certification.commands import usable_certificates
from certification.copy_files import CopyFiles
from certification.domain import reaches, vietnam_day
from certification.models import Copy, SigningAttempt
from certification.ports import (
    Attestation,
    Certificate,
    CopySigner,
    Hindered,
    Hindrance,
    SignedCopy,
)
from certification.repository import LeaseLost
from certification.sealing import Sealing
from certification.settings import Settings
from certification.work import CertificationWork, Office
from chassis.database import is_away
from chassis.errors import Transient
from chassis.failpoints import failpoint
from chassis.metrics import SWALLOWED

Made = TypeVar("Made")
Transactions = Callable[[], AbstractAsyncContextManager[CertificationWork]]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How the dispatcher works."""

    lanes: int
    step_seconds: float
    """Patience with the key store, with preparing and with signing, each."""
    lease: timedelta = timedelta(seconds=20)
    """After how long a copy is taken up again whose process was killed."""
    beat_seconds: float = 5
    """How often who has a copy in hand says so: much more often than a lease ends."""
    run_seconds: float = 5
    """No copy is begun after this, so that a stop is never far."""
    record_pauses: tuple[float, ...] = (0.1, 0.5, 1, 2, 5)
    """While the database is away a signature is kept for a while: nobody makes it twice if it can
    be recorded.
    """

    @classmethod
    def of(cls, settings: Settings) -> "Pace":
        """One more lane than there are workers: a copy is prepared or recorded meanwhile."""
        return cls(lanes=settings.signing_processes + 1, step_seconds=settings.signing_seconds)


@dataclass(frozen=True, slots=True)
class Tools:
    """What a copy is signed with."""

    signer: CopySigner
    files: CopyFiles
    office: Office
    sealing: Sealing


class Dispatcher:
    def __init__(
        self, tools: Tools, *, transactions: Transactions, more: Callable[[], None], pace: Pace
    ) -> None:
        self._signer, self._files = tools.signer, tools.files
        self._office, self._sealing = tools.office, tools.sealing
        self._transactions = transactions
        self._more = more
        self._pace = pace

    async def run(self) -> None:
        """Sign what is due now, for a while; asks for another run when there may be more."""
        ends = time.monotonic() + self._pace.run_seconds
        lanes = (self._lane(ends) for _ in range(self._pace.lanes))
        # A lane that fails must not cut the others short in the middle of a signature.
        outcomes = await asyncio.gather(*lanes, return_exceptions=True)
        failures = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        if any(outcome is True for outcome in outcomes):
            self._more()
        if failures:
            raise ExceptionGroup("lanes of the dispatcher failed", failures)

    async def _lane(self, ends: float) -> bool:
        """Sign one copy after another; True when there may be more."""
        while time.monotonic() < ends:
            async with self._transactions() as work:
                copy = await work.claim(self._pace.lease)
                if copy:
                    await failpoint("certification.before-claim")
            if copy is None:
                return False
            await failpoint("certification.after-claim")
            await self._turn(copy, now=work.now)
        return True

    async def _turn(self, copy: Copy, *, now: datetime) -> None:
        try:
            with self._files.making() as made:
                async with self._in_hand(copy):
                    await self._sign(copy, made, now=now)
        except Hindered as hindered:
            log.warning("not signed", copy_id=copy.id, hindrance=hindered.hindrance)
            await self._wait(copy, hindered.hindrance)
        except Transient as error:
            log.warning("not signed", copy_id=copy.id, reason=type(error).__name__)
            await self._wait(copy, None)
        except LeaseLost:
            log.warning("signed too late", copy_id=copy.id)
        except Exception as error:
            if is_away(error):  # nothing can be recorded: the lease ends by itself
                raise
            metrics.FAULTS.inc()
            log.exception("a copy cannot be made", copy_id=copy.id)
            await self._wait(copy, Hindrance.CANNOT_BE_MADE)

    async def _sign(self, copy: Copy, made: Path, *, now: datetime) -> None:
        key = str(copy.signing_key)
        certificates = await usable_certificates(
            self._signer, key, now=now, seconds=self._pace.step_seconds
        )
        prepared = await self._prepared(copy)
        attempt = await self._start(copy, certificates)
        with metrics.SIGNING_SECONDS.time():
            signing = self._signer.sign(prepared, made, person=key, certificates=certificates)
            signed = await self._answered(signing)
        await failpoint("certification.after-sign")
        if not reaches(signed.level, self._office.level):
            raise Hindered(Hindrance.LEVEL_NOT_REACHED)
        await self._settle(copy, attempt, signed, made=made)

    @asynccontextmanager
    async def _in_hand(self, copy: Copy) -> AsyncGenerator[None]:
        """Within the block the lease does not end, as long as this process lives."""
        beating = asyncio.create_task(self._beat(copy))
        try:
            yield
        finally:
            beating.cancel()
            await asyncio.wait({beating})

    async def _beat(self, copy: Copy) -> None:
        while True:
            await asyncio.sleep(self._pace.beat_seconds)
            try:
                async with self._transactions() as work:
                    await work.copies.hold(copy, self._pace.lease)
            except Exception as error:
                if not is_away(error):
                    raise
                SWALLOWED.labels("hold a copy").inc()

    async def _prepared(self, copy: Copy) -> Path:
        """The file that is signed: made once, whatever becomes of the attempts."""
        if copy.prepared_sha256:
            return await self._files.intact(copy.prepared_sha256)
        clean = await self._files.intact(copy.clean_sha256)
        with self._files.making() as made:
            told = await self._answered(self._signer.prepare(clean, made, self._attestation(copy)))
            sha256 = await self._files.keep(made, sha256=told)
        await failpoint("certification.after-prepare")
        async with self._transactions() as work:
            (await work.copies.take_leased(copy)).prepared_sha256 = sha256
        return self._files.path(sha256)

    async def _start(
        self, copy: Copy, certificates: tuple[Certificate, Certificate]
    ) -> SigningAttempt:
        """From here on a signature may exist. A certificate that was renewed since the approval is
        recorded before it signs.
        """
        async with self._transactions() as work:
            ours = await work.copies.take_leased(copy)
            await work.use(ours, certificates)
            attempt = work.start(ours)
            await failpoint("certification.before-start")
        await failpoint("certification.before-sign")
        return attempt

    async def _settle(
        self, copy: Copy, attempt: SigningAttempt, signed: SignedCopy, *, made: Path
    ) -> None:
        """Keep the file and make it the copy; its digest is noted first, so that it is found if it
        never becomes the copy.
        """

        async def note() -> None:
            async with self._transactions() as work:
                await work.copies.take_leased(copy)
                (await work.attempts.get(attempt.id)).sha256 = signed.sha256

        async def certify() -> None:
            async with self._transactions() as work:
                await work.dossiers.locked(copy.dossier_id)
                ours = await work.copies.take_leased(copy)
                await work.certify(ours, await work.attempts.get(attempt.id), signed)
                await failpoint("certification.before-publish")

        await self._patiently(note)
        await failpoint("certification.after-note")
        await self._files.keep(made, sha256=signed.sha256)
        await failpoint("certification.after-keep")
        try:
            await self._patiently(certify)
        except LeaseLost:
            # Unless it was our own commit, whose answer was lost.
            async with self._transactions() as work:
                if await work.copies.by_sha256(signed.sha256) is None:
                    self._files.drop(signed.sha256)
                    raise
        await failpoint("certification.after-publish")

    async def _wait(self, copy: Copy, hindrance: Hindrance | None) -> None:
        try:
            async with self._transactions() as work:
                await work.wait(await work.copies.take_leased(copy), hindrance)
                await failpoint("certification.before-wait")
            await failpoint("certification.after-wait")
        except LeaseLost:
            log.warning("hindered too late", copy_id=copy.id)

    async def _patiently(self, record: Callable[[], Awaitable[None]]) -> None:
        """Record something also while the database is away, for a while."""
        ends = time.monotonic() + self._pace.step_seconds
        pauses = chain(self._pace.record_pauses, repeat(self._pace.record_pauses[-1]))
        while True:
            try:
                return await record()
            except Exception as error:
                if not is_away(error) or time.monotonic() > ends:
                    raise
                SWALLOWED.labels("record a signature").inc()
                await asyncio.sleep(next(pauses))

    async def _answered(self, work: Awaitable[Made]) -> Made:
        """Raises `Hindered` when it takes too long: the keys are away, for all we know."""
        try:
            async with asyncio.timeout(self._pace.step_seconds):
                return await work
        except TimeoutError:
            raise Hindered(Hindrance.KEY_AWAY, "no answer in time") from None

    def _attestation(self, copy: Copy) -> Attestation:
        """What the copy says, from what was recorded when it was approved."""
        attested, approved_at = copy.attested, copy.approved_at
        if attested is None or approved_at is None or copy.number is None or copy.year is None:
            raise ValueError(f"the copy {copy.id} was not approved")
        return Attestation(
            template=str(copy.template),
            number=copy.number,
            book=str(copy.book),
            year=copy.year,
            certified_on=vietnam_day(approved_at),
            check_code=str(self._sealing.code(copy)),
            **attested,
        )
