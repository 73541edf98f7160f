"""What PostgreSQL, Kafka and a crash write, read as they mean it."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from checker.contract import SERVICES
from checker.fold import logs_are_sealed
from checker.reading import MissingPart, instant, read_lines, same_instant
from checker.records import digest, jsonb_text, record_of_line
from checker.run import Run

Row = dict[str, Any]
GOLDEN = Path(__file__).with_name("golden_event_log.jsonl")
"""The event log of payment in a demo, as PostgreSQL gave it."""


def test_headers_are_written_as_postgresql_writes_them() -> None:
    """The right side is PostgreSQL's own `'…'::jsonb::text`."""
    headers = {
        "b": 'quote" back\\ slash/ tab\t nl\n bs\b ff\f ctl\x01\x1f é Hồ 😀',
        "aa": "x",
        "é": "y",
        "a": "z",
    }
    assert jsonb_text(headers) == (
        r'{"a": "z", "b": "quote\" back\\ slash/ tab\t nl\n bs\b ff\f ctl\u0001\u001f é Hồ 😀",'
        r' "aa": "x", "é": "y"}'
    )


def _run(folder: Path, rows: list[Row]) -> Run:
    for service in SERVICES:
        path = folder / "databases" / service / "event_log.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = rows if service == "payment" else []
        path.write_text("".join(json.dumps(row) + "\n" for row in lines), "utf-8")
    return Run(folder)


def _golden() -> list[Row]:
    return [json.loads(line) for line in GOLDEN.read_text("utf-8").splitlines()]


def _broken(folder: Path, rows: list[Row]) -> int:
    return sum(look is not None for look in logs_are_sealed(_run(folder, rows)))


def test_the_chain_of_a_real_log_is_recomputed(tmp_path: Path) -> None:
    assert _broken(tmp_path, _golden()) == 0


def _edited(rows: list[Row], chance: random.Random) -> None:
    row = chance.choice(rows)
    column = chance.choice(("event_id", "topic", "subject", "value", "header"))
    if column == "header":
        name = chance.choice(list(row["headers"]))
        row["headers"][name] += "1"
    else:
        row[column] = row[column][:-1] + ("0" if row[column][-1] != "0" else "1")


def _deleted(rows: list[Row], chance: random.Random) -> None:
    del rows[chance.randrange(len(rows) - 1)]


def _swapped(rows: list[Row], chance: random.Random) -> None:
    place = chance.randrange(len(rows) - 1)
    rows[place], rows[place + 1] = rows[place + 1], rows[place]


def _renumbered(rows: list[Row], chance: random.Random) -> None:
    place = chance.randrange(len(rows) - 1)
    rows[place]["position"], rows[place + 1]["position"] = place + 2, place + 1
    _swapped(rows, chance)


@pytest.mark.parametrize("tamper", [_edited, _deleted, _swapped, _renumbered])
def test_any_change_of_a_log_is_seen(
    tamper: Callable[[list[Row], random.Random], None], tmp_path: Path
) -> None:
    chance = random.Random(tamper.__name__)
    for _ in range(50):
        rows = _golden()
        tamper(rows, chance)
        assert _broken(tmp_path, rows)


def test_a_line_that_a_crash_cut_short_was_told_to_nobody(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_text('{"n": 1}\n{"n": 2}\n{"n": ', "utf-8")
    assert [row["n"] for row in read_lines(path)] == [1, 2]


def test_a_line_that_is_damaged_in_the_middle_is_no_line_to_pass_over(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_text('{"n": 1}\n{"n": \n{"n": 3}\n', "utf-8")
    with pytest.raises(json.JSONDecodeError):
        list(read_lines(path))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingPart, match=r"ledgers/vnpay\.jsonl"):
        list(read_lines(tmp_path / "ledgers" / "vnpay.jsonl"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2026-11-25T10:00:00.12345+00:00", "2026-11-25T10:00:00.123450Z"),
        ("2026-11-25T17:00:00+07:00", "2026-11-25T10:00:00Z"),
        (None, None),
    ],
)
def test_one_moment_may_be_written_in_two_ways(one: str | None, other: str | None) -> None:
    assert same_instant(one, other)


def test_no_moment_is_not_some_moment() -> None:
    assert not same_instant(None, "2026-11-25T10:00:00Z")
    assert instant("2026-11-25T10:00:00") == instant("2026-11-25T10:00:00Z")


def _line(**changes: object) -> Row:
    line = {"topic": "t", "partition": 0, "offset": 0, "key": "a2V5", "value": "e30="}
    return {**line, "headers": [["ce_id", "aWQ="]], **changes}


@pytest.mark.parametrize(
    "changes",
    [
        {"key": None},
        {"key": ""},
        {"value": None},
        {"headers": [["ce_id", None]]},
        {"headers": [["ce_id", "aWQ="], ["ce_id", "aWQ="]]},
        {"headers": []},
    ],
)
def test_records_that_differ_in_anything_have_different_digests(changes: Row) -> None:
    assert record_of_line(_line()).digest != record_of_line(_line(**changes)).digest


def test_parts_cannot_be_shifted() -> None:
    assert digest(b"ab", [], b"c") != digest(b"a", [], b"bc")


def test_a_record_without_any_sense_is_still_a_record() -> None:
    headers = [["ce_id", "/w=="], ["ce_sequence", "eA=="], ["ce_source", None]]
    record = record_of_line(_line(key="//4=", headers=headers, value=None))
    assert (record.sequence, record.source, record.planted) == (None, "", None)
