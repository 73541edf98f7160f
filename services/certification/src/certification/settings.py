"""Settings of certification, from the environment (`CERTIFICATION_…`)."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, HttpUrl, SecretStr, ValidationInfo
from pydantic_settings import SettingsConfigDict

from certification.attestation import NEWEST_TEMPLATE
from certification.rate_limit import CheckSettings
from certification.work import Office, Signatory
from chassis.encryption import Keyring
from chassis.settings import ServiceSettings
from motcua_contracts.types import AgencyCode, Code, SignatureLevel

_KEYS = '{"active": "k1", "keys": {"k1": "32 bytes in base64"}, "index": "32 bytes in base64"}'
_SIGNERS = '{"subject of the token": {"key": "label", "name": "Nguyễn Văn An", "title": "…"}}'


def _for(kind: str) -> AfterValidator:
    """Needed when the keys are of this kind."""

    def needed(value: object, validating: ValidationInfo) -> object:
        if value is None and validating.data.get("kind") == kind:
            raise ValueError(f"is missing: keys of the kind {kind} need it")
        return value

    return AfterValidator(needed)


class KeySettings(BaseModel):
    """`CERTIFICATION_KEYS_*`: where the keys are that sign."""

    kind: Literal["files", "pkcs11"] = "files"
    """Encrypted files, `<label>.p12` in a folder, or a PKCS#11 module (HSM)."""
    folder: Annotated[Path | None, _for("files")] = Field(
        default=None, validate_default=True, examples=["/etc/motcua/keys"]
    )
    passphrase: Annotated[SecretStr | None, _for("files")] = Field(
        default=None, validate_default=True, examples=["what opens the key files"]
    )
    module: Annotated[Path | None, _for("pkcs11")] = Field(
        default=None, validate_default=True, examples=["/usr/lib/softhsm/libsofthsm2.so"]
    )
    token: Annotated[str | None, _for("pkcs11")] = Field(
        default=None, validate_default=True, examples=["the label of the token"]
    )
    pin: Annotated[SecretStr | None, _for("pkcs11")] = Field(
        default=None, validate_default=True, examples=["the user PIN of the token"]
    )


def _nothing() -> Any:  # noqa: ANN401 - validated into the field's own type
    return {}


class Settings(ServiceSettings):
    """What certification needs beyond what every service needs."""

    model_config = SettingsConfigDict(env_prefix="CERTIFICATION_")

    files_folder: Path = Field(examples=["/var/lib/motcua/copies"])
    upload_most_bytes: int = Field(default=100 * 1024 * 1024, ge=1024)
    """The largest scan that is taken, all its images together."""
    encryption_keys: Keyring = Field(repr=False, examples=[_KEYS])
    """For who asked for a copy, and for check codes."""
    public_url: HttpUrl = Field(examples=["https://chung-thuc.example.vn"])
    """Where anybody checks a copy: every QR code leads there, for as long as copies are used."""

    agency: AgencyCode = Field(examples=["H42.01"])
    """The office that certifies here: one deployment for each."""
    agency_name: str = Field(min_length=1, examples=["Sở Tư pháp tỉnh Khánh Hòa"])
    place: str = Field(min_length=1, examples=["Nha Trang"])
    book: Code = "SCT-BS"
    signers: dict[str, Signatory] = Field(examples=[_SIGNERS])
    """Who may certify, by the subject of their tokens."""
    clerk_may_sign: bool = False
    """Whether who saw the original may sign the copy."""

    level: SignatureLevel = SignatureLevel.B_LTA
    """Nothing is published below it."""
    tsa_url: HttpUrl = Field(examples=["http://tsa.ca.gov.vn"])
    """The time-stamping authority, RFC 3161."""
    trust_roots: Path = Field(examples=["/etc/motcua/roots.pem"])
    """The authorities whose certificates, time-stamps and revocation data are believed."""
    # An empty default, validated: so each missing part is told by its own name.
    keys: KeySettings = Field(default_factory=_nothing, validate_default=True)
    seal_key: str = Field(default="seal", min_length=1)
    """The label of the agency's seal key."""
    signing_processes: int = Field(default=1, ge=1, le=64)
    signing_queue: int = Field(default=16, ge=1, le=1000)
    signing_seconds: float = Field(default=60, gt=0, le=300)
    """Patience with the key store, with preparing and with signing, each: with all the authorities
    that are asked meanwhile.
    """
    check: CheckSettings = CheckSettings()
    appearances: Path | None = None
    """A folder of images: `<label>.png`, the handwriting of who signs, or the seal."""

    def office(self) -> Office:
        return Office(
            agency=self.agency,
            name=self.agency_name,
            place=self.place,
            book=self.book,
            public_url=str(self.public_url).rstrip("/"),
            template=NEWEST_TEMPLATE,
            level=self.level,
            signers=self.signers,
            clerk_may_sign=self.clerk_may_sign,
        )
