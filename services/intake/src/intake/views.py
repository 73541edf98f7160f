"""What the API shows: the whole dossier to those concerned, to everybody only where it stands."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue
from pydantic.alias_generators import to_camel

from intake.dossier import Change
from intake.models import DossierRow, Paper, Part
from intake.office import Office
from intake.procedures import Procedure
from intake.sealing import Contact, open_contact, open_form
from intake.status import STATUS_WORDS
from motcua_contracts.types import Channel, DossierStatus


class View(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Words(View):
    """The same in Vietnamese and English."""

    vi: str
    en: str


class PaperView(View):
    paper_id: str
    kind: str
    sha256: str
    media_type: str


class Tracking(View):
    """Where a dossier stands (tra cứu hồ sơ): no name, no content."""

    code: str
    procedure_code: str
    status: DossierStatus
    status_name: Words
    registered_at: datetime
    received_at: datetime | None
    due_at: datetime | None
    completed_at: datetime | None
    ended_at: datetime | None


class DossierView(Tracking):
    """A dossier as the applicant, the one-stop office and the competent agency see it."""

    dossier_id: str
    procedure_version: int
    competent_agency: str
    intake_agency: str
    channel: Channel
    papers_wanted: list[str]
    agency_reference: str | None
    outcome: str | None
    papers: list[PaperView]
    result_papers: list[PaperView]
    form: JsonValue
    contact: Contact


class Filed(View):
    """The answer to a command: which dossier, and its status now."""

    dossier_id: str
    code: str
    status: DossierStatus
    due_at: datetime | None = None


class ProcedureView(View):
    """A procedure as somebody reads it before filing."""

    code: str
    version: int
    name: Words
    competent_agency: str
    intake_agency: str
    fees: list[dict[str, JsonValue]]
    time_limit: dict[str, JsonValue]
    papers: list[dict[str, JsonValue]]
    form: dict[str, JsonValue]


def tracking(row: DossierRow) -> Tracking:
    return Tracking(**_standing(row))


def whole(row: DossierRow, papers: Sequence[Paper], office: Office) -> DossierView:
    """Everything, opened for somebody who may read it."""
    return DossierView(
        **_standing(row),
        dossier_id=row.id,
        procedure_version=row.procedure_version,
        competent_agency=row.competent_agency,
        intake_agency=row.intake_agency,
        channel=Channel(row.channel),
        papers_wanted=row.papers_wanted,
        agency_reference=row.agency_reference,
        outcome=row.outcome,
        papers=[_paper(paper) for paper in papers if paper.part != Part.RESULT],
        result_papers=[_paper(paper) for paper in papers if paper.part == Part.RESULT],
        form=open_form(office.keyring, row.id, row.form),
        contact=open_contact(office.keyring, row.id, row.contact),
    )


def filed(change: Change) -> Filed:
    d = change.dossier
    return Filed(dossier_id=d.id, code=d.code, status=d.status, due_at=d.due_at)


def procedure_view(procedure: Procedure) -> ProcedureView:
    plain = procedure.model_dump(mode="json", by_alias=True)
    return ProcedureView.model_validate(
        {
            "code": procedure.code,
            "version": procedure.version,
            "name": plain["name"],
            "competent_agency": procedure.competent_agency,
            "intake_agency": procedure.intake_agency,
            "fees": plain["fees"],
            "time_limit": plain["time_limit"],
            "papers": plain["papers"],
            "form": procedure.form_schema,
        }
    )


def _standing(row: DossierRow) -> dict[str, Any]:
    status = DossierStatus(row.status)
    words = STATUS_WORDS[status]
    return {
        "code": row.code,
        "procedure_code": row.procedure_code,
        "status": status,
        "status_name": Words(vi=words.vi, en=words.en),
        "registered_at": row.registered_at,
        "received_at": row.received_at,
        "due_at": row.due_at,
        "completed_at": row.completed_at,
        "ended_at": row.ended_at,
    }


def _paper(paper: Paper) -> PaperView:
    return PaperView(
        paper_id=paper.id, kind=paper.kind, sha256=paper.sha256, media_type=paper.media_type
    )
