"""Certification as `app.py` wires it, on a real database, with a signer that the test plays."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
from sqlmodel import col, select

from certification.commands import Brought, Scan, request_copy
from certification.copy_files import CopyFiles
from certification.models import Copy, RegisterEntry, ScanPart, SigningAttempt
from certification.sealing import Request, Sealing
from certification.settings import Settings
from certification.work import CertificationWork
from chassis.access import Principal, Role
from chassis.app import Service
from chassis.clock import uuid7
from chassis.consumer import Consumer
from chassis.encryption import Keyring
from chassis.testing.access import Issuer
from chassis.testing.records import event, record
from motcua_contracts.envelope import EventData
from motcua_contracts.topics import DOSSIER_EVENTS

from .fake_signer import FakeSigner
from .samples import (
    AGENCY,
    CLERK,
    ID_NUMBER,
    KEYRING_JSON,
    NAME,
    OWNER,
    SIGNER,
    START,
    TITLE,
    payment_required,
    payment_settled,
    received,
    registered,
    scan,
    shown,
)

SCANNED = hashlib.sha256(b"what was scanned").hexdigest()

Headers = dict[str, str]

REASON = {"refusal": "not-certified", "revocation": "original-forged"}


class StoppedClock:
    """The present, as the test sets it."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, duration: timedelta) -> None:
        self.now += duration


