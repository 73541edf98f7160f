"""All SQL of certification."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, UUID
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import Select

from certification.domain import LIVE, UNFINISHED, AttemptState, CopyState
from certification.models import (
    Copy,
    Dossier,
    RegisterEntry,
    SigningAttempt,
    SigningCertificate,
)
from certification.ports import Certificate, Hindrance
from certification.refusals import UnknownCopy, UnknownDossier
from chassis.database import Repository
from chassis.rows import fetch
from motcua_contracts.types import SignerRole


class LeaseLost(Exception):  # noqa: N818 - nothing failed: somebody else goes on
    """The lease ended and the copy went on without us: whatever we signed does not count."""


class Dossiers(Repository[Dossier]):
    model = Dossier

    async def locked(self, dossier_id: str) -> Dossier:
        """Raises `UnknownDossier`."""
        dossier = await self.find(dossier_id)
        if dossier is None:
            raise UnknownDossier
        return dossier

    async def read(self, dossier_id: str) -> Dossier:
        """To look at only: not locked. Raises `UnknownDossier`."""
        statement = select(Dossier).where(col(Dossier.id) == dossier_id)
        dossier = (await self.session.exec(statement)).first()
        if dossier is None:
            raise UnknownDossier
        return dossier


@dataclass(frozen=True, slots=True)
class Backlog:
    """Copies that were approved and are not signed yet."""

    signing: int
    oldest_seconds: float
    waiting: Mapping[Hindrance, int]


class Copies(Repository[Copy]):
    model = Copy

    def __init__(self, session: AsyncSession) -> None:
        super().__init__(session)
        self._loaded_of: set[str] = set()

    async def load_live_of(self, dossier_ids: Collection[str]) -> None:
        """Lock the copies under way and the certified ones of many dossiers, in one query."""
        missing = set(dossier_ids) - self._loaded_of
        if missing:
            self._loaded_of |= missing
            of_these = col(Copy.dossier_id) == sa.any_(_ids(missing))
            await self.select(of_these, col(Copy.state).in_(LIVE))

    async def live_of(self, dossier_id: str) -> list[Copy]:
        """The copies of a dossier that are under way or certified, locked; its own lock comes
        first.
        """
        await self.load_live_of([dossier_id])
        return [
            copy
            for copy in self._known.values()
            if copy and copy.dossier_id == dossier_id and copy.state in LIVE
        ]

    async def any_of(self, dossier_id: str) -> bool:
        """Whether there is a copy of a dossier, or was; its own lock keeps the answer true."""
        of_this = sa.exists().where(col(Copy.dossier_id) == dossier_id)
        return (await self.session.exec(select(of_this))).one()

    async def unfinished_of(self, dossier_id: str) -> list[Copy]:
        """Those of them that are under way."""
        return [copy for copy in await self.live_of(dossier_id) if copy.state in UNFINISHED]

    async def read(self, copy_id: str) -> Copy:
        """To look at only: not locked. Raises `UnknownCopy`."""
        copy = (await self.session.exec(select(Copy).where(col(Copy.id) == copy_id))).first()
        if copy is None:
            raise UnknownCopy
        return copy

    async def by_link(self, link: str) -> Copy | None:
        """The copy with this public link, to look at only."""
        return (await self.session.exec(select(Copy).where(col(Copy.link) == link))).first()

    async def by_sha256(self, sha256: str) -> Copy | None:
        """The copy whose certified file has this digest, to look at only."""
        return (await self.session.exec(select(Copy).where(col(Copy.sha256) == sha256))).first()

    async def list_of(
        self, agency: str, *, state: CopyState | None, after: str, limit: int
    ) -> Sequence[Copy]:
        """An agency's copies in the order in which they were asked for, to look at only."""
        statement = select(Copy).where(col(Copy.agency) == agency, col(Copy.id) > after)
        if state:
            statement = statement.where(col(Copy.state) == state)
        return (await self.session.exec(statement.order_by(col(Copy.id)).limit(limit))).all()

    async def take_due(self, *, now: datetime, lease: timedelta, as_lease: str) -> Copy | None:
        """Lock one copy that can be signed now, those that were never hindered first, and lease it
        by the database's time: the clocks of two processes need not agree.
        """
        at = sa.func.clock_timestamp()
        leased, next_at = col(Copy.leased_until), col(Copy.next_attempt_at)
        statement = (
            select(Copy, at)
            .where(col(Copy.state) == CopyState.SIGNING)
            .where(sa.or_(leased.is_(None), leased < at))
            .where(sa.or_(next_at.is_(None), next_at <= now))
            .order_by(next_at.asc().nulls_first(), col(Copy.id))
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        found = (await self.session.exec(statement)).first()
        if found is None:
            return None
        copy, database_time = found
        self.session.expunge(copy)
        self._known[copy.id] = copy
        copy.lease, copy.leased_until = as_lease, database_time + lease
        return copy

    async def hold(self, held: Copy, lease: timedelta) -> None:
        """Lease a copy anew that is still ours; nothing, when it is not."""
        table = self.table()
        ours = (table.c.id == held.id, table.c.lease == held.lease)
        until = sa.func.clock_timestamp() + lease
        connection = await self.session.connection()
        await connection.execute(sa.update(table).where(*ours).values(leased_until=until))

    async def take_leased(self, held: Copy) -> Copy:
        """Lock a copy that is still ours. Raises `LeaseLost` when it is not."""
        ours = await self.select(
            col(Copy.id) == held.id,
            col(Copy.lease) == held.lease,
            col(Copy.state) == CopyState.SIGNING,
        )
        if not ours:
            raise LeaseLost(held.id)
        return ours[0]

    async def database_time(self) -> datetime:
        return (await self.session.exec(select(sa.func.clock_timestamp()))).one()

    async def backlog(self) -> Backlog:
        """What is to be signed, for the gauges."""
        waits_for, approved_at = col(Copy.waits_for), col(Copy.approved_at)
        statement = (
            select(waits_for, sa.func.count(), sa.func.min(approved_at))
            .where(col(Copy.state) == CopyState.SIGNING)
            .group_by(waits_for)
        )
        rows = (await self.session.exec(statement)).all()
        now = await self.database_time()
        return Backlog(
            signing=sum(count for _, count, _ in rows),
            oldest_seconds=max(((now - at).total_seconds() for *_, at in rows if at), default=0),
            waiting={Hindrance(hindrance): count for hindrance, count, _ in rows if hindrance},
        )


class BookYear(NamedTuple):
    """A book of the register counts anew each year."""

    book: str
    year: int


_NEXT_NUMBER = """
INSERT INTO register_books AS b (book, year, last) VALUES ($1, $2, 1)
ON CONFLICT (book, year) DO UPDATE SET last = b.last + 1
RETURNING last
"""


class RegisterEntries(Repository[RegisterEntry]):
    model = RegisterEntry
    key = "copy_id"

    async def next_number(self, book: str, year: int) -> int:
        """The next number of a book. It is given back when the transaction fails: no gaps."""
        connection = await self.session.connection()
        [(number,)] = await fetch(connection, _NEXT_NUMBER, (book, year))
        return number

    async def list_of(
        self, agency: str, of: BookYear, *, after: int, limit: int
    ) -> Sequence[tuple[RegisterEntry, Copy]]:
        """The agency's lines of a book in the order of their numbers, to look at only."""
        lines = _lines(agency).where(
            col(RegisterEntry.book) == of.book,
            col(RegisterEntry.year) == of.year,
            col(RegisterEntry.number) > after,
        )
        in_order = lines.order_by(col(RegisterEntry.number)).limit(limit)
        return (await self.session.exec(in_order)).all()

    async def list_of_requester(
        self, agency: str, *, index: str, after: str, limit: int
    ) -> Sequence[tuple[RegisterEntry, Copy]]:
        """The agency's lines about what one person asked for, in the order in which that was
        done, to look at only.
        """
        lines = _lines(agency).where(col(Copy.requester_index) == index, col(Copy.id) > after)
        in_order = lines.order_by(col(Copy.id)).limit(limit)
        return (await self.session.exec(in_order)).all()


class SigningAttempts(Repository[SigningAttempt]):
    model = SigningAttempt

    async def started_of(self, copy_id: str) -> list[SigningAttempt]:
        """Attempts of a copy whose end nobody recorded, locked; the copy's lock comes first."""
        return await self.select(
            col(SigningAttempt.copy_id) == copy_id,
            col(SigningAttempt.state) == AttemptState.STARTED,
        )

    async def orphaned_files(self, *, since: datetime) -> Sequence[str]:
        """Digests of files that were signed and do not count."""
        counts = sa.exists().where(col(Copy.sha256) == SigningAttempt.sha256)
        statement = select(col(SigningAttempt.sha256)).where(
            col(SigningAttempt.state) == AttemptState.ORPHANED,
            col(SigningAttempt.ended_at) > since,
            col(SigningAttempt.sha256).is_not(None),
            ~counts,
        )
        return [sha256 for sha256 in await self.session.exec(statement) if sha256]


_KNOW = """
INSERT INTO signing_certificates (fingerprint, role, first_used_at) VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING
"""


class SigningCertificates(Repository[SigningCertificate]):
    model = SigningCertificate
    key = "fingerprint"

    async def use(self, role: SignerRole, certificate: Certificate, *, now: datetime) -> None:
        """From now on this register may have signed with it."""
        connection = await self.session.connection()
        await connection.exec_driver_sql(_KNOW, (certificate.fingerprint, role.value, now))

    async def known(self, fingerprints: Collection[str]) -> set[str]:
        """Those that this register has signed with."""
        fingerprint = col(SigningCertificate.fingerprint)
        wanted = sa.literal(list(fingerprints), ARRAY(sa.Text))
        return set(
            await self.session.exec(select(fingerprint).where(fingerprint == sa.any_(wanted)))
        )


def _lines(agency: str) -> Select[RegisterEntry, Copy]:
    of_copy = col(Copy.id) == col(RegisterEntry.copy_id)
    return select(RegisterEntry, Copy).join(Copy, of_copy).where(col(Copy.agency) == agency)


def _ids(ids: Collection[str]) -> sa.ColumnElement[Sequence[str]]:
    return sa.literal(sorted(ids), ARRAY(UUID(as_uuid=False)))
