"""What the API shows of a dossier: the whole to those concerned, to everybody only where it stands.

What it shows of a procedure is in `procedure_views.py`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue
from pydantic.alias_generators import to_camel

from intake.dossier import Change
from intake.models import DossierRow, Paper, Part
from intake.office import Office
from intake.sealing import Contact, open_contact, open_form
from intake.status import STATUS_WORDS
from motcua_contracts.types import Channel, DossierStatus, Outcome


class View(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, from_attributes=True)


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


class Summary(Tracking):
    """A line in somebody's list of their own dossiers."""

    dossier_id: str


class DossierView(Summary):
    """A dossier as the applicant, the one-stop office and the competent agency see it."""

    procedure_version: int
    competent_agency: str
    intake_agency: str
    channel: Channel
    papers_wanted: list[str]
    agency_reference: str | None
    outcome: Outcome | None
    papers: list[PaperView]
    result_papers: list[PaperView]
    form: JsonValue
    contact: Contact


class Standing(View):
    """The answer to a command: which dossier, and where it stands now."""

    dossier_id: str
    code: str
    status: DossierStatus
    due_at: datetime | None


def tracking(row: DossierRow) -> Tracking:
    return Tracking(**_tracked(row))


def summary(row: DossierRow) -> Summary:
    return Summary(**_tracked(row), dossier_id=row.id)


def whole(row: DossierRow, papers: Sequence[Paper], office: Office) -> DossierView:
    """Everything, opened for somebody who may read it."""
    return DossierView(
        **_tracked(row),
        dossier_id=row.id,
        procedure_version=row.procedure_version,
        competent_agency=row.competent_agency,
        intake_agency=row.intake_agency,
        channel=Channel(row.channel),
        papers_wanted=row.papers_wanted,
        agency_reference=row.agency_reference,
        outcome=Outcome(row.outcome) if row.outcome else None,
        papers=[_paper(paper) for paper in papers if paper.part != Part.RESULT],
        result_papers=[_paper(paper) for paper in papers if paper.part == Part.RESULT],
        form=open_form(office.keyring, row.id, row.form),
        contact=open_contact(office.keyring, row.id, row.contact),
    )


def standing(change: Change) -> Standing:
    d = change.dossier
    return Standing(dossier_id=d.id, code=d.code, status=d.status, due_at=d.due_at)


def _tracked(row: DossierRow) -> dict[str, Any]:
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
