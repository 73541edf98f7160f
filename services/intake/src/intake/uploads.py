"""Files over HTTP: in as a stream, out only to those who may read the dossier."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import FileResponse

from chassis.access import Principal, Role, require
from chassis.app import Service
from chassis.clock import uuid7
from chassis.errors import NotFound
from intake import metrics
from intake.files import FileStore, StoredFile
from intake.models import File, Part
from intake.reading import readable
from intake.views import View
from intake.work import IntakeWork
from motcua_contracts.types import Uuid

Anyone = Annotated[Principal, Depends(require(Role.CITIZEN, Role.OFFICER, Role.AGENCY_SYSTEM))]
FileName = Annotated[str, Query(min_length=1, max_length=255)]


class Uploaded(View):
    """A file that is kept; its id goes into a dossier, a supplement or a decision."""

    file_id: str
    sha256: str
    size: int
    media_type: str


class UnknownPaper(NotFound, vi="Không có giấy tờ này", en="There is no such paper"):
    """No paper of the dossier has this id."""


def upload_routes(service: Service[IntakeWork], store: FileStore) -> APIRouter:
    router = APIRouter(tags=["files"])

    @router.post("/v1/files", status_code=201)
    async def upload(request: Request, name: FileName, sender: Anyone) -> Uploaded:
        """The body is the file itself; of `name` only the extension counts, and it is not kept."""
        stored = await store.store(name, request.stream())
        metrics.UPLOADED_BYTES.observe(stored.size)
        async with service.request() as work:
            file = _file(stored, sender, work)
            work.files.add(file)
        return Uploaded(
            file_id=file.id, sha256=file.sha256, size=file.size, media_type=file.media_type
        )

    @router.get("/v1/dossiers/{dossier_id}/papers/{paper_id}", response_class=FileResponse)
    async def paper(dossier_id: Uuid, paper_id: Uuid, reader: Anyone) -> FileResponse:
        return await _send(dossier_id, paper_id, reader, results=False)

    @router.get("/v1/dossiers/{dossier_id}/results/{paper_id}", response_class=FileResponse)
    async def result(dossier_id: Uuid, paper_id: Uuid, reader: Anyone) -> FileResponse:
        return await _send(dossier_id, paper_id, reader, results=True)

    async def _send(
        dossier_id: str, paper_id: str, reader: Principal, *, results: bool
    ) -> FileResponse:
        async with service.request() as work:
            await readable(dossier_id, work, reader)
            papers = await work.papers.read_of(dossier_id)
        for found in papers:
            if found.id == paper_id and (found.part == Part.RESULT) == results:
                return _attachment(store, found.sha256, found.media_type)
        raise UnknownPaper

    return router


def _file(stored: StoredFile, sender: Principal, work: IntakeWork) -> File:
    return File(
        id=str(uuid7()),
        owner=sender.subject,
        agency=sender.agency,
        sha256=stored.sha256,
        size=stored.size,
        media_type=stored.media_type,
        uploaded_at=work.now,
    )


def _attachment(store: FileStore, sha256: str, media_type: str) -> FileResponse:
    """Never shown inline, never guessed at: what citizens upload must not run in our origin."""
    extension = media_type.rpartition("/")[2]
    return FileResponse(
        store.path(sha256),
        media_type=media_type,
        filename=f"{sha256[:16]}.{extension}",
        content_disposition_type="attachment",
        headers={"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store"},
    )
