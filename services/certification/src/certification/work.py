"""The unit of work of certification: one transaction over copies, their register and attempts.

Whatever changes a state here announces it in the same breath; nothing else may. Locks go from the
dossier to its copies to the book, so that two units of work never wait for each other crosswise.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from certification import facts, metrics
from certification.codes import new_code, new_link
from certification.domain import (
    NOTHING_TO_REPLACE,
    AttemptState,
    CopyState,
    CopyStep,
    EntryState,
    is_certification,
    pause,
    step,
    vietnam_day,
)
from certification.models import Attested, Copy, RegisterEntry, SigningAttempt
from certification.ports import Certificate, Hindrance, SignedCopy
from certification.repository import (
    Copies,
    Dossiers,
    RegisterEntries,
    SigningAttempts,
    SigningCertificates,
)
from certification.sealing import Sealing
from chassis import correlation
from chassis.clock import uuid7
from chassis.correlation import Correlation
from chassis.work import Transaction, Work
from motcua_contracts.dossier import DossierEvent
from motcua_contracts.envelope import Event, EventData
from motcua_contracts.types import SignatureLevel, SignerRole


@dataclass(frozen=True, slots=True)
class Signatory:
    """Who may certify (người thực hiện chứng thực): their key's label, and how copies name them."""

    key: str
    name: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What is laid down about certifying here, the same for every unit of work."""

    agency: str
    """Its code. Of other agencies' dossiers nothing is known here."""
    name: str
    place: str
    book: str
    public_url: str
    template: str
    level: SignatureLevel
    signers: Mapping[str, Signatory]
    """By the subject of their tokens."""
    clerk_may_sign: bool

    def attested(self, signatory: Signatory, link: str) -> Attested:
        """What a copy that is approved now will say, whatever the office is called when it is
        signed.
        """
        return Attested(
            agency_name=self.name,
            place=self.place,
            signer_name=signatory.name,
            signer_title=signatory.title,
            check_url=self.check_url(link),
        )

    def check_url(self, link: str) -> str:
        """Where anybody checks the copy with this link."""
        return f"{self.public_url}/c/{link}"


