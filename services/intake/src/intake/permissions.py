"""Who may see a dossier, and who may act on it.

Its applicant, the one-stop office that took it in and the competent agency see it; to everybody
else it does not exist. Who sees it and may not do a thing is told so.
"""

from typing import Annotated

from fastapi import Depends

from chassis.access import Principal, Role, require
from intake.codes import parse_procedure_code
from intake.models import DossierRow
from intake.office import day_in_vietnam
from intake.refusals import (
    AnotherAgency,
    AnotherCounter,
    AnotherOffice,
    NotTheApplicant,
    UnknownDossier,
)
from intake.work import IntakeWork
from motcua_contracts.types import AgencyCode, Channel

Citizen = Annotated[Principal, Depends(require(Role.CITIZEN))]
Officer = Annotated[Principal, Depends(require(Role.OFFICER))]
ForApplicant = Annotated[Principal, Depends(require(Role.CITIZEN, Role.OFFICER))]
"""The applicant, or an officer who acts for somebody at the counter."""
AgencySystem = Annotated[Principal, Depends(require(Role.AGENCY_SYSTEM))]
Anyone = Annotated[Principal, Depends(require(Role.CITIZEN, Role.OFFICER, Role.AGENCY_SYSTEM))]
"""Whoever may be concerned with some dossier."""


async def readable(dossier_id: str, work: IntakeWork, reader: Principal) -> DossierRow:
    """The dossier, to look at only; raises `UnknownDossier`."""
    return _seen(await work.dossiers.read(dossier_id), reader)


async def require_applicant(dossier_id: str, work: IntakeWork, person: Principal) -> None:
    """Only the applicant goes on, or who acts for somebody at the counter; raises
    `UnknownDossier` or `NotTheApplicant`.
    """
    row = _seen(await work.dossiers.find(dossier_id), person)
    if not person.owns(row.applicant_id) and not _acts_for_applicant(person, row):
        raise NotTheApplicant


async def require_office(dossier_id: str, work: IntakeWork, officer: Principal) -> None:
    """Only the office that took the dossier in goes on; raises `UnknownDossier` or
    `AnotherOffice`.
    """
    row = _seen(await work.dossiers.find(dossier_id), officer)
    if not officer.serves(row.intake_agency):
        raise AnotherOffice


def require_counter(procedure_code: str, work: IntakeWork, officer: Principal) -> None:
    """Only the office that takes the procedure in goes on; raises `AnotherCounter`, or what is
    wrong with the code.
    """
    code, today = parse_procedure_code(procedure_code), day_in_vietnam(work.now)
    if not officer.serves(work.office.catalogue.in_force(code, on=today).intake_agency):
        raise AnotherCounter


async def require_competent(dossier_id: str, work: IntakeWork, system: Principal) -> AgencyCode:
    """Only the competent agency's system goes on, as that agency; raises `UnknownDossier` or
    `AnotherAgency`.
    """
    row = _seen(await work.dossiers.find(dossier_id), system)
    if not system.serves(row.competent_agency):
        raise AnotherAgency
    return row.competent_agency


def _seen(row: DossierRow | None, reader: Principal) -> DossierRow:
    if row is None or not _may_read(reader, row):
        raise UnknownDossier
    return row


def _acts_for_applicant(person: Principal, row: DossierRow) -> bool:
    """An officer of the office, for a dossier that was filed at its counter."""
    is_theirs = Role.OFFICER in person.roles and person.serves(row.intake_agency)
    return is_theirs and row.channel == Channel.IN_PERSON


def _may_read(reader: Principal, row: DossierRow) -> bool:
    return (
        reader.owns(row.applicant_id)
        or reader.serves(row.intake_agency)
        or reader.serves(row.competent_agency)
    )
