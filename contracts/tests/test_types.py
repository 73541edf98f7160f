"""What fits the words of the contracts, and what does not."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from motcua_contracts.types import (
    AgencyCode,
    Dong,
    DossierCode,
    DossierStatus,
    LegalGround,
    PersonReference,
    ProcedureCode,
    UtcDatetime,
)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (DossierCode, "G09.20-20260609-0092637"),
        (DossierCode, "000.00.00.H09-211231-0001"),
        (AgencyCode, "H42"),
        (AgencyCode, "H55.242"),
        (AgencyCode, "G09.20"),
        (AgencyCode, "000.00.00.H09"),
        (ProcedureCode, "2.000488"),
        (ProcedureCode, "1.000894.000.00.00.H08"),
        (ProcedureCode, "2.000488.01"),
        (PersonReference, "5b0f7c1e-2f44-4c55-9b1a-6a4f5c1de0aa"),
        (PersonReference, "12345678-1234-4123-8123-123456789012"),
        (LegalGround, "NĐ 61/2018/NĐ-CP"),
        (Dong, 0),
        (Dong, 200_000),
    ],
)
def test_the_words_of_the_field_fit(kind: Any, value: object) -> None:
    assert TypeAdapter[object](kind).validate_python(value) == value


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (DossierCode, "G09.20-0092637"),
        (DossierCode, "G09.20-٢٠٢٦٠٦٠٩-0092637"),
        (AgencyCode, "X42.10"),
        (AgencyCode, "H42."),
        (ProcedureCode, "2.00488"),
        (PersonReference, "001203012345"),
        (PersonReference, "0912345678"),
        (PersonReference, "dao@example.vn"),
        (PersonReference, "Nguyễn Thị Đào"),
        (LegalGround, "ask dao@example.vn"),
        (Dong, -1),
        (Dong, 10**12),
        (UtcDatetime, "2026-03-02T08:30:00"),
        (UtcDatetime, "0001-01-01T00:00:00+23:00"),
    ],
)
def test_what_is_not_a_word_of_the_field_is_refused(kind: Any, value: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter[object](kind).validate_python(value)


def test_times_are_utc_whatever_the_zone_they_came_in() -> None:
    hanoi = datetime(2026, 3, 2, 8, 30, tzinfo=timezone(timedelta(hours=7)))
    adapter: TypeAdapter[datetime] = TypeAdapter(UtcDatetime)

    assert adapter.validate_python(hanoi).tzinfo is UTC
    assert adapter.dump_json(adapter.validate_python(hanoi)) == b'"2026-03-02T01:30:00Z"'


def test_the_national_status_list_counts_from_1_to_10() -> None:
    assert [status.value for status in DossierStatus] == list(range(1, 11))
