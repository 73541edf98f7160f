"""Moments as operators type them: `2h` ago, or `2026-11-25T08:00+07:00`."""

import re
from argparse import ArgumentTypeError
from datetime import UTC, datetime, timedelta

_AGE = re.compile(r"(\d{1,5})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str) -> datetime:
    """The moment that `text` names: an age before now, or an ISO time that says its zone."""
    if age := _AGE.fullmatch(text):
        return datetime.now(UTC) - timedelta(**{_UNITS[age[2]]: int(age[1])})
    try:
        named = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text} is no moment: say 2h, 3d or {_example()}") from None
    if named.tzinfo is None:
        raise ArgumentTypeError(f"{text} does not say its zone: end it with Z or +07:00")
    return named


def place(text: str) -> int | datetime:
    """A position in the event log, or a moment."""
    return int(text) if text.isdecimal() else moment(text)


def told(when: datetime) -> str:
    """The moment in UTC, to the second."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _example() -> str:
    return told(datetime.now(UTC))
