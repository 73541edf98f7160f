"""HTTP for clerks: a copy is asked for, or is to replace another."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from certification.commands import (
    Brought,
    replace_copy,
    replaceable,
    request_copy,
    requestable,
)
from certification.copy_files import CopyFiles
from certification.models import Copy
from certification.permissions import Officer, readable, readable_dossier
from certification.uploads import (
    Replacing,
    S,
    ScanDesk,
    Shown,
    form_of,
    read_upload,
)
from certification.work import CertificationWork
from chassis.access import Principal
from chassis.app import Service
from chassis.idempotency import Answer, IdempotencyKey, Keyed, answered, once
from motcua_contracts.types import Uuid

Check = Callable[[CertificationWork], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class _Errand(Generic[S]):
    """What a clerk comes for."""

    kind: type[S]
    known: Check
    """Refuses whose business it is not, before a scan is read that may be large."""
    possible: Callable[[CertificationWork, S], Awaitable[object]]
    """Refuses what cannot be done now, before the scan is kept."""
    do: Callable[[CertificationWork, Brought, S], Awaitable[Copy]]


class _Counter:
    """Where clerks bring what they saw."""

    def __init__(self, service: Service[CertificationWork], desk: ScanDesk) -> None:
        self._service = service
        self._desk = desk

    async def serve(
        self, errand: _Errand[S], request: Request, *, clerk: Principal, key: str
    ) -> JSONResponse:
        async with self._service.request() as work:
            await errand.known(work)
        async with form_of(request) as form:
            upload = await read_upload(form, errand.kind)
            keyed = upload.keyed(request, key)
            answer = await self._answered(errand, keyed, clerk=clerk, shown=upload.shown)
            if answer is None:
                scan = await self._desk.keep(upload)
                brought = Brought(clerk, upload.shown.paper_kind, upload.shown.asked(), scan)
                answer = await self._answer(errand, keyed, brought=brought, shown=upload.shown)
        return answer.response()

    async def _answered(
        self, errand: _Errand[S], keyed: Keyed, *, clerk: Principal, shown: S
    ) -> Answer | None:
        """What was answered to this request before; nothing of a scan is kept for it again."""

        async with self._service.request() as work:
            connection = await work.connection()
            kept = await answered(connection, keyed, principal=clerk.subject)
            if kept is None:
                await errand.possible(work, shown)
            return kept

    async def _answer(
        self, errand: _Errand[S], keyed: Keyed, *, brought: Brought, shown: S
    ) -> Answer:
        async def do() -> Answer:
            copy = await errand.do(work, brought, shown)
            told = {"copyId": copy.id, "state": copy.state, "pages": copy.pages, "fee": copy.fee}
            return Answer(201, told)

        async with self._service.request() as work:
            connection = await work.connection()
            return await once(connection, keyed, do, principal=brought.clerk.subject)


def clerk_routes(
    service: Service[CertificationWork], files: CopyFiles, *, most_bytes: int
) -> APIRouter:
    router, counter = APIRouter(tags=["copies"]), _Counter(service, ScanDesk(files))

    @router.post("/v1/dossiers/{dossier_id}/copies", status_code=201, max_body_size=most_bytes)
    async def request_one(
        dossier_id: Uuid, clerk: Officer, *, key: IdempotencyKey, request: Request
    ) -> JSONResponse:
        """A multipart body: `copy`, as JSON, and `scan`, one PDF or up to 50 images."""
        errand = _Errand(
            Shown,
            known=lambda work: readable_dossier(dossier_id, work, clerk),
            possible=lambda work, _: requestable(dossier_id, work, clerk),
            do=lambda work, brought, _: request_copy(dossier_id, work, brought),
        )
        return await counter.serve(errand, request, clerk=clerk, key=key)

    @router.post("/v1/copies/{copy_id}/replacement", status_code=201, max_body_size=most_bytes)
    async def replace_one(
        copy_id: Uuid, clerk: Officer, *, key: IdempotencyKey, request: Request
    ) -> JSONResponse:
        """The same body, and in `copy` why: `reasonCode`. The old copy holds until then."""
        errand = _Errand(
            Replacing,
            known=lambda work: readable(copy_id, work, clerk),
            possible=lambda work, shown: replaceable(
                copy_id, work, clerk, reason=shown.reason_code
            ),
            do=lambda work, brought, shown: replace_copy(
                copy_id, work, brought, reason=shown.reason_code
            ),
        )
        return await counter.serve(errand, request, clerk=clerk, key=key)

    return router
