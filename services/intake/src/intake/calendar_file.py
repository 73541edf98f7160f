"""The province's own days: a YAML file beside the national calendar.

`calendars/h42.yaml` is an example with every field.
"""

from datetime import date
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from intake.working_calendar import OFFICE_HOURS, Shift, WorkingCalendar
from intake.yaml_files import Entry, QuotedTime, read_yaml


class ShiftEntry(Entry):
    """One shift (ca làm việc), local time."""

    start: QuotedTime = Field(alias="from")
    end: QuotedTime = Field(alias="to")


class DayEntry(Entry):
    """A day off, or a day worked instead, with its reason and the document it rests on."""

    date: date
    reason: str = Field(min_length=1)
    ground: str | None = None


class CalendarEntry(Entry):
    """A whole calendar file."""

    province: str
    shifts: tuple[ShiftEntry, ...] | None = Field(default=None, min_length=1)
    days_off: tuple[DayEntry, ...] = ()
    days_worked: tuple[DayEntry, ...] = ()

    @model_validator(mode="after")
    def _shifts_follow_each_other(self) -> Self:
        times = [edge for shift in self.shifts or () for edge in (shift.start, shift.end)]
        if times != sorted(set(times)):
            raise ValueError("shifts: write them in order, none empty, none over another")
        return self

    @model_validator(mode="after")
    def _no_day_is_both(self) -> Self:
        both = {day.date for day in self.days_off} & {day.date for day in self.days_worked}
        if both:
            days = ", ".join(map(str, sorted(both)))
            raise ValueError(f"{days}: stands in days_off and in days_worked, keep one of the two")
        return self


def load_calendar(path: Path) -> WorkingCalendar:
    """The national calendar with the days and shifts of `path`; raises `UnusableFile`."""
    entry = read_yaml(path, CalendarEntry)
    shifts = tuple(Shift(shift.start, shift.end) for shift in entry.shifts or ())
    return WorkingCalendar(
        shifts=shifts or OFFICE_HOURS,
        days_off=frozenset(day.date for day in entry.days_off),
        days_worked=frozenset(day.date for day in entry.days_worked),
    )
