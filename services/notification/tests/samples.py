"""Facts as intake and payment announce them, and a contact as intake encrypts it."""

import json
import os
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

from chassis.encryption import Keyring
from motcua_contracts import certification, dossier, payment
from motcua_contracts.envelope import EventData
from motcua_contracts.types import Channel, DossierStatus, ObligationKind, Outcome, ReturnMethod
from notification.models import Recipient

ID = "0199c0de-0000-7000-8000-000000000001"
SHA256 = "ab" * 32
DOSSIER: dict[str, Any] = {
    "dossier_id": ID,
    "code": "H42.10-20260302-0000017",
    "procedure_code": "2.000488",
    "agency": "H42.10",
}
ORDER: dict[str, Any] = {
    "dossier_id": ID,
    "dossier_code": "H42.10-20260302-0000017",
    "order_id": "0199c0de-0000-7000-8000-000000000002",
}
COPY: dict[str, Any] = {"dossier_id": ID, "copy_id": ID, "sha256": SHA256}
PAPER = dossier.Paper(paper_id=ID, kind="identity-card", sha256=SHA256)
PROVEN = PAPER.model_copy(update={"certified_copy_id": ID})
RESULT = dossier.ResultPaper(paper_id=ID, kind="judicial-record-certificate", sha256=SHA256)


def fee_line(amount: int) -> dossier.FeeLine:
    return dossier.FeeLine(kind=ObligationKind.CHARGE, code="phi-lltp", amount=amount)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def registered(**changes: Any) -> dossier.DossierRegistered:
    facts: dict[str, Any] = {
        "status": DossierStatus.REGISTERED,
        "procedure_version": 1,
        "intake_agency": "H42.01",
        "channel": Channel.ONLINE,
        "applicant_id": "citizen-7f3a",
        "registered_at": at(2, 1, 30),
        "papers": (PAPER,),
        "fee_lines": (fee_line(200_000),),
    }
    return dossier.DossierRegistered(**(DOSSIER | facts | changes))


def obligation(kind: ObligationKind, amount: int) -> dossier.Obligation:
    return dossier.Obligation(obligation_id=ID, kind=kind, amount=amount, due_at=at(9, 10))


def completed(**changes: Any) -> dossier.DossierCompleted:
    facts: dict[str, Any] = {
        "status": DossierStatus.COMPLETED,
        "outcome": Outcome.APPROVED,
        "completed_at": at(12, 9, 5),
        "result_papers": (RESULT,),
    }
    return dossier.DossierCompleted(**DOSSIER, **(facts | changes))


FACTS: dict[str, EventData] = {
    "registered": registered(),
    "registered-exempt": registered(
        fee_lines=(fee_line(0),), exemption_ground="TT 244/2016/TT-BTC, Điều 5"
    ),
    "registered-reduced": registered(
        fee_lines=(fee_line(100_000),), exemption_ground="TT 244/2016/TT-BTC, Điều 4"
    ),
    "registered-free": registered(fee_lines=()),
    "payment-required": dossier.DossierPaymentRequired(
        **DOSSIER,
        status=DossierStatus.PAYMENT_REQUIRED,
        applicant_id="citizen-7f3a",
        obligations=(
            obligation(ObligationKind.CHARGE, 200_000),
            obligation(ObligationKind.FEE, 15_000),
        ),
        total=215_000,
    ),
    "receipt-issued": payment.PaymentReceiptIssued(
        **ORDER,
        receipt_id=ID,
        template="01BLP0-001",
        serial="BI-26T",
        number=42,
        sha256=SHA256,
        amount=200_000,
        issued_at=at(2, 3),
    ),
    "received": dossier.DossierReceived(
        **DOSSIER, status=DossierStatus.RECEIVED, received_at=at(2, 17, 30), due_at=at(16, 10)
    ),
    "refused": dossier.DossierRefused(
        **DOSSIER,
        status=DossierStatus.NOT_ACCEPTED,
        refused_at=at(3, 2),
        reason_code="papers-incomplete",
        legal_ground="Luật Lý lịch tư pháp 2009, Điều 49",
    ),
    "supplement-requested": dossier.DossierSupplementRequested(
        **DOSSIER,
        status=DossierStatus.SUPPLEMENT_REQUESTED,
        papers_wanted=("identity-card", "family-book"),
        reason_code="identity-unclear",
        requested_at=at(4, 2),
    ),
    "supplemented": dossier.DossierSupplemented(
        **DOSSIER,
        status=DossierStatus.PROCESSING,
        papers=(PAPER,),
        supplemented_at=at(5, 2),
        due_at=at(17, 10),
    ),
    "withdrawn": dossier.DossierWithdrawn(
        **DOSSIER,
        status=DossierStatus.WITHDRAWN,
        withdrawn_at=at(6, 2),
        reason_code="applicant-request",
    ),
    "stopped": dossier.DossierStopped(
        **DOSSIER,
        status=DossierStatus.STOPPED,
        stopped_at=at(7, 2),
        reason_code="supplement-not-given",
        legal_ground="NĐ 61/2018/NĐ-CP, Điều 17",
    ),
    "completed": completed(),
    "completed-refused": completed(
        outcome=Outcome.REFUSED,
        reason_code="not-entitled",
        legal_ground="Luật Lý lịch tư pháp 2009, Điều 49",
    ),
    "returned": dossier.DossierReturned(
        **DOSSIER, status=DossierStatus.RETURNED, returned_at=at(13, 2), how=ReturnMethod.ONLINE
    ),
    "returned-by-post": dossier.DossierReturned(
        **DOSSIER, status=DossierStatus.RETURNED, returned_at=at(13, 2), how=ReturnMethod.POST
    ),
    "overdue": dossier.DossierOverdue(
        **DOSSIER, status=DossierStatus.PROCESSING, due_at=at(16, 10)
    ),
    "refund-requested": payment.PaymentRefundRequested(
        **ORDER, refund_id=ID, amount=200_000, reason_code="dossier-withdrawn"
    ),
    "refund-of-late-money": payment.PaymentRefundRequested(
        **ORDER, refund_id=ID, amount=200_000, reason_code="order-expired"
    ),
    "payment-expired": payment.PaymentExpired(**ORDER),
    "registered-copy": registered(procedure_code="2.000815", papers=(), fee_lines=()),
    "registered-proven": registered(papers=(PAPER, PROVEN)),
    "copy-revoked": certification.CertificationCopyRevoked(
        **COPY, reason_code="original-forged", revoked_at=at(20, 2)
    ),
    "copy-replaced": certification.CertificationCopyReplaced(
        **COPY, successor_id=ID, reason_code="scan-unreadable", replaced_at=at(20, 2)
    ),
}
KEYRING_JSON = json.dumps(
    {
        "active": "k1",
        "keys": {"k1": b64encode(os.urandom(32)).decode()},
        "index": b64encode(os.urandom(32)).decode(),
    }
)
KEYRING = Keyring.parse(KEYRING_JSON)
CONTACT = {"fullName": "Nguyễn Thị Đào", "email": "dao@example.vn", "phone": "0912345678"}


def recipient(
    contact: object = CONTACT, *, keyring: Keyring = KEYRING, dossier: str = ID
) -> Recipient:
    plain = json.dumps(contact, ensure_ascii=False).encode()
    return Recipient(
        dossier_id=dossier,
        recipient_id="citizen-7f3a",
        ciphertext=keyring.encrypt(plain, context=f"recipients:{dossier}"),
        key_id="k1",
        sequence=1,
        received_at=at(2, 1, 30),
    )
