"""People and agencies who were given a key and a certificate; each lies in the state folder."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Literal, Self

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding
from cryptography.hazmat.primitives.serialization.pkcs12 import (
    load_pkcs12,
    serialize_key_and_certificates,
)
from cryptography.x509.oid import NameOID
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic.types import AwareDatetime

from simulators.errors import SimulatorError
from simulators.keeping import write_whole
from simulators.trust.authorities import FOREIGN, ISSUING, ROOT, Authority, Hierarchy
from simulators.trust.holders import new_key
from simulators.trust.profiles import SIGNER_PROFILE, Subject

Text = Field(min_length=1, max_length=64)  # the upper bounds of RFC 5280, appendix A
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)
_YEAR = timedelta(days=365)
_SKEW = timedelta(minutes=5)  # a reader's clock may be behind


class Wire(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )


class Wish(Wire):
    """Who asks for a certificate, and for how long."""

    label: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="also the file's name")
    kind: Literal["person", "agency"]
    name: str = Text
    organisation: str = Text
    unit: str | None = Field(default=None, min_length=1, max_length=64)
    title: str | None = Field(default=None, min_length=1, max_length=64)
    identifier: str | None = Field(
        default=None, max_length=64, description="of an agency; without it GOVVN-<label>"
    )
    not_before: AwareDatetime | None = Field(default=None, ge=_EARLIEST, le=_LATEST)
    valid_days: float = Field(
        default=365, ge=-3650, le=3650, description="negative: ended so many days ago"
    )
    foreign: bool = Field(default=False, description="from a root outside /trust-roots.pem")

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.not_before is not None and self.valid_days <= 0:
            raise ValueError("with notBefore, validDays must be positive")
        return self

    def validity(self, now: datetime) -> tuple[datetime, datetime]:
        begins = self.not_before or now - _SKEW
        ends = (self.not_before or now) + timedelta(days=self.valid_days)
        return min(begins, ends - _YEAR) if self.valid_days <= 0 else begins, ends

    def subject(self) -> x509.Name:
        identifier = self.identifier or (f"GOVVN-{self.label}" if self.kind == "agency" else None)
        fields = {
            NameOID.COUNTRY_NAME: "VN",
            NameOID.ORGANIZATION_NAME: self.organisation,
            NameOID.ORGANIZATIONAL_UNIT_NAME: self.unit,
            NameOID.ORGANIZATION_IDENTIFIER: identifier,
            NameOID.TITLE: self.title,
            NameOID.COMMON_NAME: self.name,
        }
        return x509.Name([x509.NameAttribute(oid, text) for oid, text in fields.items() if text])


class Reason(StrEnum):
    """RFC 5280 5.3.1, those that fit a person's or an agency's certificate."""

    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "keyCompromise"
    AFFILIATION_CHANGED = "affiliationChanged"
    SUPERSEDED = "superseded"
    CESSATION_OF_OPERATION = "cessationOfOperation"
    PRIVILEGE_WITHDRAWN = "privilegeWithdrawn"


class Revocation(Wire):
    at: datetime
    reason: Reason


class Identity(Wire):
    """One certificate that was given out."""

    wish: Wish
    certificate: str = Field(description="PEM")
    revoked: Revocation | None = None

    @property
    def x509(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.certificate.encode())

    @property
    def authority(self) -> str:
        return FOREIGN if self.wish.foreign else ISSUING

    @property
    def fingerprint(self) -> str:
        return self.x509.fingerprint(SHA256()).hex()


class TakenLabelError(Exception):
    """The label is another's, or its key file has another passphrase."""


class Identities:
    """In memory and in the folder: `<label>.p12`, then `<label>.json`, which makes it count."""

    def __init__(self, folder: Path, hierarchy: Hierarchy) -> None:
        self._folder = folder
        self._authorities = hierarchy.authorities
        self._by_label = {each.wish.label: each for each in _kept(folder)}

    @property
    def all(self) -> Iterable[Identity]:
        return self._by_label.values()

    def find(self, label: str) -> Identity | None:
        return self._by_label.get(label)

    def enrol(self, wish: Wish, passphrase: bytes) -> Identity:
        """Makes the key: half a second."""
        authority = self._authorities[FOREIGN if wish.foreign else ISSUING]
        key, now = new_key(), datetime.now(UTC)
        begins, ends = wish.validity(now)
        subject = Subject(wish.subject(), key.public_key(), begins, ends)
        certificate = authority.issue(subject, SIGNER_PROFILE)
        sealed = serialize_key_and_certificates(
            wish.label.encode(),
            key,
            certificate,
            _chain(authority, self._authorities),
            BestAvailableEncryption(passphrase),
        )
        write_whole(self._file(wish.label), sealed)
        pem = certificate.public_bytes(Encoding.PEM).decode("ascii")
        return self._keep(Identity(wish=wish, certificate=pem))

    def key_file(self, identity: Identity, wish: Wish, passphrase: bytes) -> bytes:
        """The PKCS#12 as it was made, for whoever asks the same again."""
        sealed = self._file(wish.label).read_bytes()
        if identity.wish != wish:
            raise TakenLabelError(f"{wish.label} was enrolled with other particulars")
        try:
            load_pkcs12(sealed, passphrase)
        except ValueError as error:
            raise TakenLabelError(f"{wish.label} was enrolled with another passphrase") from error
        return sealed

    def revoke(self, identity: Identity, reason: Reason) -> Identity:
        """The first time and reason stand."""
        if identity.revoked is not None:
            return identity
        at = datetime.now(UTC).replace(microsecond=0)
        revocation = Revocation(at=at, reason=reason)
        return self._keep(identity.model_copy(update={"revoked": revocation}))

    def _file(self, label: str) -> Path:
        return self._folder / f"{label}.p12"

    def _keep(self, identity: Identity) -> Identity:
        label = identity.wish.label
        document = identity.model_dump_json(by_alias=True, indent=1)
        write_whole(self._folder / f"{label}.json", document.encode())
        self._by_label[label] = identity
        return identity


def _kept(folder: Path) -> Iterable[Identity]:
    for path in sorted(folder.glob("*.json")):
        try:
            yield Identity.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise SimulatorError(
                f"cannot read {path}; remove the whole --state-folder to start anew"
            ) from error


def _chain(authority: Authority, all_of_them: Mapping[str, Authority]) -> list[x509.Certificate]:
    above = [] if authority.name == FOREIGN else [all_of_them[ROOT]]
    return [each.holder.certificate for each in (authority, *above)]
