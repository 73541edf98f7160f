"""Codes of dossiers, agencies and procedures.

Dossier code (mã hồ sơ): we issue `H42.10-20261125-0000001`, that is agency, day of filing in
Vietnam, number of that agency within that day. It is the form in use in 2026 (TT 03/2025/TT-VPCP)
and not the older `000.00.10.H42-261125-0001` of TT 01/2018/TT-VPCP art. 19: the older one is built
on agency codes that QĐ 20/2020/QĐ-TTg replaced, and its four digits end at 9,999 dossiers a day.
Both are read, since other systems still send the older one. A code is never used twice: the counter
on (agency, day) only goes up.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from chassis.errors import BadRequest, Text
from motcua_contracts.types import AgencyCode, DossierCode, ProcedureCode

_AGENCY = re.compile(r"[GH]\d{2}(?:\.\d{1,3}){0,3}", re.ASCII)
_PROCEDURE = re.compile(
    r"\d\.\d{6}(?:\.\d{3}\.\d{2}\.\d{2}\.[GH]\d{2})?(?:\.\d{2})?",
    re.ASCII,
)
_ISSUED = re.compile(
    rf"(?P<agency>{_AGENCY.pattern})-(?P<day>\d{{8}})-(?P<number>\d{{7}})", re.ASCII
)
_ARTICLE_19 = re.compile(
    r"(?P<agency>\d{3}\.\d{2}\.\d{2}\.[GH]\d{2})-(?P<day>\d{6})-(?P<number>\d{4})", re.ASCII
)
LARGEST_NUMBER = 9_999_999


class UnreadableCode(BadRequest, vi="Mã không đúng mẫu", en="The code is malformed"):
    """A code that fits none of the patterns in force."""


class CodeForm(StrEnum):
    """The two patterns of a dossier code."""

    CURRENT = "tt-03-2025"
    ARTICLE_19 = "tt-01-2018"


@dataclass(frozen=True, slots=True)
class DossierCodeParts:
    """What a dossier code says; in an article 19 code `agency` has its old form."""

    agency: str
    day: date
    number: int
    form: CodeForm = CodeForm.CURRENT


def format_dossier_code(agency: AgencyCode, day: date, number: int) -> DossierCode:
    """The code of the `number`-th dossier (1…) filed with `agency` on `day`, a day in Vietnam."""
    if not 1 <= number <= LARGEST_NUMBER:
        raise ValueError(f"{agency} cannot number a dossier {number}: 1 to {LARGEST_NUMBER} a day")
    return f"{parse_agency_code(agency)}-{day:%Y%m%d}-{number:07d}"


def parse_dossier_code(text: str) -> DossierCodeParts:
    """Read a typed or received code; spaces around it and case are forgiven."""
    tidy = text.strip().upper()
    for form, pattern, days in (
        (CodeForm.CURRENT, _ISSUED, "%Y%m%d"),
        (CodeForm.ARTICLE_19, _ARTICLE_19, "%y%m%d"),
    ):
        if found := pattern.fullmatch(tidy):
            day = _day(found["day"], days)
            if day and int(found["number"]):
                return DossierCodeParts(found["agency"], day, int(found["number"]), form)
    raise UnreadableCode(
        Text(
            "Mã hồ sơ gồm mã cơ quan, ngày nộp và số thứ tự, ví dụ H42.10-20261125-0000001. "
            "Xem mã trên giấy tiếp nhận hồ sơ hoặc trong thư điện tử đã nhận.",
            "A dossier code has an agency, a day and a number, e.g. H42.10-20261125-0000001. "
            "It stands on the receipt and in the e-mail you got.",
        )
    )


def parse_agency_code(text: str) -> AgencyCode:
    """Check the code of an agency (mã định danh cơ quan, QĐ 20/2020/QĐ-TTg), e.g. `H42.10`."""
    if not _AGENCY.fullmatch(text):
        raise UnreadableCode(
            Text(
                "Mã cơ quan bắt đầu bằng G hoặc H và hai chữ số, ví dụ H42 hoặc H42.10.",
                "An agency code starts with G or H and two digits, e.g. H42 or H42.10.",
            )
        )
    return text


def parse_procedure_code(text: str) -> ProcedureCode:
    """Check the code of a procedure (mã thủ tục hành chính), e.g. `2.000488`."""
    if not _PROCEDURE.fullmatch(text):
        raise UnreadableCode(
            Text(
                "Mã thủ tục gồm một chữ số, dấu chấm và sáu chữ số, ví dụ 2.000488.",
                "A procedure code is one digit, a dot and six digits, e.g. 2.000488.",
            )
        )
    return text


def _day(digits: str, form: str) -> date | None:
    try:
        return datetime.strptime(digits, form).date()  # noqa: DTZ007 - a day on paper has no zone
    except ValueError:
        return None
