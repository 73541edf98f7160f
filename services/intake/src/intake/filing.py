"""Filing a dossier (nộp hồ sơ): everything is checked, then everything is kept, or nothing."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    TypeAdapter,
    ValidationError,
)
from pydantic.alias_generators import to_camel

from chassis.clock import uuid7
from chassis.errors import Text, Unprocessable
from intake import domain
from intake.codes import format_dossier_code, parse_procedure_code
from intake.dossier import Change, Dossier
from intake.fees import Charge, assess, claim_errors, obligations
from intake.forms import normalised
from intake.models import DossierRow, File, Part, columns_of
from intake.office import day_in_vietnam
from intake.papers import HandedPaper, paper_errors
from intake.procedures import Procedure
from intake.refusals import UnusableAccount
from intake.sealing import Contact, seal_contact, seal_form
from intake.work import IntakeWork, Recognised
from motcua_contracts.types import Channel, PaperKind, PersonReference, Uuid


class PaperIn(BaseModel):
    """A paper that is handed in: an uploaded file, and what it is."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")

    kind: PaperKind
    file_id: Uuid


def _storable(content: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """JSON lets halves of characters (lone surrogates) and NaN in; nothing can keep them."""
    json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
    return content


FormContent = Annotated[dict[str, JsonValue], AfterValidator(_storable)]


class Filing(BaseModel, frozen=True):
    """What is filed, whichever way it comes."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", hide_input_in_errors=True
    )

    procedure_code: str = Field(max_length=64)
    channel: Channel
    form: FormContent = Field(repr=False)
    contact: Contact
    papers: list[PaperIn] = Field(max_length=100)
    exemptions: list[str] = Field(default_factory=list[str], max_length=20)


class OnlineFiling(Filing, frozen=True):
    """What a citizen files: over HTTP that is online."""

    channel: Literal[Channel.ONLINE] = Channel.ONLINE


class CounterFiling(Filing, frozen=True):
    """What an officer files for whoever stands at the counter."""

    channel: Literal[Channel.IN_PERSON] = Channel.IN_PERSON
    applicant: PersonReference | None = Field(default=None, repr=False)
    """Their subject at the identity provider, where they have an account."""

    @property
    def applicant_id(self) -> str:
        """Who files: without an account somebody new each time, as far as events can tell."""
        return self.applicant or str(uuid7())


@dataclass(frozen=True, slots=True)
class _Checked:
    """A filing in which everything was found in order."""

    procedure: Procedure
    form: JsonValue
    papers: Sequence[Recognised]
    charges: Sequence[Charge]


async def file_dossier(
    filing: Filing, work: IntakeWork, *, applicant_id: str, uploaded_by: str
) -> Change:
    """Check, number and keep a new dossier; raises `Unprocessable` naming every fault."""
    _require_opaque(applicant_id)
    checked = await _check(filing, work, owner=uploaded_by)
    dossier = await _new_dossier(filing, checked.procedure, work, applicant_id=applicant_id)
    due_at = work.office.clock(checked.procedure.pay_within).due(work.now)
    change = domain.register(
        dossier,
        papers=work.hand_in(dossier.id, checked.papers, part=Part.APPLICATION),
        charges=checked.charges,
        obligations=obligations(checked.charges, due_at=due_at, new_id=lambda: str(uuid7())),
    )
    row = _sealed(dossier, work, form=checked.form, contact=filing.contact)
    work.dossiers.add(row)
    work.tell_recipients(row, filing.contact)
    return await work.record(change)


def handed_papers(
    papers: Sequence[PaperIn], files: Mapping[str, File], *, owner: str
) -> list[HandedPaper]:
    """What `owner` hands in; somebody else's file is as good as none."""
    own = {file.id: file.media_type for file in files.values() if file.owner == owner}
    return [HandedPaper(paper.kind, own.get(paper.file_id)) for paper in papers]


_REFERENCE: TypeAdapter[str] = TypeAdapter(PersonReference)


def _require_opaque(subject: str) -> None:
    """Events carry the applicant's subject; an identity number must not get there."""
    try:
        _REFERENCE.validate_python(subject)
    except ValidationError:
        raise UnusableAccount from None


async def _check(filing: Filing, work: IntakeWork, *, owner: str) -> _Checked:
    today = day_in_vietnam(work.now)
    code = parse_procedure_code(filing.procedure_code)
    procedure = work.office.catalogue.in_force(code, on=today)
    procedure.require_channel(filing.channel)
    form = normalised(filing.form)
    files = await work.files.read([paper.file_id for paper in filing.papers])
    errors = [
        *procedure.form.errors(form),
        *paper_errors(procedure, handed_papers(filing.papers, files, owner=owner)),
        *claim_errors(procedure, filing.exemptions, [paper.kind for paper in filing.papers]),
    ]
    if errors:
        raise Unprocessable(_NOT_IN_ORDER, errors=errors)
    charges = assess(procedure, on=today, channel=filing.channel, claimed=filing.exemptions)
    papers = await work.recognise((paper.kind, files[paper.file_id]) for paper in filing.papers)
    return _Checked(procedure, form, papers, charges)


_NOT_IN_ORDER = Text(
    "Hồ sơ chưa đúng. Vui lòng sửa các mục được nêu rồi nộp lại.",
    "The dossier is not in order: mend what is named and file it again.",
)


async def _new_dossier(
    filing: Filing, procedure: Procedure, work: IntakeWork, *, applicant_id: str
) -> Dossier:
    """The code's number comes last: from here on, filings with the same agency take turns."""
    agency, day = procedure.competent_agency, day_in_vietnam(work.now)
    number = await work.dossiers.next_number(agency, day)
    return Dossier(
        id=str(uuid7()),
        code=format_dossier_code(agency, day, number),
        procedure_code=procedure.code,
        procedure_version=procedure.version,
        competent_agency=agency,
        intake_agency=procedure.intake_agency,
        applicant_id=applicant_id,
        channel=filing.channel,
        registered_at=work.now,
    )


def _sealed(dossier: Dossier, work: IntakeWork, *, form: JsonValue, contact: Contact) -> DossierRow:
    """The row of a new dossier, what is personal under our own keys."""
    keyring = work.office.keyring
    return DossierRow(
        **columns_of(dossier),
        form=seal_form(keyring, dossier.id, form),
        contact=seal_contact(keyring, dossier.id, contact),
    )
