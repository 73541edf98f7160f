"""A payment service on a real database, with a VNPAY that the test plays."""

import hmac
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlsplit
from uuid import uuid4

import httpx2

from chassis.access import Role
from chassis.app import Service
from chassis.consumer import Consumer
from chassis.testing.access import Issuer
from chassis.testing.records import event, record
from motcua_contracts.dossier import (
    DossierPaymentRequired,
    DossierPaymentSettled,
    DossierRefused,
    DossierStopped,
    DossierWithdrawn,
    Obligation,
)
from motcua_contracts.envelope import EventData
from motcua_contracts.topics import DOSSIER_EVENTS
from motcua_contracts.types import DossierStatus, ObligationKind
from payment.inquiries import Inquiries
from payment.work import PaymentWork

SECRET = "a-secret-of-the-tests"
TERMINAL = "MOTCUA01"
OWNER = "citizen-dao"
FEE = 200_000
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
OFFICE = "H42.01"
_ABOUT = {"code": "H42.10-20260302-0000001", "procedure_code": "2.000488", "agency": "H42.10"}
_REPLY = (
    "ResponseId", "Command", "ResponseCode", "Message", "TmnCode", "TxnRef", "Amount", "BankCode",
    "PayDate", "TransactionNo", "TransactionType", "TransactionStatus", "OrderInfo",
    "PromotionCode", "PromotionAmount",
)  # fmt: skip

Fields = dict[str, str]


def digest(text: str) -> str:
    return hmac.new(SECRET.encode(), text.encode(), "sha512").hexdigest()


