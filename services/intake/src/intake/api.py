"""HTTP: procedures and tracking for everybody, dossiers for those concerned, commands for each.

Files are in `uploads.py`.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import Field

from chassis.access import Principal
from chassis.app import Service
from chassis.errors import FieldError, Unprocessable
from chassis.idempotency import Answer, Keyed, KeyedRequest, once
from intake import agencies, commands, procedure_views, views
from intake.codes import parse_dossier_code, parse_procedure_code
from intake.dossier import Change
from intake.filing import CounterFiling, OnlineFiling, PaperIn, file_dossier
from intake.office import Office, day_in_vietnam
from intake.permissions import (
    AgencySystem,
    Anyone,
    Citizen,
    ForApplicant,
    Officer,
    readable,
    require_applicant,
    require_competent,
    require_counter,
    require_office,
)
from intake.procedure_views import ProcedureSummary, ProcedureView
from intake.refusals import UnknownDossier
from intake.views import DossierView, Standing, Summary, Tracking, View
from intake.work import IntakeWork
from motcua_contracts.agency import (
    AgencyDecided,
    AgencyProcessingStarted,
    AgencySupplementRequested,
)
from motcua_contracts.types import Code, PaperKind, ReasonCode, ReturnMethod, Uuid

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


class ProcessingStarted(View):
    type: Literal["vn.motcua.agency.processing-started.v1"]
    data: AgencyProcessingStarted


class SupplementRequested(View):
    type: Literal["vn.motcua.agency.supplement-requested.v1"]
    data: AgencySupplementRequested


class Decided(View):
    type: Literal["vn.motcua.agency.decided.v1"]
    data: AgencyDecided


AgencySays = Annotated[
    ProcessingStarted | SupplementRequested | Decided, Field(discriminator="type")
]
"""What an agency did, as it would say it on Kafka: the type and the facts of its event."""


def public_routes(service: Service[IntakeWork], office: Office) -> APIRouter:
    router = APIRouter(tags=["public"])

    @router.get("/v1/procedures")
    async def procedures() -> list[ProcedureSummary]:
        today = day_in_vietnam(service.clock())
        return procedure_views.summaries(office.catalogue.all_in_force(on=today))

    @router.get("/v1/procedures/{code}")
    async def procedure(code: str) -> ProcedureView:
        today = day_in_vietnam(service.clock())
        found = office.catalogue.in_force(parse_procedure_code(code), on=today)
        return procedure_views.whole(found, on=today)

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
    router = APIRouter(prefix="/v1/dossiers", tags=["applicant"])

    @router.post("", status_code=201, response_model=Standing)
    async def file(filing: OnlineFiling, citizen: Citizen, request: KeyedRequest) -> Response:
        who = citizen.subject
        async with service.request() as work:
            filed = partial(file_dossier, filing, work, applicant_id=who, uploaded_by=who)
            return await _once(filed, work, request=request, by=citizen, status=201)

    @router.get("")
    async def mine(citizen: Citizen) -> list[Summary]:
        """The newest hundred."""
        async with service.request() as work:
            rows = await work.dossiers.read_of(citizen.subject, limit=100)
        return [views.summary(row) for row in rows]

    @router.post("/{dossier_id}/supplements", response_model=Standing)
    async def supplement(
        *, dossier_id: Uuid, body: Supplement, person: ForApplicant, request: KeyedRequest
    ) -> Response:
        async with service.request() as work:
            await require_applicant(dossier_id, work, person)
            supplemented = partial(
                commands.supplement, dossier_id, work, papers=body.papers, owner=person.subject
            )
            return await _once(supplemented, work, request=request, by=person)

    @router.post("/{dossier_id}/withdraw", response_model=Standing)
    async def withdraw(
        *, dossier_id: Uuid, body: Ground, person: ForApplicant, request: KeyedRequest
    ) -> Response:
        async with service.request() as work:
            await require_applicant(dossier_id, work, person)
            withdrawn = partial(commands.withdraw, dossier_id, work, reason_code=body.reason_code)
            return await _once(withdrawn, work, request=request, by=person)

    return router


def counter_routes(service: Service[IntakeWork]) -> APIRouter:
    router = APIRouter(prefix="/v1/counter/dossiers", tags=["one-stop office"])

    @router.post("", status_code=201, response_model=Standing)
    async def file(filing: CounterFiling, officer: Officer, request: KeyedRequest) -> Response:
        """For somebody who stands there. The papers are the officer's uploads."""
        who, by = filing.applicant_id, officer.subject
        async with service.request() as work:
            require_counter(filing.procedure_code, work, officer)
            filed = partial(file_dossier, filing, work, applicant_id=who, uploaded_by=by)
            return await _once(filed, work, request=request, by=officer, status=201)

    return router


