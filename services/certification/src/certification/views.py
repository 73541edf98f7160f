"""What the API shows of a copy. Who asked for it and its check code are for those concerned."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from certification.domain import CopyState, EntryState
from certification.models import Copy, RegisterEntry
from certification.ports import Hindrance
from certification.work import CertificationWork
from motcua_contracts.types import Dong, SignatureLevel


class View(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, from_attributes=True)


class Standing(View):
    """Where a copy stands: what a decision about it is answered with."""

    copy_id: str
    state: CopyState

    @classmethod
    def of(cls, copy: Copy) -> "Standing":
        return cls(copy_id=copy.id, state=copy.state)


class RequesterView(View):
    name: str
    id_number: str


class CopyView(View):
    """A copy among others: nothing about a person."""

    copy_id: str
    dossier_id: str
    agency: str
    paper_kind: str
    state: CopyState
    requested_at: datetime
    changed_at: datetime
    pages: int
    fee: Dong
    scan_sha256: str
    scan_parts: int
    approved_at: datetime | None
    book: str | None
    year: int | None
    number: int | None
    check_url: str | None
    waits_for: Hindrance | None
    attempts: int
    next_attempt_at: datetime | None
    sha256: str | None
    signed_at: datetime | None
    level: SignatureLevel | None
    reason: str | None
    replaces: str | None
    replaced_by: str | None

    @classmethod
    def of(cls, copy: Copy, work: CertificationWork) -> "CopyView":
        return cls.model_validate(_shown(copy, work))


class WholeCopyView(CopyView):
    """A copy as those see it whom it concerns."""

    title: str
    requester: RequesterView
    check_code: str | None

    @classmethod
    def of(cls, copy: Copy, work: CertificationWork) -> "WholeCopyView":
        request = work.sealing.request(copy)
        return cls.model_validate(
            {
                **_shown(copy, work),
                "title": request.title,
                "requester": RequesterView.model_validate(request),
                "check_code": work.sealing.code(copy),
            }
        )


class EntryView(View):
    """A line of the register."""

    book: str
    year: int
    number: int
    state: EntryState
    reason: str | None
    recorded_at: datetime
    copy_id: str
    dossier_id: str
    paper_kind: str
    pages: int
    fee: Dong
    copy_state: CopyState
    requester: RequesterView
    title: str

    @classmethod
    def of(cls, line: tuple[RegisterEntry, Copy], work: CertificationWork) -> "EntryView":
        entry, copy = line
        request = work.sealing.request(copy)
        return cls(
            **entry.model_dump(),
            dossier_id=copy.dossier_id,
            paper_kind=copy.paper_kind,
            pages=copy.pages,
            fee=copy.fee,
            copy_state=copy.state,
            requester=RequesterView.model_validate(request),
            title=request.title,
        )


class Page(View):
    """Some of many, and where the next begin."""

    next_after: str | None


class CopiesPage(Page):
    copies: list[CopyView]

    @classmethod
    def of(cls, copies: Sequence[Copy], work: CertificationWork, *, limit: int) -> "CopiesPage":
        full = len(copies) == limit
        return cls(
            copies=[CopyView.of(copy, work) for copy in copies],
            next_after=copies[-1].id if full else None,
        )


class RegisterPage(Page):
    entries: list[EntryView]

    @classmethod
    def of(
        cls,
        lines: Sequence[tuple[RegisterEntry, Copy]],
        work: CertificationWork,
        *,
        next_after: str | None,
    ) -> "RegisterPage":
        return cls(entries=[EntryView.of(line, work) for line in lines], next_after=next_after)


def _shown(copy: Copy, work: CertificationWork) -> dict[str, object]:
    return {
        **copy.model_dump(include=set(CopyView.model_fields) & set(Copy.model_fields)),
        "copy_id": copy.id,
        "scan_parts": len(copy.scan_parts),
        "check_url": work.office.check_url(copy.link) if copy.link else None,
    }
