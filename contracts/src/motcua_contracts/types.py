"""The words events are written in: identifiers, codes, amounts, digests, times.

Every string has a bound, so that no field can carry free text about a person.
"""

from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

UUID_PATTERN = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"

_UUID = StringConstraints(pattern=UUID_PATTERN)

Uuid = Annotated[str, _UUID]
"""A UUID in its 36 lower-case characters."""

DossierId = Annotated[str, _UUID]
"""Identity of a dossier (hồ sơ), a UUID; the key of every record about it."""

DossierCode = Annotated[
    str,
    StringConstraints(
        pattern=r"^[A-Z0-9]{2,4}(\.[A-Z0-9]{1,4}){0,4}-([0-9]{6}|[0-9]{8})-[0-9]{4,9}$"
    ),
]
"""Code of a dossier (mã hồ sơ): agency code, day of receipt, number within the day.

TT 01/2018/TT-VPCP art. 19; since TT 03/2025/TT-VPCP longer ones are seen, such as
`G09.20-20260609-0092637`.
"""

ProcedureCode = Annotated[
    str,
    StringConstraints(
        pattern=r"^[0-9]\.[0-9]{6}(\.[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.[GH][0-9]{2})?(\.[0-9]{2})?$"
    ),
]
"""National or local code of an administrative procedure (mã TTHC), such as `2.000488`."""

AGENCY_CODE_PATTERN = (
    r"^([GH][0-9]{2}(\.[0-9]{1,3}){0,3}|[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.[GH][0-9]{2})$"
)

AgencyCode = Annotated[str, StringConstraints(pattern=AGENCY_CODE_PATTERN)]
"""Code of an agency (mã định danh): `H42.10` by QĐ 20/2020, or the older `000.00.00.H42`."""

Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
"""SHA-256 of a file, 64 lower-case hexadecimal digits."""

Dong = Annotated[int, Field(ge=0, le=999_999_999_999)]
"""An amount of money in whole đồng."""

Code = Annotated[str, StringConstraints(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""A code from somebody's list: a unit, a step, a fee line, a template."""

PaperKind = Annotated[str, StringConstraints(pattern="^[a-z0-9][a-z0-9.-]{0,63}$")]
"""Kind of a paper (thành phần hồ sơ), as the procedure's version lists it."""

ReasonCode = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9-]{1,63}$")]
"""Why something was decided: a code that readers turn into words. Lists of reasons may grow."""

Reference = Annotated[str, StringConstraints(pattern="^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$")]
"""A number another system gave: an agency's file number, a gateway's transaction."""

LegalGround = Annotated[str, StringConstraints(pattern=r"^[^@\u0000-\u001f]{3,200}$")]
"""Where the law says so: number of the document, article, clause (căn cứ pháp lý)."""

PersonReference = Annotated[
    str,
    StringConstraints(
        pattern="^([A-Za-z0-9._:-]*[A-Za-z][A-Za-z0-9._:-]*|[0-9-]{36})$", max_length=64
    ),
]
"""Opaque reference to a person, meaningless outside motcua.

Digits alone are refused: identity and phone numbers consist of them.
"""

GatewayCode = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9-]{1,31}$")]
"""A way to pay, such as `vnpay`."""


def _in_utc(time: datetime) -> datetime:
    try:
        return time.astimezone(UTC)
    except OverflowError as overflow:
        raise ValueError("the time lies outside the years 1 to 9999 in UTC") from overflow


UtcDatetime = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""An instant: RFC 3339 with `Z` on the wire, aware and in UTC in Python."""


class DossierStatus(IntEnum):
    """National status list of a dossier (trạng thái hồ sơ), as the national portal counts it."""

    REGISTERED = 1
    """Mới đăng ký."""
    RECEIVED = 2
    """Được tiếp nhận."""
    NOT_ACCEPTED = 3
    """Không được tiếp nhận."""
    PROCESSING = 4
    """Đang xử lý."""
    SUPPLEMENT_REQUESTED = 5
    """Yêu cầu bổ sung giấy tờ."""
    PAYMENT_REQUIRED = 6
    """Yêu cầu thực hiện nghĩa vụ tài chính."""
    WITHDRAWN = 7
    """Công dân yêu cầu rút hồ sơ."""
    STOPPED = 8
    """Dừng xử lý."""
    COMPLETED = 9
    """Đã xử lý xong."""
    RETURNED = 10
    """Đã trả kết quả."""


class Channel(StrEnum):
    """How a dossier was filed (kênh thực hiện)."""

    IN_PERSON = "in-person"
    """Trực tiếp."""
    ONLINE = "online"
    """Trực tuyến."""
    POST = "post"
    """Bưu chính công ích."""


class ObligationKind(StrEnum):
    """What kind of money is due (loại phí, lệ phí); receipts number the two apart."""

    CHARGE = "phi"
    """Phí: pays for a service."""
    FEE = "le-phi"
    """Lệ phí: a fixed fee of the state."""


class Outcome(StrEnum):
    """How an agency decided."""

    APPROVED = "approved"
    REFUSED = "refused"


class ReturnMethod(StrEnum):
    """How the result went to the applicant (hình thức trả kết quả)."""

    ONLINE = "online"
    COUNTER = "counter"
    POST = "post"


class NotificationChannel(StrEnum):
    """How a citizen was told."""

    EMAIL = "email"
    SMS = "sms"
    ZALO = "zalo"


class SignerRole(StrEnum):
    """Who signs a certified copy."""

    AUTHORISED_PERSON = "authorised-person"
    """Who is competent to certify (người thực hiện chứng thực), NĐ 23/2015/NĐ-CP art. 5."""
    AGENCY_SEAL = "agency-seal"
    """The agency's own signature (chữ ký số của cơ quan, tổ chức)."""


class SignatureLevel(StrEnum):
    """How long a signature can be checked, ETSI EN 319 142-1."""

    B_T = "B-T"
    """With a trusted time."""
    B_LT = "B-LT"
    """With all that a check needs: certificates and their state."""
    B_LTA = "B-LTA"
    """With a time-stamp over all that, which can be renewed."""
