"""The facts that certification announces, each from the rows it is about."""

from certification.domain import FEE_CODE
from certification.models import Copy
from motcua_contracts.certification import (
    CertificationCopyCertified,
    CertificationCopyRefused,
    CertificationCopyReplaced,
    CertificationCopyRequested,
    CertificationCopyRevoked,
)
from motcua_contracts.dossier import FeeLine
from motcua_contracts.types import ObligationKind, SignerRole

SIGNED_BY = (SignerRole.AUTHORISED_PERSON, SignerRole.AGENCY_SEAL)
"""Who signs, in their order."""


def requested(copy: Copy) -> CertificationCopyRequested:
    return CertificationCopyRequested(
        dossier_id=copy.dossier_id,
        copy_id=copy.id,
        paper_kind=copy.paper_kind,
        pages=copy.pages,
        scan_sha256=copy.scan_sha256,
        fee_line=FeeLine(kind=ObligationKind.CHARGE, code=FEE_CODE, amount=copy.fee),
    )


def certified(copy: Copy) -> CertificationCopyCertified:
    same = {"dossier_id", "paper_kind", "book", "year", "sha256", "signed_at", "level", "pages"}
    return CertificationCopyCertified.model_validate(
        {
            **copy.model_dump(include=same | {"fee"}),
            "copy_id": copy.id,
            "register_number": copy.number,
            "signer_roles": SIGNED_BY,
        }
    )


def refused(copy: Copy) -> CertificationCopyRefused:
    return CertificationCopyRefused(
        dossier_id=copy.dossier_id, copy_id=copy.id, reason_code=str(copy.reason)
    )


def revoked(copy: Copy) -> CertificationCopyRevoked:
    return CertificationCopyRevoked(
        dossier_id=copy.dossier_id,
        copy_id=copy.id,
        sha256=str(copy.sha256),
        reason_code=str(copy.reason),
        revoked_at=copy.changed_at,
    )


def replaced(copy: Copy) -> CertificationCopyReplaced:
    return CertificationCopyReplaced(
        dossier_id=copy.dossier_id,
        copy_id=copy.id,
        sha256=str(copy.sha256),
        successor_id=str(copy.replaced_by),
        reason_code=str(copy.reason),
        replaced_at=copy.changed_at,
    )
