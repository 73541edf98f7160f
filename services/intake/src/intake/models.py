"""The tables of intake. Form content and contacts are kept encrypted; see `sealing.py`."""

from dataclasses import fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, DateTime, SmallInteger, Text
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from intake.dossier import Dossier, Stage
from motcua_contracts.dossier import Paper as PaperFact
from motcua_contracts.types import Channel, DossierStatus, Outcome


class Part(StrEnum):
    """What a paper is to its dossier."""

    APPLICATION = "application"
    SUPPLEMENT = "supplement"
    RESULT = "result"


HANDED_IN = (Part.APPLICATION, Part.SUPPLEMENT)
"""What the applicant gave."""


class Row(SQLModel, registry=registry()):
    """Base of intake's tables."""


def _id() -> UUID[str]:
    return UUID(as_uuid=False)


def _time() -> DateTime:
    return DateTime(timezone=True)


class DossierRow(Row, table=True):
    """A dossier as `dossier.Dossier` has it, and what only the people concerned may read."""

    __tablename__ = "dossiers"  # pyright: ignore[reportAssignmentType] - SQLModel's own way

    id: str = Field(primary_key=True, sa_type=_id())
    code: str = Field(sa_type=Text)
    procedure_code: str = Field(sa_type=Text)
    procedure_version: int
    competent_agency: str = Field(sa_type=Text)
    intake_agency: str = Field(sa_type=Text)
    applicant_id: str = Field(sa_type=Text)
    channel: str = Field(sa_type=Text)
    status: int = Field(sa_type=SmallInteger)
    registered_at: datetime = Field(sa_type=_time())
    received_at: datetime | None = Field(default=None, sa_type=_time())
    first_due_at: datetime | None = Field(default=None, sa_type=_time())
    due_at: datetime | None = Field(default=None, sa_type=_time())
    clock_stopped_at: datetime | None = Field(default=None, sa_type=_time())
    resumes_to: int | None = Field(default=None, sa_type=SmallInteger)
    outstanding: list[str] = Field(sa_type=JSONB)
    papers_wanted: list[str] = Field(sa_type=JSONB)
    supplements_asked: list[str] = Field(sa_type=JSONB)
    agency_reference: str | None = Field(default=None, sa_type=Text)
    unit: str | None = Field(default=None, sa_type=Text)
    step: str | None = Field(default=None, sa_type=Text)
    outcome: str | None = Field(default=None, sa_type=Text)
    completed_at: datetime | None = Field(default=None, sa_type=_time())
    ended_at: datetime | None = Field(default=None, sa_type=_time())
    overdue_told_at: datetime | None = Field(default=None, sa_type=_time())
    form: str = Field(sa_type=Text, repr=False)
    contact: str = Field(sa_type=Text, repr=False)

    def value(self) -> Dossier:
        """What decisions are made about."""
        known: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(Dossier)}
        known["channel"] = Channel(self.channel)
        known["status"] = DossierStatus(self.status)
        known["resumes_to"] = self.resumes_to and DossierStatus(self.resumes_to)
        known["outcome"] = self.outcome and Outcome(self.outcome)
        known["outstanding"] = tuple(self.outstanding)
        known["papers_wanted"] = tuple(self.papers_wanted)
        known["supplements_asked"] = tuple(Stage(stage) for stage in self.supplements_asked)
        return Dossier(**known)

    def take(self, dossier: Dossier) -> None:
        """Become what was decided; what stays the same is not touched."""
        for name, value in columns_of(dossier).items():
            if getattr(self, name) != value:
                setattr(self, name, value)


def columns_of(dossier: Dossier) -> dict[str, Any]:
    """The columns of a row that hold this dossier."""
    values = {field.name: getattr(dossier, field.name) for field in fields(dossier)}
    return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}


class File(Row, table=True):
    """An uploaded file and who may use it: its owner, or the agency whose system sent it."""

    __tablename__ = "files"  # pyright: ignore[reportAssignmentType] - SQLModel's own way

    id: str = Field(primary_key=True, sa_type=_id())
    owner: str = Field(sa_type=Text)
    agency: str | None = Field(default=None, sa_type=Text)
    sha256: str = Field(sa_type=Text)
    size: int = Field(sa_type=BigInteger)
    media_type: str = Field(sa_type=Text)
    uploaded_at: datetime = Field(sa_type=_time())


class Paper(Row, table=True):
    """A paper of a dossier (thành phần hồ sơ, giấy tờ kết quả)."""

    __tablename__ = "papers"  # pyright: ignore[reportAssignmentType] - SQLModel's own way

    id: str = Field(primary_key=True, sa_type=_id())
    dossier_id: str = Field(sa_type=_id())
    file_id: str | None = Field(sa_type=_id())
    """None when it is the certified copy that was asked for: certification keeps that."""
    kind: str = Field(sa_type=Text)
    part: str = Field(sa_type=Text)
    sha256: str = Field(sa_type=Text)
    media_type: str = Field(sa_type=Text)
    added_at: datetime = Field(sa_type=_time())
    certified_copy_id: str | None = Field(default=None, sa_type=_id())
    """The certified copy that it was when it came, whatever became of that since."""

    def fact(self) -> PaperFact:
        return PaperFact(
            paper_id=self.id,
            kind=self.kind,
            sha256=self.sha256,
            certified_copy_id=self.certified_copy_id,
        )


class CopyState(StrEnum):
    """Whether a certified copy stands for its original."""

    VALID = "valid"
    REVOKED = "revoked"
    REPLACED = "replaced"


class CertifiedCopy(Row, table=True):
    """What certification said of a copy (bản sao điện tử có chứng thực): all that is needed to
    recognise it by its digest.
    """

    __tablename__ = "certified_copies"  # pyright: ignore[reportAssignmentType] - SQLModel's own way

    copy_id: str = Field(primary_key=True, sa_type=_id())
    sha256: str = Field(sa_type=Text)
    paper_kind: str | None = Field(default=None, sa_type=Text)
    """What it is a copy of; None when nothing but its end was heard of."""
    state: str = Field(default=CopyState.VALID, sa_type=Text)
    successor_id: str | None = Field(default=None, sa_type=_id())
    changed_at: datetime = Field(sa_type=_time())
