"""What the stamp says (lời chứng), by version: NĐ 23/2015/NĐ-CP art. 20, TT 01/2020/TT-BTP annex.

A version that copies were made with is never edited: a new one stands beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from certification.ports import Attestation

NEWEST_TEMPLATE = "ban-sao-dien-tu/1"


class UnknownTemplate(Exception):  # noqa: N818 - names what it is about
    """No template of that version is in this release."""


@dataclass(frozen=True)
class Wording:
    """The words, part by part, in the order of the page."""

    heading: str
    number: str
    place_and_day: str
    agency: str
    signer_title: str
    signer_name: str
    code_label: str
    how_to_check: str
    title: str
    """Of the document, as readers show it."""


def wording(attestation: Attestation) -> Wording:
    """Raises `UnknownTemplate`."""
    try:
        template = _TEMPLATES[attestation.template]
    except KeyError:
        raise UnknownTemplate(attestation.template) from None
    return template(attestation)


def _electronic_copy_1(said: Attestation) -> Wording:
    # NĐ 30/2020/NĐ-CP annex I, II.4: days below 10 and the months 1 and 2 have a leading zero
    day = said.certified_on
    month = f"{day.month:02d}" if day.month < 3 else str(day.month)
    register = f"{said.number}, quyển số {said.year}-{said.book}"
    return Wording(
        heading="CHỨNG THỰC BẢN SAO ĐÚNG VỚI BẢN CHÍNH",
        number=f"Số chứng thực {register}",
        place_and_day=f"{said.place}, ngày {day.day:02d} tháng {month} năm {day.year}",
        agency=said.agency_name.upper(),
        signer_title=said.signer_title.upper(),
        signer_name=said.signer_name,
        code_label=f"Mã kiểm tra: {said.check_code}",
        how_to_check=f"Kiểm tra bản sao điện tử này bằng mã QR hoặc tại {said.check_url}",
        title=f"Bản sao chứng thực số {register}, {said.agency_name}",
    )


_TEMPLATES: dict[str, Callable[[Attestation], Wording]] = {NEWEST_TEMPLATE: _electronic_copy_1}