@dataclass
class Scene:
    """Everything that happens around one service of certification."""

    service: Service[CertificationWork]
    consumer: Consumer[CertificationWork]
    http: httpx2.AsyncClient
    signer: FakeSigner
    clock: StoppedClock
    issuer: Issuer
    files: CopyFiles

    @property
    def sealing(self) -> Sealing:
        return Sealing(Keyring.parse(KEYRING_JSON))

    def token(self, subject: str, *roles: Role, agency: str | None = AGENCY) -> Headers:
        token = self.issuer.token(subject, *roles, agency=agency)
        return {"Authorization": f"Bearer {token}"}

    def clerk(self, agency: str = AGENCY) -> Headers:
        return self.token(CLERK, Role.OFFICER, agency=agency)

    def authorised(self, subject: str = SIGNER, agency: str = AGENCY) -> Headers:
        return self.token(subject, Role.OFFICER, Role.SIGNER, agency=agency)

    def owner(self, subject: str = OWNER) -> Headers:
        return self.token(subject, Role.CITIZEN, agency=None)

    async def consume(self, *facts: EventData) -> None:
        sent = [event(fact, source="/motcua/intake", sequence=n) for n, fact in enumerate(facts, 1)]
        assert await self.consumer.process([record(e, DOSSIER_EVENTS) for e in sent])

    async def open(self) -> str:
        """A dossier in which a copy can be asked for; gives back its id."""
        dossier_id = str(uuid7())
        await self.consume(registered(dossier_id))
        return dossier_id

    async def bring(
        self,
        dossier_id: str,
        *,
        pages: int = 3,
        key: str | None = None,
        headers: Headers | None = None,
        **changes: object,
    ) -> httpx2.Response:
        """A clerk shows what was seen."""
        return await self.post_scan(
            f"/v1/dossiers/{dossier_id}/copies",
            shown(**changes),
            ("scan.pdf", scan(pages), "application/pdf"),
            key=key,
            headers=headers,
        )

    async def post_scan(
        self,
        url: str,
        said: str,
        *files: tuple[str, bytes, str],
        key: str | None = None,
        headers: Headers | None = None,
    ) -> httpx2.Response:
        parts = [("copy", (None, said, "application/json"))]
        parts += [("scan", file) for file in files]
        sent = (headers or self.clerk()) | {"Idempotency-Key": key or str(uuid4())}
        return await self.http.post(url, files=parts, headers=sent)

    async def requested(self, *, pages: int = 3) -> str:
        """A copy that waits for its money, as `bring` would leave it; gives back its id."""
        dossier_id = await self.open()
        scanned = self.files.path(SCANNED)
        scanned.write_bytes(b"what was scanned")
        part: ScanPart = {"sha256": SCANNED, "media_type": "application/pdf"}
        scan = Scan(parts=[part], sha256=SCANNED, clean_sha256=SCANNED, pages=pages)
        asked = Request(name=NAME, id_number=ID_NUMBER, title=TITLE)
        clerk = Principal(CLERK, frozenset({Role.OFFICER}), AGENCY)
        async with self.service.transaction() as work:
            brought = Brought(clerk, "diploma", asked, scan)
            return (await request_copy(dossier_id, work, brought)).id

    async def ready(self, *, pages: int = 3) -> str:
        """A copy that waits for the authorised person; gives back its id."""
        copy_id = await self.requested(pages=pages)
        await self.make_ready(copy_id)
        return copy_id

    async def make_ready(self, copy_id: str) -> None:
        """The money comes, and the office receives the dossier."""
        dossier = (await self.copy(copy_id)).dossier_id
        await self.consume(payment_required(dossier), payment_settled(dossier), received(dossier))

    async def approved(self) -> str:
        """A copy that is to be signed; gives back its id."""
        copy_id = await self.ready()
        answer = await self.approve(copy_id)
        assert answer.status_code == 202, answer.text
        return copy_id

    async def certified(self) -> str:
        copy_id = await self.approved()
        await self.sign()
        return copy_id

    async def approve(self, copy_id: str, headers: Headers | None = None) -> httpx2.Response:
        """Under a new key, unless `headers` has one."""
        url = f"/v1/copies/{copy_id}/signature"
        return await self.http.post(url, headers=_new_key() | (headers or self.authorised()))

    async def decide(
        self, copy_id: str, what: str, reason: str = "", headers: Headers | None = None
    ) -> httpx2.Response:
        """For `reason`, or for one that is known."""
        url = f"/v1/copies/{copy_id}/{what}"
        sent = _new_key() | (headers or self.authorised())
        told = {"reasonCode": reason or REASON.get(what, "none-needed")}
        return await self.http.post(url, json=told, headers=sent)

    async def replace(self, copy_id: str, reason: str = "scan-unreadable") -> httpx2.Response:
        return await self.post_scan(
            f"/v1/copies/{copy_id}/replacement",
            shown(reasonCode=reason),
            ("scan.pdf", scan(2), "application/pdf"),
        )

    async def get(self, url: str, headers: Headers | None = None) -> httpx2.Response:
        return await self.http.get(url, headers=headers or self.clerk())

    async def sign(self) -> None:
        """The dispatcher's turn."""
        await self.sweep("sign copies")

    async def sweep(self, name: str) -> None:
        [sweep] = [sweep for sweep in self.service._sweeps if sweep.name == name]
        await sweep.run()

    async def lease_ends(self) -> None:
        """Whoever had a copy in hand is gone for long enough."""
        await self.execute("UPDATE copies SET leased_until = now() - interval '1 s'")

    async def copy(self, copy_id: str) -> Copy:
        async with self.service.transaction() as work:
            return await work.copies.read(copy_id)

    async def entries(self) -> Sequence[RegisterEntry]:
        async with self.service.transaction() as work:
            by_number = col(RegisterEntry.year), col(RegisterEntry.number)
            return (await work.session.exec(select(RegisterEntry).order_by(*by_number))).all()

    async def attempts(self) -> list[str]:
        """The states of all attempts, oldest first."""
        async with self.service.transaction() as work:
            found = await work.session.exec(select(SigningAttempt).order_by(col(SigningAttempt.id)))
            return [str(attempt.state) for attempt in found]

    async def announced(self, dossier_id: str) -> list[str]:
        """The facts about a dossier in their order, without `vn.motcua.certification.`."""
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
            f"vn.motcua.certification.{kind}.v1",
        )
        return json.loads(value)

    async def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        async with self.service.database.engine.connect() as connection:
            return [tuple(row) for row in await connection.exec_driver_sql(query, values)]

    async def execute(self, statement: str) -> None:
        async with self.service.database.engine.begin() as connection:
            await connection.exec_driver_sql(statement)


def _new_key() -> Headers:
    return {"Idempotency-Key": str(uuid4())}


def files_of(settings: Settings) -> CopyFiles:
    """The files of the service with these settings."""
    return CopyFiles.open(settings.files_folder, most_bytes=settings.upload_most_bytes)


def problem(answer: httpx2.Response) -> tuple[int, str]:
    """The status and the slug of a refusal."""
    return answer.status_code, answer.json()["type"].rpartition("/")[2]
