"""The working calendar of an agency, and due dates by it.

Weekends, public holidays (Bộ luật Lao động 2019, art. 112; NQ 28/2026/QH16 adds 24 November), Tết,
swapped days and the Saturdays worked for them come from the `holidays` library. What a province
decides by itself, or what the library does not know yet, comes from a file (`calendar_file.py`),
because days are data, never code.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from enum import StrEnum
from functools import lru_cache

import holidays

VIETNAM = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
"""UTC+7 since 1975 without summer time, so no time zone tables are needed on the machine."""

_ONE_DAY = timedelta(days=1)


class TimeUnit(StrEnum):
    """Units in which the law gives time limits: giờ, ngày làm việc, ngày, tháng."""

    HOURS = "hours"
    WORKING_DAYS = "working-days"
    DAYS = "days"
    MONTHS = "months"


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """A procedure's time limit (thời hạn giải quyết); 0 working days means the same day.

    What is received after `cut_off` counts as received on the next working day, e.g. 15:00 for
    procedures that are done on the day of receipt.
    """

    amount: int
    unit: TimeUnit
    cut_off: time | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """A stretch of working time within one day, local time."""

    start: time
    end: time

    def on(self, day: date) -> tuple[datetime, datetime]:
        return (
            datetime.combine(day, self.start, VIETNAM),
            datetime.combine(day, self.end, VIETNAM),
        )


OFFICE_HOURS = (Shift(time(7, 30), time(11, 30)), Shift(time(13, 30), time(17, 0)))


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """Working days and shifts. Takes aware times of any zone, gives back times in Vietnam.

    `days_off` and `days_worked` are the province's own and stand above the national calendar.
    `shifts` are in order, at least one, and do not overlap.
    """

    shifts: tuple[Shift, ...] = OFFICE_HOURS
    days_off: frozenset[date] = frozenset()
    days_worked: frozenset[date] = frozenset()

    def is_working_day(self, day: date) -> bool:
        if day in self.days_off or day in self.days_worked:
            return day in self.days_worked
        return day not in _national_days_off(day.year)

    def next_working_day(self, day: date) -> date:
        """The first working day after `day`."""
        return self.working_day_from(day + _ONE_DAY)

    def working_day_from(self, day: date) -> date:
        """`day` itself if it is worked, else the first working day after it."""
        while not self.is_working_day(day):
            day += _ONE_DAY
        return day

    def add_working_days(self, day: date, amount: int) -> date:
        """The `amount`-th working day after `day`; `day` itself does not count."""
        for _ in range(amount):
            day = self.next_working_day(day)
        return day

    def working_days_between(self, first: date, last: date) -> int:
        """How many working days lie after `first`, up to and with `last`."""
        days = (first + timedelta(days=n) for n in range(1, (last - first).days + 1))
        return sum(map(self.is_working_day, days))

    def start_of_clock(self, at: datetime, *, cut_off: time | None = None) -> datetime:
        """The instant from which working time runs: `at` itself, or the start of the next shift."""
        local = at.astimezone(VIETNAM)
        if cut_off and local.time() > cut_off and self.is_working_day(local.date()):
            local = datetime.combine(local.date() + _ONE_DAY, time.min, VIETNAM)
        start, _ = next(self._shifts_from(local))
        return max(start, local)

    def add_working_time(self, at: datetime, amount: timedelta) -> datetime:
        """`at` plus `amount` of shift time; rather the end of a shift than the next start."""
        at = at.astimezone(VIETNAM)
        for start, end in self._shifts_from(at):
            begin = max(start, at)
            if begin + amount <= end:
                return begin + amount
            amount -= end - begin
        raise AssertionError("the shifts of a calendar never end")

    def working_time_between(self, start: datetime, end: datetime) -> timedelta:
        """The shift time from `start` to `end`, nothing if `end` comes first."""
        worked = timedelta()
        for begin, finish in self._shifts_from(start.astimezone(VIETNAM)):
            if begin >= end:
                break
            worked += max(timedelta(), min(finish, end) - max(begin, start))
        return worked

    def end_of_day(self, day: date) -> datetime:
        """The end of the last shift of `day`."""
        return self.shifts[-1].on(day)[1]

    def due(self, received_at: datetime, limit: TimeLimit) -> datetime:
        """When the answer is due (ngày hẹn trả kết quả).

        Limits in days start the day after receipt and end with the last shift of their last day;
        limits in calendar days and months that end on a day off end on the next working day (Bộ
        luật Dân sự 2015, art. 147 and 148). Limits in hours use up shift time.
        """
        start = self.start_of_clock(received_at, cut_off=limit.cut_off)
        if limit.unit is TimeUnit.HOURS:
            return self.add_working_time(start, timedelta(hours=limit.amount))
        return self.end_of_day(self._last_day(start.date(), limit))

    def due_after_stop(
        self, due_at: datetime, *, stopped_at: datetime, resumed_at: datetime, unit: TimeUnit
    ) -> datetime:
        """Where `due_at` moves to when the clock stood still from `stopped_at` to `resumed_at`.

        A limit in hours moves by the shift time between. A limit in days moves by whole working
        days, the day of the stop not counted and the day of the resumption counted, as everywhere
        in a limit given in days; so it still ends with a day's last shift. What happens after hours
        counts for the next working day.
        """
        if unit is TimeUnit.HOURS:
            return self.add_working_time(due_at, self.working_time_between(stopped_at, resumed_at))
        stopped, resumed = (self.start_of_clock(at).date() for at in (stopped_at, resumed_at))
        moved = self.working_days_between(stopped, resumed)
        return self.end_of_day(self.add_working_days(due_at.astimezone(VIETNAM).date(), moved))

    def _last_day(self, start: date, limit: TimeLimit) -> date:
        match limit.unit:
            case TimeUnit.DAYS:
                return self.working_day_from(start + timedelta(days=limit.amount))
            case TimeUnit.MONTHS:
                return self.working_day_from(_add_months(start, limit.amount))
            case _:
                return self.add_working_days(start, limit.amount)

    def _shifts_from(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Shifts in order, from the first that has not ended at `at`."""
        day = self.working_day_from(at.date())
        while True:
            for shift in self.shifts:
                start, end = shift.on(day)
                if end >= at:
                    yield start, end
            day = self.next_working_day(day)


def _add_months(day: date, amount: int) -> date:
    """The same day `amount` months later, or the last day of that month."""
    years, month = divmod(day.month - 1 + amount, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


@lru_cache(maxsize=64)
def _national_days_off(year: int) -> frozenset[date]:
    """Weekends and holidays of `year` but for the weekend days that are worked instead."""
    # A swapped day may be worked in the year before or after: the library tells once it knows
    # those.
    national = holidays.country_holidays("VN", years=(year - 1, year, year + 1))
    days = (date(year, 1, 1) + timedelta(days=n) for n in range(366))
    return frozenset(day for day in days if not national.is_working_day(day))
