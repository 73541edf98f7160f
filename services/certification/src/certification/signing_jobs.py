"""What the processes that prepare and sign copies are told, and what they answer."""

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, Field, TypeAdapter

from certification.ports import Attestation, Certificate, Hindrance, SignedCopy
from motcua_contracts.types import SignatureLevel


class Station(BaseModel):
    """All that a signing process must know of its agency."""

    kind: Literal["files", "pkcs11"]
    place: Path
    """The folder of key files, or the PKCS#11 module."""
    token: str = ""
    """Label of the token."""
    secret: str = Field(repr=False)
    """Passphrase of the key files, or PIN of the token."""
    seal_key: str
    agency: str
    level: SignatureLevel
    tsa_url: str
    trust_roots: Path
    appearances: Path | None = None
    request_seconds: int = 10
    """For each question to a time-stamping authority, an OCSP responder or a revocation list."""


class Prepare(BaseModel):
    clean: Path
    target: Path
    attestation: Attestation


class TellCertificates(BaseModel):
    job: Literal["certificates"] = "certificates"
    person: str


class Sign(BaseModel):
    job: Literal["sign"] = "sign"
    prepared: Path
    target: Path
    person: str
    recorded: tuple[str, str]
    """Fingerprints of the certificates that are recorded of this copy: no others may sign."""


SigningJob: TypeAlias = TellCertificates | Sign
SIGNING_JOBS: TypeAdapter[SigningJob] = TypeAdapter(
    Annotated[SigningJob, Field(discriminator="job")]
)


class Answer(BaseModel):
    """What became of a job: one of these, as it asked for, or a hindrance, or a bug."""

    certificates: tuple[Certificate, Certificate] | None = None
    sha256: str | None = None
    signed: SignedCopy | None = None
    hindrance: Hindrance | None = None
    bug: str | None = None
    """Type of an error that nobody expected."""
    message: str = ""
    """For operators; no personal data."""
