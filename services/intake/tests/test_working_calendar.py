from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.working_calendar import VIETNAM, Shift, TimeLimit, TimeUnit, WorkingCalendar

CALENDAR = WorkingCalendar()
TEN_DAYS = TimeLimit(10, TimeUnit.WORKING_DAYS)
SAME_DAY = TimeLimit(0, TimeUnit.WORKING_DAYS, cut_off=time(15))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


def days(amount: int) -> TimeLimit:
    return TimeLimit(amount, TimeUnit.WORKING_DAYS)


@pytest.mark.parametrize(
    "day",
    [
        "2026-11-24",  # Vietnam Cultural Day, new in 2026
        "2026-02-16",  # the eve of Tết
        "2026-02-20",  # the fourth day of Tết
        "2026-04-27",  # Hùng Kings on a Sunday, so the Monday after is off
        "2026-08-31",  # swapped with Saturday 22 August
        "2025-05-02",  # swapped with Saturday 26 April
        "2026-11-28",  # a Saturday
        "2026-11-29",  # a Sunday
    ],
)
def test_holidays_tet_swapped_days_and_weekends_are_off(day: str) -> None:
    assert not CALENDAR.is_working_day(date.fromisoformat(day))


@pytest.mark.parametrize("day", ["2026-08-22", "2025-04-26", "2019-01-05", "2014-12-27"])
def test_the_saturday_worked_for_a_swapped_day_counts_even_across_the_new_year(day: str) -> None:
    assert CALENDAR.is_working_day(date.fromisoformat(day))


def test_days_are_counted_from_the_day_after_receipt_to_the_end_of_the_last_shift() -> None:
    assert CALENDAR.due(at("2026-11-25 09:12"), TEN_DAYS) == at("2026-12-09 17:00")


def test_tet_is_jumped_over() -> None:
    assert CALENDAR.due(at("2026-02-12 10:00"), days(3)) == at("2026-02-24 17:00")


def test_a_make_up_saturday_shortens_the_wait() -> None:
    assert CALENDAR.due(at("2026-08-20 10:00"), days(2)) == at("2026-08-22 17:00")


@pytest.mark.parametrize("received", ["2026-11-27 17:01", "2026-11-28 09:00", "2026-11-29 23:59"])
def test_received_after_hours_or_on_a_day_off_counts_as_received_next_working_day(
    received: str,
) -> None:
    assert CALENDAR.due(at(received), days(1)) == at("2026-12-01 17:00")


def test_the_last_second_of_the_shift_still_counts_for_that_day() -> None:
    assert CALENDAR.due(at("2026-11-27 17:00"), days(1)) == at("2026-11-30 17:00")


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-11-25 07:00", "2026-11-25 17:00"),
        ("2026-11-25 15:00", "2026-11-25 17:00"),
        ("2026-11-25 15:01", "2026-11-26 17:00"),
        ("2026-11-27 15:01", "2026-11-30 17:00"),
    ],
)
def test_same_day_procedures_received_after_the_cut_off_are_due_next_working_day(
    received: str, due: str
) -> None:
    assert CALENDAR.due(at(received), SAME_DAY) == at(due)


@pytest.mark.parametrize(
    ("received", "hours", "due"),
    [
        ("2026-11-25 08:00", 4, "2026-11-25 14:00"),
        ("2026-11-25 08:00", 3, "2026-11-25 11:00"),
        ("2026-11-25 10:30", 1, "2026-11-25 11:30"),
        ("2026-11-25 12:00", 1, "2026-11-25 14:30"),
        ("2026-11-27 16:30", 8, "2026-11-30 17:00"),
    ],
)
def test_hours_use_up_shift_time_and_skip_lunch_and_weekend(
    received: str, hours: int, due: str
) -> None:
    assert CALENDAR.due(at(received), TimeLimit(hours, TimeUnit.HOURS)) == at(due)


@pytest.mark.parametrize(
    ("received", "limit", "due"),
    [
        ("2026-01-30 09:00", TimeLimit(1, TimeUnit.MONTHS), "2026-03-02 17:00"),
        ("2026-10-15 09:00", TimeLimit(3, TimeUnit.MONTHS), "2027-01-15 17:00"),
        ("2026-11-25 09:00", TimeLimit(3, TimeUnit.DAYS), "2026-11-30 17:00"),
        ("2026-11-25 09:00", TimeLimit(5, TimeUnit.DAYS), "2026-11-30 17:00"),
    ],
)
def test_calendar_days_and_months_roll_forward_to_a_working_day(
    received: str, limit: TimeLimit, due: str
) -> None:
    assert CALENDAR.due(at(received), limit) == at(due)


