from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from intake.codes import (
    CodeForm,
    DossierCodeParts,
    UnreadableCode,
    format_dossier_code,
    parse_agency_code,
    parse_dossier_code,
    parse_procedure_code,
)
from motcua_contracts.types import AgencyCode, DossierCode, ProcedureCode

AGENCIES = st.from_regex(r"[GH][0-9]{2}(\.[0-9]{1,3}){0,3}", fullmatch=True)
DAYS = st.dates(date(2020, 1, 1), date(2099, 12, 31))


def test_the_first_dossier_of_a_day_has_agency_day_and_number() -> None:
    assert format_dossier_code("H42.10", date(2026, 11, 25), 1) == "H42.10-20261125-0000001"


@settings(deadline=None)
@given(AGENCIES, DAYS, st.integers(1, 9_999_999))
def test_what_is_issued_is_read_back_and_fits_the_contract(
    agency: str, day: date, number: int
) -> None:
    code = format_dossier_code(agency, day, number)
    assert parse_dossier_code(code) == DossierCodeParts(agency, day, number)
    TypeAdapter(DossierCode).validate_python(code)


@pytest.mark.parametrize("number", [0, -1, 10_000_000])
def test_a_number_outside_the_pattern_is_never_issued(number: int) -> None:
    with pytest.raises(ValueError, match="1 to 9999999"):
        format_dossier_code("H42.10", date(2026, 11, 25), number)


def test_the_article_19_form_of_other_systems_is_read() -> None:
    parts = parse_dossier_code("000.00.10.H42-261125-0007")
    assert parts == DossierCodeParts("000.00.10.H42", date(2026, 11, 25), 7, CodeForm.ARTICLE_19)


def test_case_and_spaces_around_a_typed_code_are_forgiven() -> None:
    assert parse_dossier_code("  h42.10-20261125-0000001\n").number == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "H42.10",
        "H42.10-20261131-0000001",  # no such day
        "H42.10-20261125-0000000",  # numbers start at 1
        "H42.10-20261125-001",
        "X42.10-20261125-0000001",
        "H42.10-20261125-000000١",  # a digit of another script
        "H42.10-20261125-0000001; DROP TABLE dossiers",
    ],
)
def test_a_malformed_dossier_code_is_refused_in_both_languages(text: str) -> None:
    with pytest.raises(UnreadableCode) as caught:
        parse_dossier_code(text)
    assert "ví dụ H42.10-20261125-0000001" in caught.value.detail.vi
    assert "e.g. H42.10-20261125-0000001" in caught.value.detail.en


@pytest.mark.parametrize("text", ["H42", "H42.10", "H55.242", "G09.20", "H42.10.3.1"])
def test_agency_codes_of_2020_are_accepted_and_fit_the_contract(text: str) -> None:
    assert TypeAdapter(AgencyCode).validate_python(parse_agency_code(text)) == text


@pytest.mark.parametrize("text", ["", "42.10", "H4", "H42.", "H42.1000", "h42", "H42.10\n"])
def test_other_agency_codes_are_refused(text: str) -> None:
    with pytest.raises(UnreadableCode):
        parse_agency_code(text)


@pytest.mark.parametrize(
    "text", ["2.000488", "1.000894.000.00.00.H08", "2.000488.01", "1.000894.000.00.00.H08.01"]
)
def test_procedure_codes_are_accepted_and_fit_the_contract(text: str) -> None:
    assert TypeAdapter(ProcedureCode).validate_python(parse_procedure_code(text)) == text


@pytest.mark.parametrize("text", ["", "2.00048", "2000488", "2.000488.1", "2.000488 "])
def test_other_procedure_codes_are_refused(text: str) -> None:
    with pytest.raises(UnreadableCode):
        parse_procedure_code(text)
