"""What the public check tells of a copy, the same over JSON and on the pages: nobody's data."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from certification.check import Verdict
from certification.models import Copy
from certification.public_check import Finding
from certification.work import Office
from chassis.errors import Text
from motcua_contracts.types import SignatureLevel, SignerRole


class Basis(StrEnum):
    """What was looked at."""

    REGISTER = "register"  # the link alone: nobody saw the paper or file that it stands on
    FILE = "file"


class _View(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class SignerView(_View):
    role: SignerRole
    name: str
    title: str | None = None


class NumberView(_View):
    """Its place in the register (số chứng thực, quyển số)."""

    number: int
    book: str
    year: int


class ReasonView(_View):
    code: str
    vi: str
    en: str


class CopyView(_View):
    link: str
    url: str
    sha256: str
    register_number: NumberView
    agency: str
    signers: list[SignerView]
    signed_at: datetime
    level: SignatureLevel
    pages: int


class CheckView(_View):
    """`since` and `reason` of a copy that is no longer valid; `successor` is the link of the copy
    that replaced it.
    """

    verdict: Verdict
    basis: Basis
    certified_copy: CopyView | None = None
    since: datetime | None = None
    reason: ReasonView | None = None
    successor: str | None = None


REASONS = {
    "original-forged": Text(
        "Bản chính bị phát hiện là giả mạo", "The original turned out to be forged"
    ),
    "original-revoked": Text("Bản chính đã bị thu hồi, hủy bỏ", "The original is no longer valid"),
    "scan-unreadable": Text(
        "Bản chụp bản chính không rõ", "The scan of the original cannot be read"
    ),
    "content-differs": Text(
        "Nội dung bản sao không đúng với bản chính", "The copy differs from the original"
    ),
    "certified-in-error": Text(
        "Chứng thực không đúng quy định", "It should not have been certified"
    ),
    "key-compromised": Text("Khóa ký bị lộ", "A signing key was compromised"),
    "dossier-ended": Text("Hồ sơ đã kết thúc", "The dossier is over"),
}
"""Reasons in the words that notification tells them in. A code that is not here is shown as it is:
lists of reasons may grow.
"""


def view(finding: Finding, office: Office, *, basis: Basis) -> CheckView:
    copy, over = finding.copy, finding.verdict in (Verdict.REVOKED, Verdict.REPLACED)
    return CheckView(
        verdict=finding.verdict,
        basis=basis,
        certified_copy=_copy(copy, office) if copy else None,
        since=copy.changed_at if copy and over else None,
        reason=_reason(copy.reason) if copy and copy.reason and over else None,
        successor=finding.successor,
    )


def _copy(copy: Copy, office: Office) -> CopyView:
    link, attested = str(copy.link), copy.attested
    if attested is None:
        raise ValueError(f"the copy {copy.id} was not approved")
    person = SignerView(
        role=SignerRole.AUTHORISED_PERSON,
        name=attested["signer_name"],
        title=attested["signer_title"],
    )
    return CopyView(
        link=link,
        url=office.check_url(link),
        sha256=str(copy.sha256),
        register_number=NumberView(
            number=copy.number or 0, book=str(copy.book), year=copy.year or 0
        ),
        agency=attested["agency_name"],
        signers=[person, SignerView(role=SignerRole.AGENCY_SEAL, name=attested["agency_name"])],
        signed_at=copy.signed_at or copy.changed_at,
        level=copy.level or SignatureLevel.B_T,
        pages=copy.pages,
    )


def _reason(code: str) -> ReasonView:
    words = REASONS.get(code, Text(f"Mã lý do: {code}", f"Reason code: {code}"))
    return ReasonView(code=code, vi=words.vi, en=words.en)
