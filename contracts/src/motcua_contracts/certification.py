"""Events of certified e-copies (bản sao điện tử có chứng thực từ bản chính), published by
certification on `motcua.certification.events.v1`.

NĐ 45/2020/NĐ-CP art. 10; NĐ 23/2015/NĐ-CP. Each belongs to the dossier of procedure 2.000815 in
which the copy was asked for, which is the key.
"""

from typing import Annotated, ClassVar

from pydantic import Field

from motcua_contracts.dossier import FeeLine
from motcua_contracts.envelope import AboutDossier
from motcua_contracts.topics import CERTIFICATION_EVENTS, Topic
from motcua_contracts.types import (
    Code,
    Dong,
    PaperKind,
    ReasonCode,
    Sha256,
    SignatureLevel,
    SignerRole,
    UtcDatetime,
    Uuid,
)

PageCount = Annotated[int, Field(ge=1, le=10_000)]


class CertificationEvent(AboutDossier):
    """What every fact about a copy says."""

    topic: ClassVar[Topic | None] = CERTIFICATION_EVENTS

    copy_id: Uuid
    """Identity of the copy."""


class CertificationCopyRequested(CertificationEvent):
    """A clerk saw the original and scanned it; the fee is known."""

    type: ClassVar[str] = "vn.motcua.certification.copy-requested.v1"

    paper_kind: PaperKind
    """What paper is copied."""
    pages: PageCount
    """Pages of the scan."""
    scan_sha256: Sha256
    """Digest of the scan."""
    fee_line: FeeLine
    """What the copy costs (phí chứng thực, TT 226/2016/TT-BTC): by its pages."""


class CertificationCopyCertified(CertificationEvent):
    """The copy is certified: a person signed it, then the agency's seal, and it stands in the
    register (sổ chứng thực).
    """

    type: ClassVar[str] = "vn.motcua.certification.copy-certified.v1"

    paper_kind: PaperKind
    """What paper it is a copy of."""
    book: Code
    """Book of the register (quyển số)."""
    year: Annotated[int, Field(ge=2015, le=9999)]
    """Year of the book, in Vietnam's time."""
    register_number: Annotated[int, Field(ge=1)]
    """Number in the book of that year (số chứng thực), without gaps."""
    signer_roles: Annotated[tuple[SignerRole, ...], Field(min_length=2)]
    """Who signed, in their order."""
    sha256: Sha256
    """Digest of the certified file: a file is this copy only with these very bytes."""
    signed_at: UtcDatetime
    """Time of the last signature, as the time-stamping authority says."""
    level: SignatureLevel
    """Level that both signatures reached."""
    pages: PageCount
    """Pages of the copy."""
    fee: Dong
    """What was paid for it in đồng."""


class CertificationCopyRefused(CertificationEvent):
    """The copy is not certified (từ chối chứng thực)."""

    type: ClassVar[str] = "vn.motcua.certification.copy-refused.v1"

    reason_code: ReasonCode
    """Why."""


class CertificationCopyRevoked(CertificationEvent):
    """A certified copy is no longer valid (thu hồi, hủy bỏ)."""

    type: ClassVar[str] = "vn.motcua.certification.copy-revoked.v1"

    sha256: Sha256
    """Digest of the file that is no longer valid."""
    reason_code: ReasonCode
    """Why."""
    revoked_at: UtcDatetime
    """Since when."""


class CertificationCopyReplaced(CertificationEvent):
    """Another copy stands in its place, certified in the same step; this one is no longer valid."""

    type: ClassVar[str] = "vn.motcua.certification.copy-replaced.v1"

    sha256: Sha256
    """Digest of the file that is no longer valid."""
    successor_id: Uuid
    """Identity of the copy that replaces it."""
    reason_code: ReasonCode
    """Why."""
    replaced_at: UtcDatetime
    """Since when."""
