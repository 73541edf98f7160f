"""A dossier of procedure 2.000815 and what a clerk brings for it."""

import json
from base64 import b64encode
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from typing import Any

import pikepdf

from motcua_contracts.dossier import (
    DossierCompleted,
    DossierPaymentRequired,
    DossierPaymentSettled,
    DossierReceived,
    DossierRefused,
    DossierRegistered,
    DossierStopped,
    DossierWithdrawn,
    Obligation,
)
from motcua_contracts.envelope import EventData
from motcua_contracts.types import Channel, DossierStatus, ObligationKind, Outcome

AGENCY = "H42.10"
OTHER_AGENCY = "H42.11"
OWNER = "citizen-dao"
CLERK = "officer-lan"
SIGNER = "signer-minh"
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
NAME, ID_NUMBER, TITLE = "Nguyễn Thị Đào", "079204001234", "Bằng tốt nghiệp của Nguyễn Thị Đào"
PERSONAL = (NAME, ID_NUMBER, TITLE, "Đào")
KEYRING_JSON = json.dumps(
    {
        "active": "k1",
        "keys": {"k1": b64encode(b"1" * 32).decode()},
        "index": b64encode(b"2" * 32).decode(),
    }
)


def _about(dossier_id: str, **changes: object) -> dict[str, Any]:
    about: dict[str, Any] = {
        "dossier_id": dossier_id,
        "code": "H42.10-20260302-0000001",
        "procedure_code": "2.000815",
        "agency": AGENCY,
    }
    return about | changes


def registered(dossier_id: str, **changes: object) -> DossierRegistered:
    return DossierRegistered(
        **_about(dossier_id, **changes),
        status=DossierStatus.REGISTERED,
        procedure_version=1,
        intake_agency=AGENCY,
        channel=Channel.ONLINE,
        applicant_id=OWNER,
        registered_at=START,
        papers=(),
        fee_lines=(),
    )


def payment_required(dossier_id: str, amount: int = 5_000) -> DossierPaymentRequired:
    due = Obligation(
        obligation_id=dossier_id, kind=ObligationKind.CHARGE, amount=amount, due_at=START
    )
    return DossierPaymentRequired(
        **_about(dossier_id),
        status=DossierStatus.PAYMENT_REQUIRED,
        applicant_id=OWNER,
        obligations=(due,),
        total=amount,
    )


def payment_settled(dossier_id: str) -> DossierPaymentSettled:
    return DossierPaymentSettled(
        **_about(dossier_id),
        status=DossierStatus.REGISTERED,
        order_id=dossier_id,
        obligation_ids=(dossier_id,),
        settled_at=START,
    )


def received(dossier_id: str, **changes: object) -> DossierReceived:
    return DossierReceived(
        **_about(dossier_id, **changes),
        status=DossierStatus.RECEIVED,
        received_at=START,
        due_at=START,
    )


def completed(dossier_id: str) -> DossierCompleted:
    return DossierCompleted(
        **_about(dossier_id),
        status=DossierStatus.COMPLETED,
        outcome=Outcome.APPROVED,
        completed_at=START,
        result_papers=(),
    )


def ended(dossier_id: str, kind: type[EventData] = DossierWithdrawn) -> EventData:
    ends: dict[type[EventData], dict[str, object]] = {
        DossierWithdrawn: {"status": DossierStatus.WITHDRAWN, "withdrawn_at": START},
        DossierStopped: {"status": DossierStatus.STOPPED, "stopped_at": START},
        DossierRefused: {
            "status": DossierStatus.NOT_ACCEPTED,
            "refused_at": START,
            "legal_ground": "TT 01/2018/TT-VPCP",
        },
    }
    return kind.model_validate(
        _about(dossier_id) | {"reason_code": "changed-mind"} | ends[kind], by_name=True
    )


def shown(**changes: object) -> str:
    """The part `copy` of a clerk's request."""
    said: dict[str, object] = {
        "paperKind": "diploma",
        "title": TITLE,
        "requester": {"name": NAME, "idNumber": ID_NUMBER},
        "originalSeen": True,
    }
    return json.dumps(said | changes)


@cache
def scan(pages: int = 3) -> bytes:
    """A scanned original of so many pages."""
    paper, content = pikepdf.Pdf.new(), BytesIO()
    for _ in range(pages):
        paper.add_blank_page()
    paper.save(content)
    return content.getvalue()
