"""Time and ids, injected wherever code needs them."""

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock
from uuid import UUID

Clock = Callable[[], datetime]
"""Gives the present as an aware datetime in UTC."""


def utc_now() -> datetime:
    return datetime.now(UTC)


_lock = Lock()
_last = 0


def uuid7() -> UUID:
    """A UUID of version 7 (RFC 9562): milliseconds, then random bits.

    Each is greater than the one before within a process, also when the wall clock steps back
    (RFC 9562 §6.2, method 2), so ids sort as they were made.
    """
    global _last  # noqa: PLW0603 - monotonic per process means one counter per process
    with _lock:
        fresh = (time.time_ns() // 1_000_000 << 74) | secrets.randbits(74)
        _last = fresh if fresh > _last else _last + 1 + secrets.randbits(32)
        number = _last
    high, low = number >> 62, number & ((1 << 62) - 1)
    return UUID(int=(high >> 12) << 80 | 0x7 << 76 | (high & 0xFFF) << 64 | 0b10 << 62 | low)
