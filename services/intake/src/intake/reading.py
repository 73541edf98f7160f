"""Who may read a dossier: its applicant, the one-stop office that took it in, the competent agency.

To everybody else it does not exist.
"""

from chassis.access import Principal
from chassis.errors import NotFound
from intake.models import DossierRow
from intake.work import IntakeWork


class UnknownDossier(NotFound, vi="Không có hồ sơ này", en="There is no such dossier"):
    """No dossier has this id or code, or it is not yours to see."""


def may_read(reader: Principal, row: DossierRow) -> bool:
    return (
        reader.owns(row.applicant_id)
        or reader.serves(row.intake_agency)
        or reader.serves(row.competent_agency)
    )


async def readable(dossier_id: str, work: IntakeWork, reader: Principal) -> DossierRow:
    """The dossier, to look at only; raises `UnknownDossier`."""
    row = await work.dossiers.read(dossier_id)
    if row is None or not may_read(reader, row):
        raise UnknownDossier
    return row


async def require_owner(dossier_id: str, work: IntakeWork, citizen: Principal) -> None:
    row = await work.dossiers.read(dossier_id)
    if row is None or not citizen.owns(row.applicant_id):
        raise UnknownDossier


async def require_office(dossier_id: str, work: IntakeWork, officer: Principal) -> None:
    """The officer works at the office that took the dossier in."""
    row = await work.dossiers.read(dossier_id)
    if row is None or not officer.serves(row.intake_agency):
        raise UnknownDossier