def test_the_province_may_add_days_off_and_days_worked() -> None:
    calendar = WorkingCalendar(
        days_off=frozenset({date(2026, 11, 26)}), days_worked=frozenset({date(2026, 11, 28)})
    )
    assert calendar.due(at("2026-11-25 09:00"), days(2)) == at("2026-11-28 17:00")


@pytest.mark.parametrize(
    ("stopped", "resumed", "due"),
    [
        ("2026-11-27 10:00", "2026-12-01 09:00", "2026-12-11 17:00"),  # over a weekend
        ("2026-11-27 10:00", "2026-11-27 16:00", "2026-12-09 17:00"),  # within one day
        ("2026-11-27 10:00", "2026-11-27 20:00", "2026-12-10 17:00"),  # came after hours
        ("2026-11-27 10:00", "2026-11-28 10:00", "2026-12-10 17:00"),  # came on a Saturday
    ],
)
def test_a_stop_moves_a_due_date_in_days_by_the_working_days_between(
    stopped: str, resumed: str, due: str
) -> None:
    moved = CALENDAR.due_after_stop(
        at("2026-12-09 17:00"),
        stopped_at=at(stopped),
        resumed_at=at(resumed),
        unit=TimeUnit.WORKING_DAYS,
    )
    assert moved == at(due)


def test_a_stop_in_hours_moves_the_due_date_by_the_shift_time_between() -> None:
    moved = CALENDAR.due_after_stop(
        at("2026-11-27 16:00"),
        stopped_at=at("2026-11-27 10:30"),
        resumed_at=at("2026-11-27 14:30"),
        unit=TimeUnit.HOURS,
    )
    assert moved == at("2026-11-30 08:30")


INSTANTS = st.datetimes(
    datetime(2024, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2027, 6, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, VIETNAM]),
)
LIMITS = st.builds(TimeLimit, st.integers(0, 40), st.sampled_from(TimeUnit))
CALENDARS = st.builds(
    WorkingCalendar,
    shifts=st.sampled_from(
        [CALENDAR.shifts, (Shift(time(8), time(12)),), (Shift(time(0, 30), time(23, 45)),)]
    ),
    days_off=st.frozensets(st.dates(date(2024, 1, 1), date(2027, 1, 1)), max_size=9),
)


@settings(deadline=None)
@given(CALENDARS, INSTANTS, LIMITS)
def test_a_due_date_is_a_working_instant_never_before_receipt(
    calendar: WorkingCalendar, received: datetime, limit: TimeLimit
) -> None:
    due = calendar.due(received, limit)
    assert due >= received
    assert calendar.is_working_day(due.date())
    assert calendar.start_of_clock(due) == due


@settings(deadline=None)
@given(CALENDARS, INSTANTS, st.integers(0, 40))
def test_between_receipt_and_due_date_lie_exactly_the_working_days_of_the_limit(
    calendar: WorkingCalendar, received: datetime, amount: int
) -> None:
    start = calendar.start_of_clock(received).date()
    due = calendar.due(received, days(amount)).date()
    assert calendar.working_days_between(start, due) == amount


@settings(deadline=None)
@given(CALENDARS, INSTANTS, INSTANTS, LIMITS)
def test_who_files_later_is_never_due_earlier(
    calendar: WorkingCalendar, one: datetime, other: datetime, limit: TimeLimit
) -> None:
    first, second = sorted((one, other))
    assert calendar.due(first, limit) <= calendar.due(second, limit)


@settings(deadline=None)
@given(CALENDARS, INSTANTS, st.integers(0, 6000))
def test_adding_working_time_takes_exactly_that_much_of_it(
    calendar: WorkingCalendar, start: datetime, minutes: int
) -> None:
    amount = timedelta(minutes=minutes)
    assert calendar.working_time_between(start, calendar.add_working_time(start, amount)) == amount


@settings(deadline=None)
@given(CALENDARS, INSTANTS, st.lists(INSTANTS, min_size=2, max_size=2), LIMITS)
def test_a_stop_never_brings_a_due_date_nearer_and_an_instant_stop_changes_nothing(
    calendar: WorkingCalendar, received: datetime, stop: list[datetime], limit: TimeLimit
) -> None:
    due = calendar.due(received, limit)
    stopped, resumed = sorted(stop)
    for end in (stopped, resumed):
        moved = calendar.due_after_stop(due, stopped_at=stopped, resumed_at=end, unit=limit.unit)
        assert moved == due if end == stopped else moved >= due
