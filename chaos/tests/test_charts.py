"""The charts show what was seen, leave open what nobody could see, and mark every fault."""

from datetime import UTC, datetime, timedelta

import pytest

from chaos import charts, schedule
from chaos.timeline import Struck, buckets, read_faults, read_samples

STARTED = datetime(2027, 3, 2, 1, 0, tzinfo=UTC)


def at(seconds: float) -> str:
    return (STARTED + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def samples(*filed: int | None) -> list[dict[str, object]]:
    lines = [{"at": at(n), "filed": value, "outbox": value} for n, value in enumerate(filed)]
    return [dict(line) for line in read_samples(lines, started=STARTED)]


def struck(kind: str, starts: float, ends: float) -> Struck:
    return Struck(kind, "intake", starts, ends, None)


def test_a_rate_is_the_growth_since_the_counter_was_last_seen() -> None:
    seen = buckets(samples(0, 2, 4, None, None, None, 16, 18), [], step=2)
    assert [bucket.rates["filed"] for bucket in seen] == [2, 2, None, pytest.approx(14 / 5)]


def test_a_level_is_the_highest_that_was_seen_in_its_stretch() -> None:
    seen = buckets(samples(5, 9, 1, None, None, None), [], step=2)
    assert [bucket.peaks["outbox"] for bucket in seen] == [9, 1, None]


def test_a_stretch_names_the_faults_that_lasted_into_it() -> None:
    seen = buckets(samples(*range(6)), [struck("pause", 1, 3), struck("kill", 5, 5)], step=2)
    assert [dict(bucket.faults) for bucket in seen] == [{"pause": 1}, {"pause": 1}, {"kill": 1}]


def test_a_fault_that_was_never_healed_lasts_until_the_end() -> None:
    history = [
        {"at": at(1), "kind": "fault", "faultId": "a", "fault": "pause", "target": "intake"},
        {"at": at(2), "kind": "fault", "faultId": "b", "fault": "kill", "target": "intake"},
        {"at": at(3.5), "kind": "heal", "faultId": "b", "recoveredSeconds": 0.5},
        {"at": at(9), "kind": "note", "note": "journey-ended"},
    ]
    assert read_faults(history, started=STARTED) == (
        [Struck("pause", "intake", 1, 9, None), Struck("kill", "intake", 2, 3, 0.5)],
        9,
    )


def test_a_fault_ends_when_it_is_healed_and_not_when_all_goes_on() -> None:
    history = [
        {
            "at": at(2),
            "struckAt": at(1),
            "kind": "fault",
            "faultId": "a",
            "fault": "network-cut",
            "target": "intake->kafka",
        },
        {"at": at(70), "kind": "heal", "faultId": "a", "notRecoveredWithin": 60.0},
    ]
    struck, _ = read_faults(history, started=STARTED)
    assert struck == [Struck("network-cut", "intake->kafka", 1, 10, None)]


def test_the_timeline_has_a_lane_for_each_kind_on_desk_and_phone() -> None:
    faults = [struck("broker-kill", 1, 4), struck("never-heard-of", 2, 3)]
    drawn = charts.timeline(samples(*range(6)), faults, seconds=6)
    for picture in (drawn.wide, drawn.narrow):
        assert "broker-kill" in picture
        assert "never-heard-of" in picture
        assert "var(--engines)" in picture


def test_a_run_without_samples_or_faults_is_drawn_too() -> None:
    assert "Faults" in charts.timeline([], [], seconds=0).wide


def test_a_kind_keeps_the_colour_of_its_family() -> None:
    assert charts.families(["kill", "mail-busy", "clock-jump"]) == [
        "processes",
        "outsiders",
        "people and clocks",
    ]


def test_every_kind_that_is_planned_has_its_family() -> None:
    homeless = {kind for kind in schedule.SECONDS if charts.family(kind) == charts.OTHER}
    assert homeless == {"clock-jump", "overload"}
