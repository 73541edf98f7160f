"""HTTP for those concerned with a copy: see it, fetch it; and for officials: decide about it."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic.alias_generators import to_camel

from certification.commands import (
    approve_copy,
    refuse_copy,
    revoke_copy,
    usable_certificates,
)
from certification.copy_files import CopyFiles
from certification.domain import CopyState, require_approvable
from certification.models import Copy
from certification.permissions import Anyone, Official, Signer, readable, signatory
from certification.ports import Certificate, CopySigner, Hindered
from certification.refusals import NotYetSigned, SignatureHindered, UnknownPart
from certification.repository import BookYear
from certification.views import CopiesPage, RegisterPage, Standing, WholeCopyView
from certification.work import CertificationWork
from chassis.access import Principal
from chassis.app import Service
from chassis.failpoints import failpoint
from chassis.idempotency import Answer, Keyed, KeyedRequest, answered, once
from motcua_contracts.types import Code, ReasonCode, Uuid

LIMIT = 100
_FIRST = "00000000-0000-0000-0000-000000000000"

State = Annotated[CopyState | None, Query()]
After = Annotated[Uuid, Query()]
Book = Annotated[Code | None, Query()]
Year = Annotated[int, Query(ge=2015, le=9999)]
AfterNumber = Annotated[int, Query(ge=0, le=2**31 - 1)]
Part = Annotated[int, Query(ge=1, le=50)]


class _Body(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")


class Reason(_Body):
    reason_code: ReasonCode


class Search(_Body):
    """By the identity number of who asked for copies; in a body, since addresses are logged."""

    id_number: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{6,20}$")]
    after: Uuid = _FIRST


def copy_routes(service: Service[CertificationWork], files: CopyFiles) -> APIRouter:
    router = APIRouter(prefix="/v1/copies", tags=["copies"])

    @router.get("")
    async def copies(official: Official, state: State = None, after: After = _FIRST) -> CopiesPage:
        """Those of the official's own agency, a hundred at a time."""
        async with service.request() as work:
            found = await work.copies.list_of(
                str(official.agency), state=state, after=after, limit=LIMIT
            )
            return CopiesPage.of(found, work, limit=LIMIT)

    @router.get("/{copy_id}")
    async def copy(copy_id: Uuid, reader: Anyone) -> WholeCopyView:
        async with service.request() as work:
            return WholeCopyView.of(await readable(copy_id, work, reader), work)

    @router.get("/{copy_id}/scan", response_class=FileResponse)
    async def scan(copy_id: Uuid, reader: Anyone, part: Part = 1) -> FileResponse:
        """What the clerk uploaded, file by file."""
        async with service.request() as work:
            parts = (await readable(copy_id, work, reader)).scan_parts
        if part > len(parts):
            raise UnknownPart
        return _attachment(files, parts[part - 1]["sha256"], parts[part - 1]["media_type"])

    @router.get("/{copy_id}/file", response_class=FileResponse)
    async def file(copy_id: Uuid, reader: Anyone) -> FileResponse:
        """The certified copy: the very bytes that were signed."""
        async with service.request() as work:
            sha256 = (await readable(copy_id, work, reader)).sha256
        if sha256 is None:
            raise NotYetSigned
        return _attachment(files, sha256, "application/pdf")

    return router


def decision_routes(
    service: Service[CertificationWork], copy_signer: CopySigner, *, key_seconds: float
) -> APIRouter:
    router = APIRouter(prefix="/v1/copies/{copy_id}", tags=["copies"])

    async def certificates(key: str) -> tuple[Certificate, Certificate]:
        try:
            return await usable_certificates(
                copy_signer, key, now=service.clock(), seconds=key_seconds
            )
        except Hindered as hindered:
            raise SignatureHindered(hindrance=str(hindered.hindrance)) from hindered

    @router.post("/signature", status_code=202, response_model=Standing)
    async def sign(*, copy_id: Uuid, signer: Signer, request: KeyedRequest) -> Response:
        """The authorised person approves; both signatures are made after the answer."""
        async with service.request() as work:
            kept = await answered(await work.connection(), request, principal=signer.subject)
            if kept:
                return kept.response()
            key = await _key_for(copy_id, work, signer)
        # No transaction is open while a key store is asked.
        usable = await certificates(key)
        async with service.request() as work:
            approve = partial(approve_copy, copy_id, work, signer, certificates=usable)
            answer = await _once(approve, work, request=request, by=signer, status=202)
        await failpoint("certification.after-intent")
        return answer

    @router.post("/refusal", response_model=Standing)
    async def refuse(
        *, copy_id: Uuid, wish: Reason, official: Official, request: KeyedRequest
    ) -> Response:
        async with service.request() as work:
            refuse = partial(refuse_copy, copy_id, work, official, reason=wish.reason_code)
            return await _once(refuse, work, request=request, by=official)

    @router.post("/revocation", response_model=Standing)
    async def revoke(
        *, copy_id: Uuid, wish: Reason, signer: Signer, request: KeyedRequest
    ) -> Response:
        async with service.request() as work:
            revoke = partial(revoke_copy, copy_id, work, signer, reason=wish.reason_code)
            return await _once(revoke, work, request=request, by=signer)

    return router


def register_routes(service: Service[CertificationWork]) -> APIRouter:
    router = APIRouter(prefix="/v1/register", tags=["register"])

    @router.get("")
    async def lines(
        official: Official, year: Year, *, book: Book = None, after: AfterNumber = 0
    ) -> RegisterPage:
        """The agency's lines of a book and year, in the order of their numbers."""
        async with service.request() as work:
            of_year = BookYear(book or work.office.book, year)
            found = await work.entries.list_of(
                str(official.agency), of_year, after=after, limit=LIMIT
            )
            next_after = str(found[-1][0].number) if len(found) == LIMIT else None
            return RegisterPage.of(found, work, next_after=next_after)

    @router.post("/searches")
    async def search(official: Official, wish: Search) -> RegisterPage:
        """The agency's lines about what one person asked for, a hundred at a time."""
        async with service.request() as work:
            index = work.sealing.requester_index(wish.id_number)
            found = await work.entries.list_of_requester(
                str(official.agency), index=index, after=wish.after, limit=LIMIT
            )
            next_after = found[-1][1].id if len(found) == LIMIT else None
            return RegisterPage.of(found, work, next_after=next_after)

    return router


async def _once(
    effect: Callable[[], Awaitable[Copy]],
    work: CertificationWork,
    *,
    request: Keyed,
    by: Principal,
    status: int = 200,
) -> Response:
    """Decide once, however often it is asked; what is kept of it names nobody."""

    async def decided() -> Answer:
        return Answer(status, Standing.of(await effect()).model_dump(mode="json", by_alias=True))

    connection = await work.connection()
    return (await once(connection, request, decided, principal=by.subject)).response()


async def _key_for(copy_id: str, work: CertificationWork, signer: Principal) -> str:
    """The key that will sign, if the copy can be approved; decided again under its lock."""
    copy = await readable(copy_id, work, signer)
    named = signatory(work, signer)
    require_approvable(
        copy,
        await work.dossiers.read(copy.dossier_id),
        signer=signer.subject,
        clerk_may_sign=work.office.clerk_may_sign,
    )
    return named.key


def _attachment(files: CopyFiles, sha256: str, media_type: str) -> FileResponse:
    """Never shown inline, never guessed at: what was uploaded must not run in our origin."""
    extension = media_type.rpartition("/")[2]
    return FileResponse(
        files.path(sha256),
        media_type=media_type,
        filename=f"{sha256[:16]}.{extension}",
        content_disposition_type="attachment",
        headers={"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store"},
    )
