from datetime import date, time
from importlib.resources import files
from pathlib import Path

import pytest

from intake.calendar_file import load_calendar
from intake.working_calendar import OFFICE_HOURS, Shift
from intake.yaml_files import UnusableFile


def write(folder: Path, text: str) -> Path:
    path = folder / "calendar.yaml"
    path.write_text(text, "utf-8")
    return path


def test_the_shipped_example_loads() -> None:
    calendar = load_calendar(Path(str(files("intake") / "calendars" / "h42.yaml")))
    assert calendar.shifts == OFFICE_HOURS
    assert not calendar.is_working_day(date(2027, 2, 11))
    assert calendar.is_working_day(date(2027, 2, 20))


def test_shifts_may_be_left_out_or_set(tmp_path: Path) -> None:
    assert load_calendar(write(tmp_path, "province: H42")).shifts == OFFICE_HOURS
    one = write(tmp_path, 'province: H42\nshifts: [{from: "08:00", to: "12:00"}]')
    assert load_calendar(one).shifts == (Shift(time(8), time(12)),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("days_off: []", "province: is missing: add it"),
        ("province: H42\nday_off: []", "day_off: is not a field of this file"),
        ("province: H42\nshifts: [{from: 17:00, to: 18:00}]", "write hours and minutes in quotes"),
        (
            'province: H42\nshifts: [{from: "08:00", to: "12:00"}, {from: "11:00", to: "13:00"}]',
            "write them in order",
        ),
        (
            """province: H42
days_off: [{date: 2026-12-01, reason: a}]
days_worked: [{date: 2026-12-01, reason: b}]""",
            "2026-12-01: stands in days_off and in days_worked",
        ),
        ("province: H42\ndays_off: [{date: 31/02/2026, reason: a}]", "days_off.0.date: "),
        ("province: H42\nprovince: H43", "the key 'province' stands twice"),
        ("province: [", "is not valid YAML"),
        ("", "the whole file: "),
    ],
)
def test_a_wrong_file_is_refused_with_the_field_and_what_to_do(
    tmp_path: Path, text: str, message: str
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(UnusableFile) as caught:
        load_calendar(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_missing_file_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(UnusableFile, match="check the path"):
        load_calendar(tmp_path / "none.yaml")
