"""Well-formed facts about a dossier, for tests that care about plumbing and not about law."""

from datetime import UTC, datetime
from uuid import uuid4

from motcua_contracts.dossier import DossierReceived, DossierReturned, DossierWithdrawn
from motcua_contracts.types import DossierStatus, ReturnMethod

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
_CODE = {"code": "H42.10-20261125-0000001", "procedure_code": "2.000488", "agency": "H42.10"}


def dossier_id() -> str:
    return str(uuid4())


def received(dossier: str) -> DossierReceived:
    return DossierReceived(
        dossier_id=dossier,
        **_CODE,
        status=DossierStatus.RECEIVED,
        received_at=NOW,
        due_at=NOW,
    )


def withdrawn(dossier: str) -> DossierWithdrawn:
    return DossierWithdrawn(
        dossier_id=dossier,
        **_CODE,
        status=DossierStatus.WITHDRAWN,
        withdrawn_at=NOW,
        reason_code="changed-mind",
    )


def returned(dossier: str) -> DossierReturned:
    return DossierReturned(
        dossier_id=dossier,
        **_CODE,
        status=DossierStatus.RETURNED,
        returned_at=NOW,
        how=ReturnMethod.ONLINE,
    )
