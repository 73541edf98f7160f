"""Who may see a copy, and who may act on it.

Its applicant and the officers and signers of its agency see it; to everybody else it does not
exist.
"""

from typing import Annotated

from fastapi import Depends

from certification.models import Copy, Dossier
from certification.refusals import NotASigner, UnknownCopy, UnknownDossier
from certification.work import CertificationWork, Signatory
from chassis.access import Principal, Role, require

Officer = Annotated[Principal, Depends(require(Role.OFFICER))]
Signer = Annotated[Principal, Depends(require(Role.SIGNER))]
Official = Annotated[Principal, Depends(require(Role.OFFICER, Role.SIGNER))]
Anyone = Annotated[Principal, Depends(require(Role.CITIZEN, Role.OFFICER, Role.SIGNER))]
"""Whoever may be concerned with some copy."""


async def readable(copy_id: str, work: CertificationWork, reader: Principal) -> Copy:
    """The copy, to look at only. Raises `UnknownCopy`."""
    copy = await work.copies.read(copy_id)
    dossier = await work.dossiers.read(copy.dossier_id)
    if not reader.owns(dossier.applicant_id) and not reader.serves(copy.agency):
        raise UnknownCopy
    return copy


async def readable_dossier(dossier_id: str, work: CertificationWork, officer: Principal) -> Dossier:
    """The dossier, to look at only, of the officer's own agency. Raises `UnknownDossier`."""
    return served(await work.dossiers.read(dossier_id), officer)


def served(dossier: Dossier, officer: Principal) -> Dossier:
    """Raises `UnknownDossier`."""
    if not officer.serves(dossier.agency):
        raise UnknownDossier
    return dossier


async def locked(
    copy_id: str, work: CertificationWork, official: Principal
) -> tuple[Copy, Dossier]:
    """A copy of the official's own agency and its dossier, locked in the order that everybody
    keeps. Raises `UnknownCopy`.
    """
    read = await work.copies.read(copy_id)
    if not official.serves(read.agency):
        raise UnknownCopy
    dossier = await work.dossiers.locked(read.dossier_id)
    return await work.copies.get(copy_id), dossier


def signatory(work: CertificationWork, signer: Principal) -> Signatory:
    """The role is not enough: the office names its signers. Raises `NotASigner`."""
    named = work.office.signers.get(signer.subject)
    if named is None:
        raise NotASigner
    return named
