"""HTTP: procedures and tracking for everybody, dossiers for those concerned, commands for each."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from chassis.access import Principal, Role, require
from chassis.app import Service
from chassis.idempotency import Answer, KeyedRequest, once
from intake import commands, handlers, views
from intake.codes import parse_dossier_code
from intake.dossier import Change
from intake.filing import Filing, PaperIn, file_dossier
from intake.office import Office, day_in_vietnam
from intake.reading import UnknownDossier, readable, require_office, require_owner
from intake.views import DossierView, Filed, ProcedureView, Tracking, View
from intake.work import IntakeWork
from motcua_contracts.agency import (
    AgencyDecided,
    AgencyProcessingStarted,
    AgencySupplementRequested,
)
from motcua_contracts.types import Code, PaperKind, ReasonCode, ReturnMethod, Uuid

Citizen = Annotated[Principal, Depends(require(Role.CITIZEN))]
Officer = Annotated[Principal, Depends(require(Role.OFFICER))]
Agency = Annotated[Principal, Depends(require(Role.AGENCY_SYSTEM))]
Anyone = Annotated[Principal, Depends(require(Role.CITIZEN, Role.OFFICER, Role.AGENCY_SYSTEM))]

PUBLIC = frozenset({"GET /v1/procedures", "GET /v1/procedures/{code}", "GET /v1/tracking/{code}"})
"""What answers without a token: what is on the notice board, and where a dossier stands."""


class Reception(View):
    unit: Code | None = None


class Ground(View):
    reason_code: ReasonCode


class Wanted(Ground):
    papers_wanted: list[PaperKind] = Field(min_length=1, max_length=50)


class Supplement(View):
    papers: list[PaperIn] = Field(min_length=1, max_length=100)


class Return(View):
    how: ReturnMethod = ReturnMethod.ONLINE


class Decision(View):
    """What an agency did, in the words of its events."""

    decision: AgencyProcessingStarted | AgencySupplementRequested | AgencyDecided


def public_routes(service: Service[IntakeWork], office: Office) -> APIRouter:
    router = APIRouter(tags=["public"])

    @router.get("/v1/procedures")
    async def procedures() -> list[ProcedureView]:
        today = day_in_vietnam(service.clock())
        return [views.procedure_view(p) for p in office.catalogue.all_in_force(on=today)]

    @router.get("/v1/procedures/{code}")
    async def procedure(code: str) -> ProcedureView:
        today = day_in_vietnam(service.clock())
        return views.procedure_view(office.catalogue.in_force(code, on=today))

    @router.get("/v1/tracking/{code}")
    async def track(code: str) -> Tracking:
        parse_dossier_code(code)
        async with service.request() as work:
            row = await work.dossiers.read_by_code(code.strip().upper())
        if row is None:
            raise UnknownDossier
        return views.tracking(row)

    return router


def applicant_routes(service: Service[IntakeWork]) -> APIRouter:
    router = APIRouter(tags=["applicant"])

    @router.post("/v1/dossiers", status_code=201, response_model=Filed)
    async def file(filing: Filing, citizen: Citizen, request: KeyedRequest) -> Response:
        async with service.request() as work:

            async def effect() -> Answer:
                change = await file_dossier(filing, work, applicant_id=citizen.subject)
                return Answer(201, _plain(change))

            connection = await work.connection()
            answer = await once(connection, request, effect, principal=citizen.subject)
        return answer.response()

    @router.get("/v1/dossiers")
    async def mine(citizen: Citizen) -> list[Tracking]:
        async with service.request() as work:
            rows = await work.dossiers.of(citizen.subject, limit=100)
        return [views.tracking(row) for row in rows]

    @router.post("/v1/dossiers/{dossier_id}/supplements", response_model=Filed)
    async def supplement(
        *, dossier_id: Uuid, body: Supplement, citizen: Citizen, request: KeyedRequest
    ) -> Response:
        async with service.request() as work:
            await require_owner(dossier_id, work, citizen)

            async def effect() -> Answer:
                change = await commands.supplement(
                    dossier_id, work, papers=body.papers, owner=citizen.subject
                )
                return Answer(200, _plain(change))

            connection = await work.connection()
            answer = await once(connection, request, effect, principal=citizen.subject)
        return answer.response()

    @router.post("/v1/dossiers/{dossier_id}/withdraw")
    async def withdraw(dossier_id: Uuid, body: Ground, citizen: Citizen) -> Filed:
        async with service.request() as work:
            await require_owner(dossier_id, work, citizen)
            return views.filed(
                await commands.withdraw(dossier_id, work, reason_code=body.reason_code)
            )

    return router


def office_routes(service: Service[IntakeWork]) -> APIRouter:
    router = APIRouter(prefix="/v1/dossiers/{dossier_id}", tags=["one-stop office"])

    @router.post("/receive")
    async def receive(dossier_id: Uuid, officer: Officer, body: Reception | None = None) -> Filed:
        async with service.request() as work:
            await require_office(dossier_id, work, officer)
            unit = body.unit if body else None
            return views.filed(await commands.receive(dossier_id, work, unit=unit))

    @router.post("/refuse")
    async def refuse(dossier_id: Uuid, body: Ground, officer: Officer) -> Filed:
        async with service.request() as work:
            await require_office(dossier_id, work, officer)
            return views.filed(
                await commands.refuse(dossier_id, work, reason_code=body.reason_code)
            )

    @router.post("/stop")
    async def stop(dossier_id: Uuid, body: Ground, officer: Officer) -> Filed:
        async with service.request() as work:
            await require_office(dossier_id, work, officer)
            return views.filed(await commands.stop(dossier_id, work, reason_code=body.reason_code))

    @router.post("/supplement-requests")
    async def request_supplement(dossier_id: Uuid, body: Wanted, officer: Officer) -> Filed:
        async with service.request() as work:
            await require_office(dossier_id, work, officer)
            change = await commands.request_supplement(
                dossier_id, work, wanted=body.papers_wanted, reason_code=body.reason_code
            )
            return views.filed(change)

    @router.post("/return")
    async def return_result(dossier_id: Uuid, body: Return, officer: Officer) -> Filed:
        async with service.request() as work:
            await require_office(dossier_id, work, officer)
            return views.filed(await commands.return_result(dossier_id, work, how=body.how))

    return router


def dossier_routes(service: Service[IntakeWork], office: Office) -> APIRouter:
    router = APIRouter(prefix="/v1/dossiers/{dossier_id}", tags=["dossier"])

    @router.get("")
    async def read(dossier_id: Uuid, reader: Anyone) -> DossierView:
        async with service.request() as work:
            row = await readable(dossier_id, work, reader)
            return views.whole(row, await work.papers.read_of(dossier_id), office)

    @router.post("/decisions")
    async def decide(dossier_id: Uuid, body: Decision, agency: Agency) -> Filed:
        async with service.request() as work:
            row = await readable(dossier_id, work, agency)
            if body.decision.dossier_id != row.id:
                raise UnknownDossier
            await handlers.act(body.decision, work, agency=agency.agency or "")
            return Filed(
                dossier_id=row.id, code=row.code, status=(await work.dossier(row.id)).status
            )

    return router


def _plain(change: Change) -> dict[str, Any]:
    return views.filed(change).model_dump(mode="json", by_alias=True)