class CertificationWork(Work):
    """`wake` is called after a commit that left something to sign."""

    def __init__(
        self,
        transaction: Transaction,
        *,
        office: Office,
        sealing: Sealing,
        wake: Callable[[], None],
    ) -> None:
        super().__init__(transaction)
        self.office = office
        self.sealing = sealing
        self.dossiers = self.repository(Dossiers)
        self.copies = self.repository(Copies)
        self.entries = self.repository(RegisterEntries)
        self.attempts = self.repository(SigningAttempts)
        self.certificates = self.repository(SigningCertificates)
        self._wake = wake
        self._to_sign = False

    async def preload(self, events: Sequence[Event[EventData]]) -> None:
        ours = {event.subject for event in events if is_ours(event.data)}
        await self.dossiers.load(ours)
        await self.copies.load_live_of(ours)

    def committed(self) -> None:
        super().committed()
        if self._to_sign:
            self._wake()

    def request(self, copy: Copy) -> None:
        """A first copy: the money is due."""
        self.copies.add(copy)
        self.count(metrics.COPIES.labels(copy.state))
        self.announce(facts.requested(copy))

    def begin_replacement(self, copy: Copy) -> None:
        """A copy that is to replace a certified one; nothing is due, so nobody need hear of it."""
        self.copies.add(copy)
        self.count(metrics.COPIES.labels(copy.state))

    def receive(self, copy: Copy) -> None:
        self._move(copy, CopyStep.RECEIVE)

    async def approve(
        self, copy: Copy, signer: str, certificates: tuple[Certificate, Certificate]
    ) -> None:
        """Record the intent: whatever happens from here on, this number and these certificates
        belong to this copy.
        """
        self._move(copy, CopyStep.APPROVE)
        entry = await self._take_number(copy)
        copy.book, copy.year, copy.number = entry.book, entry.year, entry.number
        copy.approved_at, copy.signer, copy.template = self.now, signer, self.office.template
        code, link = new_code(), new_link()
        copy.link, copy.code = link, self.sealing.seal_code(copy.id, code)
        copy.code_index = self.sealing.code_index(copy.id, code)
        signatory = self.office.signers[signer]
        copy.signing_key = signatory.key
        copy.attested = self.office.attested(signatory, link)
        cause = correlation.current()
        copy.correlation_id, copy.causation_id = cause.correlation_id, cause.causation_id
        copy.traceparent = cause.traceparent
        await self.use(copy, certificates)
        self._to_sign = True

    async def use(self, copy: Copy, certificates: tuple[Certificate, Certificate]) -> None:
        """Record whose keys are about to sign."""
        person, seal = certificates
        copy.person_certificate, copy.seal_certificate = person.fingerprint, seal.fingerprint
        for role, certificate in zip(facts.SIGNED_BY, certificates, strict=True):
            await self.certificates.use(SignerRole(role), certificate, now=self.now)

    async def claim(self, lease: timedelta) -> Copy | None:
        """Take a copy that can be signed now; it is ours until the lease ends."""
        copy = await self.copies.take_due(now=self.now, lease=lease, as_lease=str(uuid7()))
        if copy:
            await self.orphan(copy)
        return copy

    async def orphan(self, copy: Copy) -> None:
        """Nobody knows how far these attempts came: whatever they signed does not count."""
        for attempt in await self.attempts.started_of(copy.id):
            self._end(attempt, AttemptState.ORPHANED)

    def start(self, copy: Copy) -> SigningAttempt:
        attempt = SigningAttempt(
            id=str(uuid7()),
            copy_id=copy.id,
            started_at=self.now,
            person_certificate=str(copy.person_certificate),
            seal_certificate=str(copy.seal_certificate),
        )
        self.attempts.add(attempt)
        return attempt

    async def wait(self, copy: Copy, hindrance: Hindrance | None) -> None:
        """It cannot be signed now: it waits, says why if that is known, and is tried again by
        itself. Without a hindrance nobody knows how far the attempt came; one that has signed is
        an orphan, whatever hindered it then.
        """
        for attempt in await self.attempts.started_of(copy.id):
            attempt.hindrance = None if attempt.sha256 else hindrance
            self._end(
                attempt, AttemptState.HINDERED if attempt.hindrance else AttemptState.ORPHANED
            )
        copy.waits_for = hindrance
        copy.attempts += 1
        copy.next_attempt_at = self.now + pause(copy.attempts)
        copy.lease = copy.leased_until = None

    async def certify(self, copy: Copy, attempt: SigningAttempt, signed: SignedCopy) -> None:
        """Both signatures are there and safely kept: from now on this file is the copy."""
        self._end(attempt, AttemptState.FINISHED)
        self._move(copy, CopyStep.CERTIFY)
        copy.sha256, copy.signed_at, copy.level = signed.sha256, signed.signed_at, signed.level
        copy.certified_at = self.now
        copy.waits_for = copy.next_attempt_at = copy.lease = copy.leased_until = None
        await self._settle_entry(copy, EntryState.USED)
        cause = Correlation(copy.correlation_id, copy.causation_id, copy.traceparent)
        with correlation.bound(cause):
            self.announce(facts.certified(copy))
            if copy.replaces:
                self._replace(await self.copies.get(copy.replaces), copy)

    def _replace(self, old: Copy, copy: Copy) -> None:
        self._move(old, CopyStep.REPLACE)
        old.replaced_by, old.reason = copy.id, copy.replaces_for
        self.announce(facts.replaced(old))

    async def refuse(self, copy: Copy, reason: str) -> None:
        """A number that it has already is void from now on, and says why."""
        had_number = copy.state is CopyState.SIGNING
        self._move(copy, CopyStep.REFUSE)
        copy.reason = reason
        copy.waits_for = copy.next_attempt_at = copy.lease = copy.leased_until = None
        if had_number:
            await self.orphan(copy)
            (await self._settle_entry(copy, EntryState.VOID)).reason = reason
        if not copy.replaces:  # of a replacement nobody was told that it began
            self.announce(facts.refused(copy))

    async def revoke(self, copy: Copy, reason: str) -> None:
        """Whatever was to replace it, or is signed for that at this moment, ends with it."""
        self._move(copy, CopyStep.REVOKE)
        copy.reason = reason
        self.announce(facts.revoked(copy))
        for successor in await self.copies.unfinished_of(copy.dossier_id):
            await self.refuse(successor, NOTHING_TO_REPLACE)

    def _move(self, copy: Copy, taken: CopyStep) -> None:
        copy.state, copy.changed_at = step(copy.state, taken), self.now
        self.count(metrics.COPIES.labels(copy.state))

    def _end(self, attempt: SigningAttempt, state: AttemptState) -> None:
        attempt.state, attempt.ended_at = state, self.now
        self.count(metrics.ATTEMPTS.labels(state))

    async def _take_number(self, copy: Copy) -> RegisterEntry:
        book, year = self.office.book, vietnam_day(self.now).year
        number = await self.entries.next_number(book, year)
        entry = RegisterEntry(
            copy_id=copy.id, book=book, year=year, number=number, recorded_at=self.now
        )
        self.entries.add(entry)
        self.count(metrics.NUMBERS.labels(entry.state))
        return entry

    async def _settle_entry(self, copy: Copy, state: EntryState) -> RegisterEntry:
        entry = await self.entries.get(copy.id)
        entry.state = state
        self.count(metrics.NUMBERS.labels(state))
        return entry


def is_ours(fact: EventData) -> bool:
    """Whether it is about a dossier in which a certified copy is asked for."""
    return isinstance(fact, DossierEvent) and is_certification(fact.procedure_code)
