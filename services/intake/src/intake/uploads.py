"""Files over HTTP: in as a stream, out only to those who may read the dossier."""

import sys
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse
from starlette.requests import ClientDisconnect

from chassis.access import Principal
from chassis.app import Service
from chassis.clock import uuid7
from chassis.errors import BadRequest
from documents.store import FileStore, StoredFile
from intake import metrics
from intake.models import HANDED_IN, File, Paper, Part
from intake.permissions import Anyone, readable
from intake.views import View
from intake.work import IntakeWork
from motcua_contracts.types import Uuid

FileName = Annotated[str, Query(min_length=1, max_length=255)]


class Uploaded(View):
    """A file that is kept; its id goes into a dossier, a supplement or a decision."""

    file_id: str
    sha256: str
    size: int
    media_type: str


class Interrupted(BadRequest, vi="Việc tải tệp bị ngắt quãng", en="The upload broke off"):
    """The sender went away. Nobody reads this answer, but it is no fault of ours to be logged."""


def upload_routes(service: Service[IntakeWork], store: FileStore) -> APIRouter:
    router = APIRouter(tags=["files"])

    # The store counts for itself, and says why a file is too large.
    @router.post("/v1/files", status_code=201, max_body_size=sys.maxsize)
    async def upload(request: Request, name: FileName, sender: Anyone) -> Uploaded:
        """The body is the file itself; of `name` only the extension counts, and it is not kept."""
        try:
            stored = await store.store(name, request.stream())
        except ClientDisconnect:
            raise Interrupted from None
        async with service.request() as work:
            file = _file(stored, sender, work)
            work.files.add(file)
        metrics.UPLOADED_BYTES.observe(stored.size)
        return Uploaded(
            file_id=file.id, sha256=file.sha256, size=file.size, media_type=file.media_type
        )

    return router


def download_routes(service: Service[IntakeWork], store: FileStore) -> APIRouter:
    router = APIRouter(prefix="/v1/dossiers/{dossier_id}", tags=["files"])

    @router.get("/papers/{paper_id}", response_class=FileResponse)
    async def paper(dossier_id: Uuid, paper_id: Uuid, reader: Anyone) -> FileResponse:
        """What the applicant handed in."""
        async with service.request() as work:
            await readable(dossier_id, work, reader)
            found = await work.papers.read_one(paper_id, of=dossier_id, parts=HANDED_IN)
        return _attachment(store, found)

    @router.get("/results/{paper_id}", response_class=FileResponse)
    async def result(dossier_id: Uuid, paper_id: Uuid, reader: Anyone) -> FileResponse:
        """What the agency decided."""
        async with service.request() as work:
            await readable(dossier_id, work, reader)
            found = await work.papers.read_one(paper_id, of=dossier_id, parts=(Part.RESULT,))
        return _attachment(store, found)

    return router


def _file(stored: StoredFile, sender: Principal, work: IntakeWork) -> File:
    """Owned by its sender; an agency's own when its officer or its system sent it."""
    agency = sender.agency
    return File(
        id=str(uuid7()),
        owner=sender.subject,
        agency=agency if agency and sender.serves(agency) else None,
        sha256=stored.sha256,
        size=stored.size,
        media_type=stored.media_type,
        uploaded_at=work.now,
    )


def _attachment(store: FileStore, paper: Paper) -> FileResponse:
    """Never shown inline, never guessed at: what citizens upload must not run in our origin."""
    extension = paper.media_type.rpartition("/")[2]
    return FileResponse(
        store.path(paper.sha256),
        media_type=paper.media_type,
        filename=f"{paper.sha256[:16]}.{extension}",
        content_disposition_type="attachment",
        headers={"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store"},
    )
