"""What certification needs from whoever holds the keys and signs."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from motcua_contracts.types import SignatureLevel


class Hindrance(StrEnum):
    """Why a signature cannot be made now. A copy that it hinders waits, and says so."""

    TIME_STAMP_AWAY = "time-stamp-away"
    TIME_STAMP_WRONG = "time-stamp-wrong"
    REVOCATION_UNKNOWN = "revocation-unknown"
    CERTIFICATE_EXPIRED = "certificate-expired"
    CERTIFICATE_REVOKED = "certificate-revoked"
    WRONG_PIN = "wrong-pin"
    KEY_AWAY = "key-away"
    LEVEL_NOT_REACHED = "level-not-reached"
    CANNOT_BE_MADE = "cannot-be-made"
    """A fault of ours: the log says which."""


class Hindered(Exception):  # noqa: N818 - nothing failed: the copy waits
    """A signature cannot be made now. The message is for operators; no personal data in it."""

    hindrance: Hindrance

    def __init__(self, hindrance: Hindrance, message: str = "") -> None:
        super().__init__(message or hindrance)
        self.hindrance = hindrance


@dataclass(frozen=True, slots=True)
class Certificate:
    """A key's certificate: SHA-256 of its DER encoding in hex, its subject, its end."""

    fingerprint: str
    subject: str
    not_after: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """What the copy says about itself (lời chứng), NĐ 23/2015/NĐ-CP art. 20 and annex."""

    template: str
    """Version of the wording and the drawing."""
    number: int
    """Number in the register (số chứng thực)."""
    book: str
    """Book of the register (quyển số)."""
    year: int
    """Year of the book."""
    certified_on: date
    """Day on which the authorised person approved, in Vietnam's time."""
    agency_name: str
    place: str
    signer_name: str
    signer_title: str
    check_url: str
    """Where anybody checks the copy; also in the QR code."""
    check_code: str
    """What shows the personal part there."""


@dataclass(frozen=True, slots=True)
class SignedCopy:
    """A file with both signatures."""

    sha256: str
    signed_at: datetime
    """Time of the last signature, as its time-stamp says."""
    level: SignatureLevel
    """Level that both signatures reached."""


class CopySigner(Protocol):
    """Prepares a copy and makes its two signatures: the person's, then the agency's seal's."""

    async def certificates(self, person: str) -> tuple[Certificate, Certificate]:
        """Those of the key labelled `person` and of the seal. Raises `Hindered`."""
        ...

    async def prepare(self, clean: Path, target: Path, attestation: Attestation) -> str:
        """Write `clean` with its attestation and two empty signature fields to `target`, safely on
        the disk; gives back the SHA-256 of it.
        """
        ...

    async def sign(
        self,
        prepared: Path,
        target: Path,
        *,
        person: str,
        certificates: tuple[Certificate, Certificate],
    ) -> SignedCopy:
        """Write `prepared` with both signatures to `target`, safely on the disk. Raises `Hindered`,
        also where a key has another certificate by now than that of `certificates`, and never
        leaves a file below the configured level.
        """
        ...
