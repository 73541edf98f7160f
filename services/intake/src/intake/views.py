"""What the API shows of a dossier: the whole to those concerned, to everybody only where it stands.

What it shows of a procedure is in `procedure_views.py`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue
from pydantic.alias_generators import to_camel

from intake.dossier import Change
from intake.models import CertifiedCopy, CopyState, DossierRow, Paper, Part
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


class CertifiedCopyView(View):
    """The certified copy that a paper is, and whether it stands for the original today."""

    copy_id: str
    paper_kind: str | None
    state: CopyState
    successor_id: str | None
    words: Words


class PaperView(View):
    """A paper; where `proven`, the original is not asked for."""

    paper_id: str
    kind: str
    sha256: str
    media_type: str
    proven: bool
    certified_copy: CertifiedCopyView | None


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


def whole(
    row: DossierRow,
    papers: Sequence[Paper],
    *,
    copies: Mapping[str, CertifiedCopy],
    office: Office,
) -> DossierView:
    """Everything, opened for somebody who may read it; `copies` are those among the papers, by
    digest.
    """
    shown = {paper.id: _paper(paper, copies.get(paper.sha256)) for paper in papers}
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
        papers=[shown[paper.id] for paper in papers if paper.part != Part.RESULT],
        result_papers=[shown[paper.id] for paper in papers if paper.part == Part.RESULT],
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


_COPY_WORDS: Mapping[CopyState, Words] = MappingProxyType(
    {
        CopyState.VALID: Words(
            vi="Đã chứng thực, không cần xuất trình bản chính.",
            en="Certified: the original need not be shown.",
        ),
        CopyState.REVOKED: Words(
            vi="Bản sao chứng thực đã bị thu hồi: cần bản sao khác hoặc xuất trình bản chính.",
            en="The certified copy was revoked: another is needed, or the original.",
        ),
        CopyState.REPLACED: Words(
            vi="Bản sao chứng thực đã được thay thế: cần bản mới hoặc xuất trình bản chính.",
            en="The certified copy was replaced: the new one is needed, or the original.",
        ),
    }
)


def _paper(paper: Paper, copy: CertifiedCopy | None) -> PaperView:
    return PaperView(
        paper_id=paper.id,
        kind=paper.kind,
        sha256=paper.sha256,
        media_type=paper.media_type,
        proven=copy is not None and copy.state == CopyState.VALID,
        certified_copy=_certified_copy(copy) if copy else None,
    )


def _certified_copy(copy: CertifiedCopy) -> CertifiedCopyView:
    state = CopyState(copy.state)
    return CertifiedCopyView(
        copy_id=copy.copy_id,
        paper_kind=copy.paper_kind,
        state=state,
        successor_id=copy.successor_id,
        words=_COPY_WORDS[state],
    )
