"""All SQL of intake."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlmodel import col, select

from chassis.database import Repository
from intake.models import DossierRow, File, Paper
from motcua_contracts.types import DossierStatus

_RUNNING = (DossierStatus.RECEIVED, DossierStatus.PROCESSING)

_NEXT_NUMBER = """
INSERT INTO dossier_counters AS c (agency, day, last_number) VALUES ($1, $2, 1)
ON CONFLICT (agency, day) DO UPDATE SET last_number = c.last_number + 1
RETURNING last_number
"""


class Dossiers(Repository[DossierRow]):
    model = DossierRow

    async def read(self, dossier_id: str) -> DossierRow | None:
        """To look at only: not locked."""
        return await self._read(col(DossierRow.id) == dossier_id)

    async def read_by_code(self, code: str) -> DossierRow | None:
        """To look at only: not locked."""
        return await self._read(col(DossierRow.code) == code)

    async def of(self, applicant_id: str, *, limit: int) -> list[DossierRow]:
        """The newest dossiers of somebody, to look at only."""
        statement = (
            select(DossierRow)
            .where(col(DossierRow.applicant_id) == applicant_id)
            .order_by(col(DossierRow.registered_at).desc())
            .limit(limit)
        )
        return list(await self.session.exec(statement))

    async def overdue(self, now: datetime, *, limit: int) -> list[DossierRow]:
        """Dossiers past their due date that nobody was told about, without those another replica
        has in hand.
        """
        statement = (
            select(DossierRow.id)
            .where(
                col(DossierRow.due_at) < now,
                col(DossierRow.clock_stopped_at).is_(None),
                col(DossierRow.completed_at).is_(None),
                col(DossierRow.ended_at).is_(None),
                col(DossierRow.overdue_told_at).is_(None),
                col(DossierRow.status).in_(_RUNNING),
            )
            .order_by(col(DossierRow.due_at))
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        ids = list(await self.session.exec(statement))
        await self.load(ids)
        return [await self.get(dossier_id) for dossier_id in ids]

    async def next_number(self, agency: str, day: date) -> int:
        """The next number of a dossier code; given back when the transaction fails."""
        connection = await self.session.connection()
        result = await connection.exec_driver_sql(_NEXT_NUMBER, (agency, day))
        return result.scalar_one()

    async def _read(self, criterion: object) -> DossierRow | None:
        statement = select(DossierRow).where(criterion)  # pyright: ignore[reportArgumentType] - SQL
        return (await self.session.exec(statement)).first()


class Files(Repository[File]):
    model = File

    async def read(self, file_ids: Sequence[str]) -> dict[str, File]:
        """Files by id, to look at only: a file never changes."""
        statement = select(File).where(col(File.id).in_(file_ids))
        return {file.id: file for file in await self.session.exec(statement)}


class Papers(Repository[Paper]):
    model = Paper

    async def read_of(self, dossier_id: str) -> list[Paper]:
        """All papers of a dossier in the order in which they came, to look at only."""
        statement = select(Paper).where(col(Paper.dossier_id) == dossier_id)
        return list(await self.session.exec(statement.order_by(col(Paper.id))))
