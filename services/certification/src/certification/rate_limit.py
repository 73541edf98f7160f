"""How often one asker may ask, in memory of one process: buckets that fill by themselves.

The number of buckets is bounded, so that a crowd of askers costs no more than its bound: the one
that was used least recently is forgotten, and starts afresh if it comes back.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from math import ceil

from pydantic import BaseModel, Field
from starlette.requests import Request

from chassis.errors import Problem, Text


class TooOften(Problem, status=429, vi="Yêu cầu quá nhiều lần", en="Too many requests"):
    """Asked again after `Retry-After` seconds, it is answered."""


class CheckSettings(BaseModel):
    """`CERTIFICATION_CHECK_*`: how often one address may check."""

    links_per_minute: int = Field(default=60, ge=1)
    files_per_minute: int = Field(default=10, ge=1)
    """A file costs a process of its own."""
    address_header: str | None = Field(default=None, examples=["X-Forwarded-For"])
    """The header in which a proxy in front of us says who asks. Only if there is one that sets it:
    whoever reaches us past it would choose their own address.
    """


@dataclass(frozen=True, slots=True)
class Pace:
    """`burst` at once, then one each `seconds`."""

    burst: int
    seconds: float


class RateLimit:
    """A bucket for each asker, at most `most` of them."""

    def __init__(
        self, pace: Pace, *, most: int = 20_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._pace = pace
        self._most = most
        self._clock = clock
        self._buckets: OrderedDict[str, float] = OrderedDict()
        """When what was counted will be forgotten, as in GCRA (ITU-T I.371)."""

    def take(self, asker: str) -> None:
        """Let `asker` do it, and count it. Raises `TooOften`, which is not counted."""
        self.require(asker)
        self.count(asker)

    def require(self, asker: str) -> None:
        """Raises `TooOften` if `asker` may not do it now."""
        wait = self._empty_at(asker) - (self._pace.burst - 1) * self._pace.seconds - self._clock()
        if wait > 0:
            raise too_often(wait)

    def count(self, asker: str) -> None:
        """Count what `asker` did."""
        self._buckets[asker] = max(self._empty_at(asker), self._clock()) + self._pace.seconds
        self._buckets.move_to_end(asker)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)

    def _empty_at(self, asker: str) -> float:
        return self._buckets.get(asker, float("-inf"))


def too_often(wait: float) -> TooOften:
    seconds = ceil(wait)
    problem = TooOften(
        Text(
            f"Vui lòng thử lại sau {seconds} giây.",
            f"Please try again in {seconds} seconds.",
        )
    )
    problem.headers["Retry-After"] = str(seconds)
    return problem


def asker(request: Request, *, header: str | None) -> str:
    """Whose bucket counts: the address of the connection; or, where a proxy in front of us sets
    `header`, the last one in it, which is the one that the proxy saw. A network of IPv6 (/64) is
    one asker.
    """
    address = request.client.host if request.client else "unknown"
    if header:
        address = request.headers.getlist(header)[-1:] or [address]
        address = address[0].rpartition(",")[2].strip()
    try:
        known = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(known, IPv6Address):
        return str(known.ipv4_mapped or known.packed[:8].hex())
    return str(known)