class StoppedClock:
    """The present, as the test sets it."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, duration: timedelta) -> None:
        self.now += duration


@dataclass
class FakeVnpay:
    """VNPAY as the test wants it: what a query about a reference finds, or nothing at all."""

    known: dict[str, Fields] = field(default_factory=dict[str, Fields])
    away: bool = False
    queries: list[str] = field(default_factory=list[str])

    def transact(self, reference: str, **changes: str) -> Fields:
        """A payment of the fee, or what `changes` make of it (`Amount="100"`, …)."""
        fields = {
            "Amount": str(FEE * 100),
            "BankCode": "NCB",
            "OrderInfo": "Nop phi",
            "PayDate": "20260302150312",
            "ResponseCode": "00",
            "TmnCode": TERMINAL,
            "TransactionNo": "14422574",
            "TransactionStatus": "00",
            "TxnRef": reference,
        } | changes
        self.known[reference] = fields
        return fields

    def notification(self, reference: str, **changes: str) -> str:
        fields = self.transact(reference, **changes)
        query = "&".join(f"vnp_{k}={quote_plus(v)}" for k, v in sorted(fields.items()) if v)
        return f"{query}&vnp_SecureHash={digest(query)}"

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        asked: Fields = json.loads(request.content)
        self.queries.append(asked["vnp_TxnRef"])
        if self.away:
            raise httpx2.ConnectError("away", request=request)
        found = self.known.get(asked["vnp_TxnRef"])
        reply = {"ResponseCode": "91"} if found is None else found | {"ResponseCode": "00"}
        reply |= {"ResponseId": "r", "Command": "querydr", "TmnCode": TERMINAL}
        signed = digest("|".join(reply.get(name, "") for name in _REPLY))
        sent = {f"vnp_{name}": value for name, value in reply.items()}
        return httpx2.Response(200, json=sent | {"vnp_SecureHash": signed})


def obligation(
    amount: int = FEE,
    *,
    kind: ObligationKind = ObligationKind.CHARGE,
    due: timedelta = timedelta(days=5),
) -> Obligation:
    return Obligation(obligation_id=str(uuid4()), kind=kind, amount=amount, due_at=START + due)


def required(
    dossier_id: str, *obligations: Obligation, office: str | None = OFFICE
) -> DossierPaymentRequired:
    return DossierPaymentRequired(
        dossier_id=dossier_id,
        **_ABOUT,
        status=DossierStatus.PAYMENT_REQUIRED,
        applicant_id=OWNER,
        obligations=obligations,
        total=sum(o.amount for o in obligations),
        intake_agency=office,
    )


def ended(dossier_id: str, kind: type[EventData]) -> EventData:
    """The end of a dossier that is worth no fee."""
    about = {"dossier_id": dossier_id, **_ABOUT, "reason_code": "changed-mind"}
    ends: dict[type[EventData], dict[str, object]] = {
        DossierWithdrawn: {"status": DossierStatus.WITHDRAWN, "withdrawn_at": START},
        DossierStopped: {"status": DossierStatus.STOPPED, "stopped_at": START},
        DossierRefused: {
            "status": DossierStatus.NOT_ACCEPTED,
            "refused_at": START,
            "legal_ground": "TT 01/2018/TT-VPCP",
        },
    }
    return kind(**about, **ends[kind])


def settled(dossier_id: str, order_id: str, *obligation_ids: str) -> DossierPaymentSettled:
    """Intake says that the dossier goes on, paid by this order."""
    return DossierPaymentSettled(
        dossier_id=dossier_id,
        **_ABOUT,
        status=DossierStatus.REGISTERED,
        order_id=order_id,
        obligation_ids=obligation_ids,
        settled_at=START,
    )


@dataclass
class Scene:
    """Everything that happens around one payment service."""

    service: Service[PaymentWork]
    consumer: Consumer[PaymentWork]
    inquiries: Inquiries
    http: httpx2.AsyncClient
    vnpay: FakeVnpay
    clock: StoppedClock
    issuer: Issuer

    async def consume(self, *facts: EventData) -> None:
        sent = [event(fact, source="/motcua/intake", sequence=n) for n, fact in enumerate(facts, 1)]
        assert await self.consumer.process([record(e, DOSSIER_EVENTS) for e in sent])

    async def owe(self, *obligations: Obligation, dossier_id: str | None = None) -> str:
        """A dossier that owes; gives back its id."""
        dossier_id = dossier_id or str(uuid4())
        await self.consume(required(dossier_id, *(obligations or (obligation(),))))
        return dossier_id

    def token(
        self, subject: str = OWNER, *roles: Role, agency: str | None = None
    ) -> dict[str, str]:
        token = self.issuer.token(subject, *(roles or (Role.CITIZEN,)), agency=agency)
        return {"Authorization": f"Bearer {token}"}

    async def orders(self, dossier_id: str) -> list[dict[str, Any]]:
        url = f"/v1/dossiers/{dossier_id}/orders"
        return (await self.http.get(url, headers=self.token())).json()

    async def order(self, dossier_id: str) -> dict[str, Any]:
        return (await self.orders(dossier_id))[-1]

    async def start(self, order_id: str, key: str | None = None, **sent: str) -> httpx2.Response:
        headers = self.token() | {"Idempotency-Key": key or str(uuid4())}
        url = f"/v1/orders/{order_id}/attempts"
        return await self.http.post(url, json={"gateway": "vnpay"} | sent, headers=headers)

    async def attempt(self, dossier_id: str) -> str:
        """Start to pay the dossier's newest order; gives back the reference."""
        order = await self.order(dossier_id)
        started = await self.start(order["orderId"])
        assert started.status_code == 201, started.text
        (reference,) = parse_qs(urlsplit(started.json()["payUrl"]).query)["vnp_TxnRef"]
        assert reference == started.json()["txnRef"]
        return reference

    async def pay(self, dossier_id: str) -> str:
        """Pay the dossier's newest order; gives back its id."""
        reference = await self.attempt(dossier_id)
        number = str(int(reference, 16) % 10**15)
        query = self.vnpay.notification(reference, TransactionNo=number)
        assert await self.notify(query) == "00"
        return (await self.order(dossier_id))["orderId"]

    async def notify(self, query: str) -> str:
        """Notify as VNPAY would; gives back the RspCode."""
        answer = await self.http.get(f"/v1/gateways/vnpay/ipn?{query}")
        assert answer.status_code == 200, answer.text
        return answer.json()["RspCode"]

    async def announced(self, dossier_id: str) -> list[str]:
        """The facts about a dossier in their order, without `vn.motcua.payment.` and the major."""
        rows = await self.rows(
            "SELECT headers ->> 'ce_type', sequence FROM outbox WHERE subject = $1 ORDER BY id",
            dossier_id,
        )
        assert [sequence for _, sequence in rows] == list(range(1, len(rows) + 1))
        return [kind.split(".")[3] for kind, _ in rows]

    async def fact(self, dossier_id: str, kind: str) -> dict[str, Any]:
        """The one fact of a kind about a dossier."""
        ((value,),) = await self.rows(
            "SELECT value FROM outbox WHERE subject = $1 AND headers ->> 'ce_type' = $2",
            dossier_id,
            f"vn.motcua.payment.{kind}.v1",
        )
        return json.loads(value)

    async def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        async with self.service.database.engine.connect() as connection:
            return [tuple(row) for row in await connection.exec_driver_sql(query, values)]
