"""A dossier (hồ sơ) as the decisions about it see it: plain values, a state that never mutates."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypedDict

from intake.status import require_transition
from intake.working_calendar import TimeLimit, WorkingCalendar
from motcua_contracts.dossier import DossierEvent, ResultPaper
from motcua_contracts.types import Channel, DossierStatus, Outcome


class Stage(StrEnum):
    """The stages of a dossier at which papers may be asked for, once each."""

    INTAKE = "intake"
    HANDLING = "handling"


class Remark(StrEnum):
    """Why a decision has no facts, when that needs to be known."""

    REPEATED = "repeated"
    """It was so already: the same message or request came again."""
    REFUND_NEEDED = "refund-needed"
    """Money came for a dossier that is closed. Payment closes the order by the closing fact."""
    CLOSED = "closed"
    """A copy went on, or an agency spoke, whose dossier is closed: the closing fact tells them."""
    CONTACT_UNREADABLE = "contact-unreadable"
    """Notification was to hear again whom to tell, and no key of ours opens the contact."""


class About(TypedDict):
    """What every fact about a dossier says."""

    dossier_id: str
    code: str
    procedure_code: str
    agency: str
    status: DossierStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """Everything that a decision depends on. Times are aware and in UTC."""

    id: str
    code: str
    procedure_code: str
    procedure_version: int
    competent_agency: str
    intake_agency: str
    applicant_id: str
    channel: Channel
    registered_at: datetime
    status: DossierStatus = DossierStatus.REGISTERED
    received_at: datetime | None = None
    first_due_at: datetime | None = None
    """The date on the receipt; `due_at` moves when the clock stops."""
    due_at: datetime | None = None
    clock_stopped_at: datetime | None = None
    resumes_to: DossierStatus | None = None
    """Where it goes when what it waits for (5, 6) is there."""
    outstanding: tuple[str, ...] = ()
    """Obligations that are not paid."""
    papers_wanted: tuple[str, ...] = ()
    supplements_asked: tuple[Stage, ...] = ()
    agency_reference: str | None = None
    """The file's number with who decides; where certification does, the id of the copy."""
    unit: str | None = None
    step: str | None = None
    outcome: Outcome | None = None
    completed_at: datetime | None = None
    ended_at: datetime | None = None
    """When it was refused, withdrawn, stopped or returned."""
    overdue_told_at: datetime | None = None

    @property
    def stage(self) -> Stage:
        return Stage.HANDLING if self.received_at else Stage.INTAKE

    @property
    def about(self) -> About:
        return {
            "dossier_id": self.id,
            "code": self.code,
            "procedure_code": self.procedure_code,
            "agency": self.competent_agency,
            "status": self.status,
        }

    def moved(self, to: DossierStatus) -> "Dossier":
        """The same dossier in status `to`; raises `IllegalTransition`."""
        require_transition(self.status, to)
        return replace(self, status=to)

    def ended(self, to: DossierStatus, *, at: datetime) -> "Dossier":
        """Moved to its last status. What is outstanding stays: money may still come for it."""
        return replace(
            self.moved(to), ended_at=at, resumes_to=None, papers_wanted=(), clock_stopped_at=None
        )


@dataclass(frozen=True, slots=True)
class Change:
    """What a decision makes of a dossier: its new state and the facts to announce, in order."""

    dossier: Dossier
    facts: tuple[DossierEvent, ...] = ()
    remark: Remark | None = None


@dataclass(frozen=True, slots=True)
class CopyEnd:
    """A certified copy stands for its original no longer, and which one does instead."""

    copy_id: str
    at: datetime
    successor_id: str | None = None


@dataclass(frozen=True, slots=True)
class LegalClock:
    """The time limit of the dossier's procedure version, by the agency's calendar."""

    calendar: WorkingCalendar
    limit: TimeLimit

    def due(self, received_at: datetime) -> datetime:
        return self.calendar.due(received_at, self.limit).astimezone(UTC)

    def due_after_stop(
        self, due_at: datetime, *, stopped_at: datetime, resumed_at: datetime
    ) -> datetime:
        moved = self.calendar.due_after_stop(
            due_at, stopped_at=stopped_at, resumed_at=resumed_at, unit=self.limit.unit
        )
        return moved.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Uptake:
    """How an agency takes a dossier up: unit, step and its own file number."""

    reference: str | None = None
    unit: str | None = None
    step: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """An agency's decision on the merits; `reference` is the agency's own file number."""

    outcome: Outcome
    reference: str
    papers: tuple[ResultPaper, ...] = ()
    reason_code: str | None = None
    legal_ground: str | None = None