def office_routes(service: Service[IntakeWork]) -> APIRouter:
    router = APIRouter(prefix="/v1/dossiers/{dossier_id}", tags=["one-stop office"])

    @router.post("/receive", response_model=Standing)
    async def receive(
        *,
        dossier_id: Uuid,
        body: Reception | None = None,
        officer: Officer,
        request: KeyedRequest,
    ) -> Response:
        unit = body.unit if body else None
        async with service.request() as work:
            await require_office(dossier_id, work, officer)
            received = partial(commands.receive, dossier_id, work, unit=unit)
            return await _once(received, work, request=request, by=officer)

    @router.post("/refuse", response_model=Standing)
    async def refuse(
        *, dossier_id: Uuid, body: Ground, officer: Officer, request: KeyedRequest
    ) -> Response:
        async with service.request() as work:
            await require_office(dossier_id, work, officer)
            refused = partial(commands.refuse, dossier_id, work, reason_code=body.reason_code)
            return await _once(refused, work, request=request, by=officer)

    @router.post("/stop", response_model=Standing)
    async def stop(
        *, dossier_id: Uuid, body: Ground, officer: Officer, request: KeyedRequest
    ) -> Response:
        async with service.request() as work:
            await require_office(dossier_id, work, officer)
            stopped = partial(commands.stop, dossier_id, work, reason_code=body.reason_code)
            return await _once(stopped, work, request=request, by=officer)

    @router.post("/supplement-requests", response_model=Standing)
    async def request_supplement(
        *, dossier_id: Uuid, body: Wanted, officer: Officer, request: KeyedRequest
    ) -> Response:
        wanted, reason = body.papers_wanted, body.reason_code
        async with service.request() as work:
            await require_office(dossier_id, work, officer)
            requested = partial(
                commands.request_supplement, dossier_id, work, wanted=wanted, reason_code=reason
            )
            return await _once(requested, work, request=request, by=officer)

    @router.post("/return", response_model=Standing)
    async def return_result(
        *, dossier_id: Uuid, body: Return, officer: Officer, request: KeyedRequest
    ) -> Response:
        async with service.request() as work:
            await require_office(dossier_id, work, officer)
            returned = partial(commands.return_result, dossier_id, work, how=body.how)
            return await _once(returned, work, request=request, by=officer)

    return router


def dossier_routes(service: Service[IntakeWork], office: Office) -> APIRouter:
    router = APIRouter(prefix="/v1/dossiers/{dossier_id}", tags=["dossier"])

    @router.get("")
    async def read(dossier_id: Uuid, reader: Anyone) -> DossierView:
        async with service.request() as work:
            row = await readable(dossier_id, work, reader)
            papers = await work.papers.read_of(dossier_id)
            copies = await work.copies.read({paper.sha256 for paper in papers})
        return views.whole(row, papers, copies=copies, office=office)

    @router.post("/decisions")
    async def decide(dossier_id: Uuid, body: AgencySays, system: AgencySystem) -> Standing:
        """The same as over Kafka, answered at once."""
        if body.data.dossier_id != dossier_id:
            raise Unprocessable(errors=[_ANOTHER_DOSSIER])
        async with service.request() as work:
            agency = await require_competent(dossier_id, work, system)
            change = await agencies.act(body.data, work, agency=agency)
        return views.standing(change)

    return router


_ANOTHER_DOSSIER = FieldError(
    field="data.dossierId",
    vi="Phải là hồ sơ trong địa chỉ của yêu cầu.",
    en="Must be the dossier in the path of the request.",
)


async def _once(
    command: Callable[[], Awaitable[Change]],
    work: IntakeWork,
    *,
    request: Keyed,
    by: Principal,
    status: int = 200,
) -> Response:
    """The answer to a command. Sent again, because that answer was lost, it is answered as it was
    the first time.
    """

    async def effect() -> Answer:
        standing = views.standing(await command())
        return Answer(status, standing.model_dump(mode="json", by_alias=True))

    answer = await once(await work.connection(), request, effect, principal=by.subject)
    return answer.response()
