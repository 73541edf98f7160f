"""Ways to change a log after the fact, one at a time, as somebody with the database could."""

import json
import random
from collections.abc import Callable, Mapping
from typing import Any

Row = dict[str, Any]
Rows = list[Row]
Tampering = Callable[[Rows, random.Random], Rows]

TEXTS = ("event_id", "topic", "subject")
COLUMNS = (*TEXTS, "sequence", "headers", "value", "hash", "position")


def edit(rows: Rows, dice: random.Random) -> Rows:
    """One value of one row is another."""
    at, column = dice.randrange(len(rows)), dice.choice(COLUMNS)
    row = rows[at]
    return _with(rows, at, {column: _another(row[column], column, dice)})


def shift(rows: Rows, dice: random.Random) -> Rows:
    """The end of one text becomes the beginning of the next; both together read the same."""
    at, first = dice.randrange(len(rows)), dice.randrange(2)
    left, right = TEXTS[first], TEXTS[first + 1]
    cut = dice.randrange(1, len(rows[at][left]))
    moved = {left: rows[at][left][:cut], right: rows[at][left][cut:] + rows[at][right]}
    return _with(rows, at, moved)


def delete(rows: Rows, dice: random.Random) -> Rows:
    """Rows in the middle, or at the beginning, are gone."""
    at = dice.randrange(len(rows) - 1)
    until = dice.randrange(at + 1, len(rows))
    return rows[:at] + rows[until:]


def delete_and_close_the_gap(rows: Rows, dice: random.Random) -> Rows:
    left = delete(rows, dice)
    return [{**row, "position": place} for place, row in enumerate(left, start=1)]


def exchange(rows: Rows, dice: random.Random) -> Rows:
    """Two rows have each other's place."""
    one, other = dice.sample(range(len(rows)), 2)
    changed = _with(rows, one, {"position": rows[other]["position"]})
    return _with(changed, other, {"position": rows[one]["position"]})


def exchange_a_value(rows: Rows, dice: random.Random) -> Rows:
    """Two rows have each other's value in one column."""
    column = dice.choice(("event_id", "subject", "headers", "value", "hash"))
    while True:
        one, other = dice.sample(range(len(rows)), 2)
        if rows[one][column] != rows[other][column]:
            changed = _with(rows, one, {column: rows[other][column]})
            return _with(changed, other, {column: rows[one][column]})


def insert(rows: Rows, dice: random.Random) -> Rows:
    """A row more, somewhere before the end; what follows moves on by one."""
    at = dice.randrange(len(rows))
    new = {**rows[at], "event_id": dice.randbytes(16).hex(), "sequence": 1_000_000}
    return [
        {**row, "position": place}
        for place, row in enumerate([*rows[:at], new, *rows[at:]], start=1)
    ]


def rotate(rows: Rows, dice: random.Random) -> Rows:
    """A row, or several, is moved to another place, and the others close up."""
    at = dice.randrange(len(rows) - 1)
    until = dice.randrange(at + 2, len(rows) + 1)
    moved = [*rows[:at], rows[until - 1], *rows[at : until - 1], *rows[until:]]
    return [{**row, "position": place} for place, row in enumerate(moved, start=1)]


TAMPERINGS: Mapping[str, Tampering] = {
    each.__name__: each
    for each in (
        edit,
        shift,
        delete,
        delete_and_close_the_gap,
        exchange,
        exchange_a_value,
        insert,
        rotate,
    )
}


def _with(rows: Rows, at: int, changed: Mapping[str, object]) -> Rows:
    return [*rows[:at], {**rows[at], **changed}, *rows[at + 1 :]]


def _another(value: Any, column: str, dice: random.Random) -> object:
    match value:
        case bytes():
            return _flipped(value, dice)
        case int() if column == "position":
            return dice.choice([-1, 1]) * dice.randrange(10_000, 10**12)
        case int():
            return value + dice.choice([-1, 1]) * dice.randrange(1, 1_000)
        case str() if column == "headers":
            return json.dumps(_other_headers(json.loads(value), dice), ensure_ascii=False)
        case _:
            return _flipped_text(value, dice)


def _other_headers(headers: dict[str, str], dice: random.Random) -> dict[str, str]:
    name = dice.choice([*headers])
    match dice.randrange(3):
        case 0:
            return {each: text for each, text in headers.items() if each != name}
        case 1:
            return {**headers, f"x-{dice.randrange(1_000)}": "added"}
        case _:
            return {**headers, name: _flipped_text(headers[name], dice)}


def _flipped(value: bytes, dice: random.Random) -> bytes:
    """One bit is another, or a byte is gone or there are more."""
    at = dice.randrange(len(value))
    match dice.randrange(3):
        case 0:
            return value[:at] + value[at + 1 :]
        case 1:
            return value + dice.randbytes(1)
        case _:
            return value[:at] + bytes([value[at] ^ (1 << dice.randrange(8))]) + value[at + 1 :]


def _flipped_text(text: str, dice: random.Random) -> str:
    at = dice.randrange(len(text) + 1)
    other = dice.choice([each for each in "abcdef0123456789-/ Đ" if each != text[at : at + 1]])
    return text[:at] + other + text[at + 1 :]
