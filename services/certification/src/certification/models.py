"""The tables of certification. Who asked for a copy and of what stands in them sealed."""

import re
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Boolean, DateTime, Enum, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import declared_attr, registry
from sqlmodel import Field, SQLModel
from typing_extensions import TypedDict

from certification.domain import AttemptState, CopyState, DossierState, EntryState
from certification.ports import Hindrance
from motcua_contracts.types import Dong, SignatureLevel, SignerRole


class Row(SQLModel, registry=registry()):
    """Base of certification's tables: `SigningAttempt` lies in `signing_attempts`."""

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805 # pyright: ignore[reportIncompatibleVariableOverride] - SQLModel's own way
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower() + "s"


def _id() -> UUID[str]:
    return UUID(as_uuid=False)


def _time() -> DateTime:
    return DateTime(timezone=True)


def _choice(kind: type[StrEnum]) -> Enum:
    """A text column that holds the values of `kind`."""
    return Enum(kind, native_enum=False, length=32, values_callable=_values)


def _values(kind: type[StrEnum]) -> list[str]:
    return [member.value for member in kind]


class ScanPart(TypedDict):
    """One file of a scan, as it was uploaded."""

    sha256: str
    media_type: str


class Attested(TypedDict):
    """What a copy says of its office, of who approved it, and of where it is checked."""

    agency_name: str
    place: str
    signer_name: str
    signer_title: str
    check_url: str


class Dossier(Row, table=True):
    """A dossier in which a certified copy is asked for: the lock under which its copies change."""

    id: str = Field(primary_key=True, sa_type=_id())
    code: str = Field(sa_type=Text)
    applicant_id: str = Field(sa_type=Text)
    agency: str = Field(sa_type=Text)
    state: DossierState = Field(default=DossierState.OPEN, sa_type=_choice(DossierState))
    owes: bool = Field(default=False, sa_type=Boolean)


class Copy(Row, table=True):
    """One certified copy, from the scan to the end. Named `Copy`, it lies in `copies`."""

    __tablename__ = "copies"  # pyright: ignore[reportAssignmentType] - SQLModel's own way

    id: str = Field(primary_key=True, sa_type=_id())
    dossier_id: str = Field(sa_type=_id())
    agency: str = Field(sa_type=Text)
    paper_kind: str = Field(sa_type=Text)
    state: CopyState = Field(default=CopyState.REQUESTED, sa_type=_choice(CopyState))
    requested_at: datetime = Field(sa_type=_time())
    changed_at: datetime = Field(sa_type=_time())

    # What was shown and scanned, and for whom.
    clerk: str = Field(sa_type=Text)
    scan_sha256: str = Field(sa_type=Text)
    scan_parts: list[ScanPart] = Field(sa_type=JSONB)
    clean_sha256: str = Field(sa_type=Text)
    pages: int = Field(sa_type=Integer)
    fee: Dong = Field(sa_type=BigInteger)
    request: str = Field(sa_type=Text, repr=False)
    requester_index: str = Field(sa_type=Text, repr=False)

    # The intent: fixed when the authorised person approves, before anything is signed.
    approved_at: datetime | None = Field(default=None, sa_type=_time())
    signer: str | None = Field(default=None, sa_type=Text)
    book: str | None = Field(default=None, sa_type=Text)
    year: int | None = Field(default=None, sa_type=Integer)
    number: int | None = Field(default=None, sa_type=Integer)
    template: str | None = Field(default=None, sa_type=Text)
    attested: Attested | None = Field(default=None, sa_type=JSONB)
    signing_key: str | None = Field(default=None, sa_type=Text)
    person_certificate: str | None = Field(default=None, sa_type=Text)
    seal_certificate: str | None = Field(default=None, sa_type=Text)
    link: str | None = Field(default=None, sa_type=Text)
    code: str | None = Field(default=None, sa_type=Text, repr=False)
    code_index: str | None = Field(default=None, sa_type=Text, repr=False)
    prepared_sha256: str | None = Field(default=None, sa_type=Text)

    # Who signs it now, and what it waits for.
    waits_for: Hindrance | None = Field(default=None, sa_type=_choice(Hindrance))
    attempts: int = Field(default=0, sa_type=Integer)
    next_attempt_at: datetime | None = Field(default=None, sa_type=_time())
    lease: str | None = Field(default=None, sa_type=_id())
    leased_until: datetime | None = Field(default=None, sa_type=_time())

    # The outcome.
    sha256: str | None = Field(default=None, sa_type=Text)
    signed_at: datetime | None = Field(default=None, sa_type=_time())
    level: SignatureLevel | None = Field(default=None, sa_type=_choice(SignatureLevel))
    certified_at: datetime | None = Field(default=None, sa_type=_time())
    reason: str | None = Field(default=None, sa_type=Text)
    replaces: str | None = Field(default=None, sa_type=_id())
    replaces_for: str | None = Field(default=None, sa_type=Text)
    replaced_by: str | None = Field(default=None, sa_type=_id())

    # Why the dispatcher acts, long after the request that asked for it.
    correlation_id: str = Field(sa_type=Text)
    causation_id: str | None = Field(default=None, sa_type=Text)
    traceparent: str = Field(sa_type=Text)


class RegisterEntry(Row, table=True):
    """A line of the register (sổ chứng thực)."""

    __tablename__ = "register_entries"  # pyright: ignore[reportAssignmentType] - SQLModel's own way

    copy_id: str = Field(primary_key=True, sa_type=_id())
    book: str = Field(sa_type=Text)
    year: int = Field(sa_type=Integer)
    number: int = Field(sa_type=Integer)
    state: EntryState = Field(default=EntryState.RESERVED, sa_type=_choice(EntryState))
    reason: str | None = Field(default=None, sa_type=Text)
    recorded_at: datetime = Field(sa_type=_time())


class SigningAttempt(Row, table=True):
    """One attempt to make both signatures of a copy."""

    id: str = Field(primary_key=True, sa_type=_id())
    copy_id: str = Field(sa_type=_id())
    started_at: datetime = Field(sa_type=_time())
    ended_at: datetime | None = Field(default=None, sa_type=_time())
    state: AttemptState = Field(default=AttemptState.STARTED, sa_type=_choice(AttemptState))
    hindrance: Hindrance | None = Field(default=None, sa_type=_choice(Hindrance))
    person_certificate: str = Field(sa_type=Text)
    seal_certificate: str = Field(sa_type=Text)
    sha256: str | None = Field(default=None, sa_type=Text)


class SigningCertificate(Row, table=True):
    """A certificate that this register has signed with: the list that the public check allows."""

    fingerprint: str = Field(primary_key=True, sa_type=Text)
    role: SignerRole = Field(sa_type=_choice(SignerRole))
    first_used_at: datetime = Field(sa_type=_time())
