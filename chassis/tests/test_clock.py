import time
from datetime import UTC, timedelta

import pytest

from chassis import clock


def test_utc_now_is_aware_and_in_utc():
    assert clock.utc_now().tzinfo is UTC
    assert clock.utc_now().utcoffset() == timedelta(0)


def test_uuid7_carries_version_variant_and_the_millisecond_of_its_making():
    before = time.time_ns() // 1_000_000
    made = clock.uuid7()
    after = time.time_ns() // 1_000_000
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert before <= made.int >> 80 <= after + 1


def test_uuid7_sorts_as_made_even_when_the_wall_clock_steps_back(monkeypatch: pytest.MonkeyPatch):
    made = [clock.uuid7() for _ in range(10_000)]
    hour_ago = time.time_ns() - 3_600 * 10**9
    monkeypatch.setattr(clock.time, "time_ns", lambda: hour_ago)
    made += [clock.uuid7() for _ in range(10_000)]
    assert made == sorted(made)
    assert [str(i) for i in made] == sorted(str(i) for i in made)
    assert len(set(made)) == len(made)
