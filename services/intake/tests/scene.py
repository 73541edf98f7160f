"""An intake service on a real database, and the people, agencies and payments around it."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2

from chassis.access import Role
from chassis.app import Service
from chassis.consumer import Consumer
from chassis.testing.access import Issuer
from chassis.testing.records import event, record
from documents.testing import pdf, png
from intake.settings import Settings
from intake.work import IntakeWork
from intake.working_calendar import VIETNAM
from motcua_contracts.agency import (
    AgencyDecided,
    AgencyEvent,
    AgencyProcessingStarted,
    AgencySupplementRequested,
    ResultFile,
)
from motcua_contracts.certification import CertificationEvent
from motcua_contracts.envelope import Event, EventData
from motcua_contracts.payment import PaymentSucceeded
from motcua_contracts.topics import (
    CERTIFICATION_EVENTS,
    DOSSIER_EVENTS,
    PAYMENT_EVENTS,
    agency_decisions,
    agency_source,
)
from motcua_contracts.types import Outcome

from .samples import COMPANY_FORM, CONTACT, COPY_FORM, JUDICIAL_FORM

MORNING = datetime(2026, 11, 25, 9, tzinfo=VIETNAM).astimezone(UTC)
"""A Wednesday, at nine in Vietnam."""
CERTIFICATE, COMPANY, COPY = "2.000488", "2.001583", "2.000815"
JUSTICE, PLANNING = "H42.10", "H42.11"

Json = dict[str, Any]


@dataclass(frozen=True)
class Person:
    """Somebody, or some system, with a token."""

    subject: str
    role: Role
    agency: str | None = None
    also: tuple[Role, ...] = ()


DAO = Person("nguyen-thi-dao", Role.CITIZEN)
BINH = Person("tran-van-binh", Role.CITIZEN)
LAN = Person("le-thi-lan", Role.OFFICER, "H42.01")
OFFICER_ELSEWHERE = Person("pham-thi-mai", Role.OFFICER, "H42.02")
JUSTICE_OFFICER = Person("do-van-nam", Role.OFFICER, JUSTICE)
OPERATOR = Person("pham-van-hung", Role.OPERATOR)
JUSTICE_SYSTEM = Person("agency-H42.10", Role.AGENCY_SYSTEM, JUSTICE)
PLANNING_SYSTEM = Person("agency-H42.11", Role.AGENCY_SYSTEM, PLANNING)


class StoppedClock:
    """The present, as the test sets it."""

    def __init__(self) -> None:
        self.now = MORNING

    def reset(self) -> None:
        self.now = MORNING

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, duration: timedelta) -> None:
        self.now += duration


def started(dossier_id: str, reference: str = "STP-1", **more: Any) -> AgencyProcessingStarted:
    return AgencyProcessingStarted(dossier_id=dossier_id, agency_reference=reference, **more)


def wants(
    dossier_id: str, *kinds: str, reason: str = "identity-unclear"
) -> AgencySupplementRequested:
    return AgencySupplementRequested(
        dossier_id=dossier_id,
        agency_reference="STP-1",
        papers_wanted=kinds or ("identity-card",),
        reason_code=reason,
    )


def approved(dossier_id: str, *files: ResultFile, reference: str = "STP-1") -> AgencyDecided:
    return AgencyDecided(
        dossier_id=dossier_id,
        agency_reference=reference,
        outcome=Outcome.APPROVED,
        result_papers=files,
    )


def denied(dossier_id: str, *, reference: str = "STP-1") -> AgencyDecided:
    return AgencyDecided(
        dossier_id=dossier_id,
        agency_reference=reference,
        outcome=Outcome.REFUSED,
        result_papers=(),
        reason_code="not-entitled",
        legal_ground="Luật Lý lịch tư pháp 2009, Điều 49",
    )


def said(fact: AgencyEvent) -> Json:
    """The same over HTTP."""
    return {"type": fact.type, "data": fact.model_dump(mode="json", by_alias=True)}


@dataclass
class Scene:
    """Everything that happens around one intake service."""

    service: Service[IntakeWork]
    payments: Consumer[IntakeWork]
    decisions: Consumer[IntakeWork]
    copies: Consumer[IntakeWork]
    http: httpx2.AsyncClient
    clock: StoppedClock
    issuer: Issuer
    settings: Settings

    def headers(self, person: Person | None, **more: str) -> dict[str, str]:
        if person is None:
            return more
        roles = (person.role, *person.also)
        token = self.issuer.token(person.subject, *roles, agency=person.agency)
        return {"Authorization": f"Bearer {token}"} | more

    async def get(self, person: Person | None, path: str) -> httpx2.Response:
        return await self.http.get(path, headers=self.headers(person))

    async def post(
        self, person: Person | None, path: str, body: object = None, *, key: str | None = None
    ) -> httpx2.Response:
        headers = self.headers(person, **{"Idempotency-Key": key or str(uuid4())})
        return await self.http.post(path, json=body, headers=headers)

    async def act(
        self, person: Person, dossier_id: str, command: str, **body: object
    ) -> httpx2.Response:
        return await self.post(person, f"/v1/dossiers/{dossier_id}/{command}", body)

    async def upload(
        self, person: Person | None, content: bytes | None = None, name: str = "scan.png"
    ) -> httpx2.Response:
        content = png() if content is None else content
        headers = self.headers(person)
        return await self.http.post(f"/v1/files?name={name}", content=content, headers=headers)

    async def uploaded(
        self, person: Person, content: bytes | None = None, name: str = "scan.png"
    ) -> Json:
        answer = await self.upload(person, content, name)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def paper(self, person: Person, kind: str = "identity-card") -> Json:
        """A paper of which a PNG may be handed in."""
        return {"kind": kind, "fileId": (await self.uploaded(person))["fileId"]}

    async def certificate_filing(self, person: Person = DAO) -> Json:
        """Costs 200.000 ₫, is decided by the justice department."""
        return {
            "procedureCode": CERTIFICATE,
            "channel": "online",
            "form": JUDICIAL_FORM,
            "contact": CONTACT,
            "papers": [await self.paper(person)],
        }

    async def company_filing(self, person: Person = BINH) -> Json:
        """Costs nothing online, is decided by the planning department."""
        charter = await self.uploaded(person, pdf(), "charter.pdf")
        return {
            "procedureCode": COMPANY,
            "channel": "online",
            "form": COMPANY_FORM,
            "contact": CONTACT,
            "papers": [
                {"kind": "charter", "fileId": charter["fileId"]},
                await self.paper(person, "owner-identity"),
            ],
        }

    async def copy_asked(self, person: Person = DAO) -> str:
        """A certified copy is asked for; gives back the dossier's id. Nobody knows its fee yet."""
        filing: Json = {
            "procedureCode": COPY,
            "channel": "online",
            "form": COPY_FORM,
            "contact": CONTACT,
            "papers": [],
        }
        answer = await self.post(person, "/v1/dossiers", filing)
        assert answer.status_code == 201, answer.text
        return answer.json()["dossierId"]

    async def filed(self, person: Person = DAO) -> str:
        """A certificate is asked for; gives back the dossier's id. Its fee is due."""
        answer = await self.post(person, "/v1/dossiers", await self.certificate_filing(person))
        assert answer.status_code == 201, answer.text
        return answer.json()["dossierId"]

    async def counter_filing(self, **changes: object) -> Json:
        """The same, filed by an officer for somebody who stands at the counter."""
        filing = await self.certificate_filing(LAN)
        del filing["channel"]
        return filing | changes

    async def filed_at_counter(self, **changes: object) -> str:
        """That is filed; gives back the dossier's id. Its fee is due."""
        filing = await self.counter_filing(**changes)
        answer = await self.post(LAN, "/v1/counter/dossiers", filing)
        assert answer.status_code == 201, answer.text
        return answer.json()["dossierId"]

    async def paid(self, person: Person = DAO) -> str:
        """The same, and its fee is there."""
        dossier_id = await self.filed(person)
        await self.pay(dossier_id)
        return dossier_id

    async def received(self, person: Person = DAO) -> str:
        """The same, and the one-stop office has received it."""
        dossier_id = await self.paid(person)
        answer = await self.act(LAN, dossier_id, "receive")
        assert answer.status_code == 200, answer.text
        return dossier_id

    async def payment(self, dossier_id: str, **changes: Any) -> PaymentSucceeded:
        """The fact that the dossier's obligations are paid."""
        required = await self.fact(dossier_id, "payment-required")
        paid: Json = {
            "dossier_id": dossier_id,
            "dossier_code": required["code"],
            "order_id": str(uuid4()),
            "obligation_ids": tuple(o["obligationId"] for o in required["obligations"]),
            "amount": required["total"],
            "gateway": "vnpay",
            "gateway_transaction_id": "14422574",
            "paid_at": self.clock.now,
        }
        return PaymentSucceeded(**paid | changes)

    async def pay(self, dossier_id: str) -> None:
        await self.hear(event(await self.payment(dossier_id), source="/motcua/payment"))

    async def hear(self, *sent: Event[EventData]) -> None:
        """Payment's facts come over Kafka."""
        assert await self.payments.process([record(each, PAYMENT_EVENTS) for each in sent])

    async def say(self, agency: str, *facts: AgencyEvent) -> None:
        """An agency's facts come over Kafka, on its own topic."""
        topic = agency_decisions(agency)
        sent = [event(fact, source=agency_source(agency)) for fact in facts]
        assert await self.decisions.process([record(each, topic) for each in sent])

    async def certify(self, *facts: CertificationEvent) -> None:
        """Certification's facts come over Kafka."""
        sent = [event(fact, source="/motcua/certification") for fact in facts]
        assert await self.copies.process([record(each, CERTIFICATION_EVENTS) for each in sent])

    async def result(self, system: Person = JUSTICE_SYSTEM, **changes: str) -> ResultFile:
        """A result paper that an agency's system uploads."""
        file = await self.uploaded(system, pdf(), "result.pdf")
        named = {
            "kind": "judicial-record-certificate",
            "file_id": file["fileId"],
            "sha256": file["sha256"],
        }
        return ResultFile(**named | changes)

    async def dossier(self, dossier_id: str, person: Person = DAO) -> Json:
        answer = await self.get(person, f"/v1/dossiers/{dossier_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def status(self, dossier_id: str) -> int:
        ((status,),) = await self.rows("SELECT status FROM dossiers WHERE id = $1", dossier_id)
        return status

    async def announced(self, dossier_id: str) -> list[str]:
        """The facts about a dossier in their order, without `vn.motcua.dossier.` and the major."""
        rows = await self.rows(
            "SELECT headers ->> 'ce_type', sequence FROM outbox WHERE subject = $1 AND topic = $2 "
            "ORDER BY id",
            dossier_id,
            DOSSIER_EVENTS.name,
        )
        assert [sequence for _, sequence in rows] == list(range(1, len(rows) + 1))
        return [kind.split(".")[3] for kind, _ in rows]

    async def fact(self, dossier_id: str, kind: str) -> Json:
        """The one fact of a kind about a dossier, published or not yet."""
        ((value,),) = await self.rows(
            "SELECT value FROM (SELECT subject, headers, value FROM outbox UNION ALL "
            "SELECT subject, headers, value FROM event_log) AS said "
            "WHERE subject = $1 AND headers ->> 'ce_type' = $2",
            dossier_id,
            f"vn.motcua.dossier.{kind}.v1",
        )
        return json.loads(value)

    async def held(self) -> list[tuple[str, str, str]]:
        """State, reason and detail of what could not be handled."""
        return await self.rows("SELECT state, reason, detail FROM held_messages ORDER BY id")

    async def rows(self, query: str, *values: object) -> list[Any]:
        async with self.service.database.engine.connect() as connection:
            return [tuple(row) for row in await connection.exec_driver_sql(query, values)]
