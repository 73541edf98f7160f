from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from certification.rate_limit import Pace, RateLimit, TooOften, asker


@dataclass
class Clock:
    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_then_one_each_while() -> None:
    clock = Clock()
    limit = RateLimit(Pace(burst=3, seconds=10), clock=clock)
    for _ in range(3):
        limit.take("a")
    with pytest.raises(TooOften) as refused:
        limit.take("a")
    assert refused.value.headers["Retry-After"] == "10"
    clock.now += 10
    limit.take("a")
    with pytest.raises(TooOften):
        limit.take("a")


def test_who_was_refused_waits_no_longer_for_it() -> None:
    clock = Clock()
    limit = RateLimit(Pace(burst=1, seconds=10), clock=clock)
    limit.take("a")
    for _ in range(100):
        with pytest.raises(TooOften):
            limit.take("a")
    clock.now += 10
    limit.take("a")


def test_others_are_not_made_to_wait() -> None:
    limit = RateLimit(Pace(burst=1, seconds=10), clock=Clock())
    limit.take("a")
    limit.take("b")


def test_a_crowd_costs_no_more_than_its_bound() -> None:
    limit = RateLimit(Pace(burst=1, seconds=10), most=100, clock=Clock())
    for n in range(10_000):
        limit.take(str(n))
    assert len(limit._buckets) == 100
    with pytest.raises(TooOften):
        limit.take("9999")
    limit.take("0")  # forgotten


@given(
    st.integers(1, 20),
    st.floats(0.1, 100),
    st.lists(st.floats(0, 50), min_size=1, max_size=200),
)
def test_never_more_than_the_burst_and_the_pace_allow(
    burst: int, seconds: float, pauses: list[float]
) -> None:
    clock = Clock()
    limit, begun, done = RateLimit(Pace(burst, seconds), clock=clock), clock.now, 0
    for pause in pauses:
        clock.now += pause
        try:
            limit.take("a")
        except TooOften:
            continue
        done += 1
        assert done <= burst + (clock.now - begun) / seconds + 1e-6


def request(address: str | None, *headers: tuple[str, str]) -> Request:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers]
    return Request({"type": "http", "headers": raw, "client": (address, 1) if address else None})


FORWARDED = "X-Forwarded-For"


@pytest.mark.parametrize(
    ("asking", "header", "who"),
    [
        (request("203.0.113.7"), None, "203.0.113.7"),
        (request("203.0.113.7", (FORWARDED, "198.51.100.1")), None, "203.0.113.7"),
        (request("10.0.0.1", (FORWARDED, "198.51.100.1")), FORWARDED, "198.51.100.1"),
        (request("10.0.0.1", (FORWARDED, "1.2.3.4, 198.51.100.1")), FORWARDED, "198.51.100.1"),
        (
            request("10.0.0.1", (FORWARDED, "1.2.3.4"), (FORWARDED, "198.51.100.1")),
            FORWARDED,
            "198.51.100.1",
        ),
        (request("10.0.0.1"), FORWARDED, "10.0.0.1"),
        (request("10.0.0.1", (FORWARDED, "<script>")), FORWARDED, "unknown"),
        (request("2001:db8:1:2:3:4:5:6"), None, "20010db800010002"),
        (request("2001:db8:1:2:ffff::1"), None, "20010db800010002"),
        (request("::ffff:203.0.113.7"), None, "203.0.113.7"),
        (request(None), None, "unknown"),
    ],
)
def test_who_asks(asking: Request, header: str | None, who: str) -> None:
    assert asker(asking, header=header) == who
