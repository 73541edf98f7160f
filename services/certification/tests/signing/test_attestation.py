"""The words of the attestation."""

from dataclasses import replace
from datetime import date

import pytest

from certification.attestation import UnknownTemplate, wording
from certification.ports import Attestation


def test_it_says_what_the_decree_asks_for(attestation: Attestation):
    words = wording(attestation)
    assert words.heading == "CHỨNG THỰC BẢN SAO ĐÚNG VỚI BẢN CHÍNH"
    assert words.number == "Số chứng thực 15, quyển số 2026-SCT-BS"
    assert words.place_and_day == "Hưng Yên, ngày 05 tháng 02 năm 2026"
    assert (words.agency, words.signer_title) == ("SỞ TƯ PHÁP TỈNH HƯNG YÊN", "PHÓ GIÁM ĐỐC")
    assert words.signer_name == "Nguyễn Thị Bích Đào"
    assert attestation.check_url in words.how_to_check
    assert attestation.check_code in words.code_label


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2026, 1, 9), "ngày 09 tháng 01 năm 2026"),
        (date(2026, 3, 10), "ngày 10 tháng 3 năm 2026"),
        (date(2026, 12, 31), "ngày 31 tháng 12 năm 2026"),
    ],
)
def test_days_below_ten_and_the_first_two_months_have_a_zero(
    attestation: Attestation, day: date, said: str
):
    assert wording(replace(attestation, certified_on=day)).place_and_day == f"Hưng Yên, {said}"


def test_the_title_of_the_document_names_nobody(attestation: Attestation):
    assert attestation.signer_name not in wording(attestation).title


def test_a_version_that_is_not_there_is_said(attestation: Attestation):
    with pytest.raises(UnknownTemplate, match="ban-sao-dien-tu/99"):
        wording(replace(attestation, template="ban-sao-dien-tu/99"))
