"""All SQL of intake."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import func
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from chassis.database import Repository
from intake.models import HANDED_IN, CertifiedCopy, CopyState, DossierRow, File, Paper, Part
from intake.refusals import KeptByCertification, UnknownPaper
from intake.status import is_final
from motcua_contracts.types import DossierStatus

Entity = TypeVar("Entity", bound=SQLModel)

_RUNNING = (DossierStatus.RECEIVED, DossierStatus.PROCESSING)
"""Where the legal clock runs."""
_FINAL = tuple(status for status in DossierStatus if is_final(status))

_NEXT_NUMBER = """
INSERT INTO dossier_counters AS c (agency, day, last_number) VALUES ($1, $2, 1)
ON CONFLICT (agency, day) DO UPDATE SET last_number = c.last_number + 1
RETURNING last_number
"""


class Readable(Repository[Entity]):
    """A repository that also shows rows to look at only."""

    async def look(self, statement: SelectOfScalar[Entity]) -> list[Entity]:
        """Not locked, and at once forgotten: a session gives what it has read before, stale or
        not, when the same row is loaded to decide about.
        """
        rows = list(await self.session.exec(statement))
        self.session.expunge_all()
        return rows


class Dossiers(Readable[DossierRow]):
    model = DossierRow

    async def read(self, dossier_id: str) -> DossierRow | None:
        """To look at only."""
        rows = await self.look(select(DossierRow).where(col(DossierRow.id) == dossier_id))
        return next(iter(rows), None)

    async def read_by_code(self, code: str) -> DossierRow | None:
        """To look at only."""
        rows = await self.look(select(DossierRow).where(col(DossierRow.code) == code))
        return next(iter(rows), None)

    async def read_of(self, applicant_id: str, *, limit: int) -> list[DossierRow]:
        """The newest dossiers of somebody, to look at only."""
        statement = (
            select(DossierRow)
            .where(col(DossierRow.applicant_id) == applicant_id)
            .order_by(col(DossierRow.registered_at).desc(), col(DossierRow.id).desc())
            .limit(limit)
        )
        return await self.look(statement)

    async def overdue(self, now: datetime, *, limit: int) -> list[DossierRow]:
        """Dossiers past their due date that nobody was told about, without those another replica
        has in hand.
        """
        statement = (
            select(DossierRow.id)
            .where(
                col(DossierRow.due_at) < now,
                col(DossierRow.status).in_(_RUNNING),
                # The condition of the index, in its words.
                col(DossierRow.completed_at).is_(None),
                col(DossierRow.ended_at).is_(None),
                col(DossierRow.overdue_told_at).is_(None),
            )
            .order_by(col(DossierRow.due_at))
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        ids = list(await self.session.exec(statement))
        await self.load(ids)
        return [await self.get(dossier_id) for dossier_id in ids]

    async def unanswered(self) -> dict[str, tuple[int, datetime]]:
        """By competent agency: how many dossiers it has not taken up, and since when the oldest is
        received.
        """
        agency, received_at = col(DossierRow.competent_agency), col(DossierRow.received_at)
        statement = (
            select(agency, func.count(), func.min(received_at))
            .where(col(DossierRow.status) == DossierStatus.RECEIVED)
            .group_by(agency)
        )
        rows = await self.session.exec(statement)
        return {agency: (count, oldest) for agency, count, oldest in rows if oldest}

    async def next_number(self, agency: str, day: date) -> int:
        """The next number of a dossier code; given back when the transaction fails."""
        connection = await self.session.connection()
        result = await connection.exec_driver_sql(_NEXT_NUMBER, (agency, day))
        return result.scalar_one()


class Files(Readable[File]):
    model = File

    async def read(self, file_ids: Sequence[str]) -> dict[str, File]:
        """Files by id; a file never changes."""
        rows = await self.look(select(File).where(col(File.id).in_(file_ids)))
        return {file.id: file for file in rows}


class CertifiedCopies(Readable[CertifiedCopy]):
    """A copy is locked by whoever changes it before any dossier is, and never waited for by those
    who hold a dossier.
    """

    model = CertifiedCopy
    key = "copy_id"

    async def proving(self, digests: Collection[str]) -> dict[str, str]:
        """The valid copies among these files: their ids by digest, as they will still be when
        this is committed. One that is changing in this very moment counts for nothing.
        """
        if not digests:
            return {}
        statement = (
            select(CertifiedCopy.sha256, CertifiedCopy.copy_id)
            .where(col(CertifiedCopy.sha256).in_(digests))
            .where(col(CertifiedCopy.state) == CopyState.VALID)
            .with_for_update(read=True, skip_locked=True)
        )
        return dict((await self.session.exec(statement)).all())

    async def read(self, digests: Collection[str]) -> dict[str, CertifiedCopy]:
        """Copies by digest, whatever became of them, to look at only."""
        if not digests:
            return {}
        statement = select(CertifiedCopy).where(col(CertifiedCopy.sha256).in_(digests))
        return {copy.sha256: copy for copy in await self.look(statement)}


class Papers(Readable[Paper]):
    model = Paper

    def __init__(self, session: AsyncSession) -> None:
        super().__init__(session)
        self._in_open_dossiers: list[Paper] = []

    async def load_in_open_dossiers(self, digests: Collection[str]) -> set[str]:
        """Make known which papers of open dossiers are these files; gives back the dossiers."""
        statement = (
            select(Paper)
            .join(DossierRow, col(DossierRow.id) == Paper.dossier_id)
            .where(col(Paper.sha256).in_(digests), col(Paper.part).in_(HANDED_IN))
            .where(col(DossierRow.status).not_in(_FINAL))
            .order_by(col(Paper.id))
        )
        self._in_open_dossiers = await self.look(statement)
        return {paper.dossier_id for paper in self._in_open_dossiers}

    def in_open_dossiers(self, sha256: str) -> dict[str, list[Paper]]:
        """Those that are this file, by dossier."""
        found: dict[str, list[Paper]] = {}
        for paper in self._in_open_dossiers:
            if paper.sha256 == sha256:
                found.setdefault(paper.dossier_id, []).append(paper)
        return found

    async def read_of(self, dossier_id: str) -> list[Paper]:
        """All papers of a dossier in the order in which they came; a paper never changes."""
        statement = select(Paper).where(col(Paper.dossier_id) == dossier_id)
        return await self.look(statement.order_by(col(Paper.id)))

    async def read_one(self, paper_id: str, *, of: str, parts: Collection[Part]) -> Paper:
        """A paper of the dossier `of`; raises `UnknownPaper` or `KeptByCertification`."""
        statement = select(Paper).where(
            col(Paper.id) == paper_id, col(Paper.dossier_id) == of, col(Paper.part).in_(parts)
        )
        for paper in await self.look(statement):
            if paper.file_id is None:
                raise KeptByCertification(copyId=paper.certified_copy_id)
            return paper
        raise UnknownPaper
