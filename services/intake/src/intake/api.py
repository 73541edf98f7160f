"""HTTP: procedures and tracking for everybody, dossiers for those concerned, commands for each."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from chassis.access import Principal, Role, require
from chassis.app import Service
from chassis.idempotency import Answer, Keyed, KeyedRequest, once
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
            command = partial(file_dossier, filing, work, applicant_id=citizen.subject)
            return await _once(request, work, command, by=citizen, status=201)

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
            papers, owner = body.papers, citizen.subject
            command = partial(commands.supplement, dossier_id, work, papers=papers, owner=owner)
            return await _once(request, work, command, by=citizen)

    @router.post("/v1/dossiers/{dossier_id}/withdraw", response_model=Filed)
    async def withdraw(
        *, dossier_id: Uuid, body: Ground, citizen: Citizen, request: KeyedRequest
    ) -> Response:
        async with service.request() as work:
            await require_owner(dossier_id, work, citizen)
            command = partial(commands.withdraw, dossier_id, work, reason_code=body.reason_code)
            return await _once(request, work, command, by=citizen)

    return router


def office_routes(service: Service[IntakeWork]) -> APIRouter:
    router = APIRouter(prefix="/v1/dossiers/{dossier_id}", tags=["one-stop office"])

    @router.post("/receive", response_model=Filed)
    async def receive(
        *,
        dossier_id: Uuid,
        officer: Officer,
        request: KeyedRequest,
        body: Reception | None = None,
    ) -> Response:
        async with service.request() as work:
            await require_office(dossier_id, work, officer)
            unit = body.unit if body else None
            command = partial(commands.receive, dossier_id, work, unit=unit)
            return await _once(request, work, command, by=officer)

    @router.post("/refuse", response_model=Filed)
    async def refuse(
        *, dossier_id: Uuid, body: Ground, officer: Officer, request: KeyedRequest
    ) -> Response:
        async with service.request() as work:
            await require_office(dossier_id, work, officer)
            command = partial(commands.refuse, dossier_id, work, reason_code=body.reason_code)
            return await _once(request, work, command, by=officer)

    @router.post("/stop", response_model=Filed)
    async def stop(
        *, dossier_id: Uuid, body: Ground, officer: Officer, request: KeyedRequest
    ) -> Response:
        async with service.request() as work:
            await require_office(dossier_id, work, officer)
            command = partial(commands.stop, dossier_id, work, reason_code=body.reason_code)
            return await _once(request, work, command, by=officer)

    @router.post("/supplement-requests", response_model=Filed)
    async def request_supplement(
        *, dossier_id: Uuid, body: Wanted, officer: Officer, request: KeyedRequest
    ) -> Response:
        async with service.request() as work:
            await require_office(dossier_id, work, officer)
            wanted, reason = body.papers_wanted, body.reason_code
            command = partial(
                commands.request_supplement, dossier_id, work, wanted=wanted, reason_code=reason
            )
            return await _once(request, work, command, by=officer)

    @router.post("/return", response_model=Filed)
    async def return_result(
        *, dossier_id: Uuid, body: Return, officer: Officer, request: KeyedRequest
    ) -> Response:
        async with service.request() as work:
            await require_office(dossier_id, work, officer)
            command = partial(commands.return_result, dossier_id, work, how=body.how)
            return await _once(request, work, command, by=officer)

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


async def _once(
    request: Keyed,
    work: IntakeWork,
    command: Callable[[], Awaitable[Change]],
    *,
    by: Principal,
    status: int = 200,
) -> Response:
    """A command sent again, because its answer was lost, is answered as it was the first time."""

    async def effect() -> Answer:
        filed = views.filed(await command())
        return Answer(status, filed.model_dump(mode="json", by_alias=True))

    answer = await once(await work.connection(), request, effect, principal=by.subject)
    return answer.response()
