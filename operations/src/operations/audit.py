"""The audit of the event log: every row must carry the hash over itself and all rows before it.

The hash covers a row's position and the event: id, topic, subject, sequence, headers (with the time
of the fact), value. It does not cover `created_at` and `published_at`, the times of the rows.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.relay import GENESIS, Hash, seal
from operations.event_log import ENDLESS

PAGE = 1_000

_PAGE = """
SELECT position, event_id, topic, subject, sequence, headers::text AS headers, value, hash
FROM event_log WHERE position > $1 ORDER BY position LIMIT $2
"""
_HEAD = "SELECT hash, position FROM event_log ORDER BY position DESC LIMIT 1"


@dataclass(frozen=True, slots=True)
class Head:
    """The hash of the event at a position. It stands for that event and all before it."""

    hash: Hash
    position: int

    @classmethod
    def read(cls, text: str) -> "Head":
        """What `str` of a head gave; ValueError if it is none."""
        digest, _, position = text.partition("@")
        return cls(bytes.fromhex(digest), int(position))

    def __str__(self) -> str:
        return f"{self.hash.hex()}@{self.position}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How far the log is sound, and what is wrong with it then."""

    sound: Head
    wrong: str | None = None

    @property
    def intact(self) -> bool:
        return self.wrong is None

    def __str__(self) -> str:
        if self.wrong is None:
            return f"intact: {self.sound.position} events, head {self.sound}"
        return f"BROKEN {self.wrong}"


class Walk:
    """A walk along the chain, until the first row that is not what was written."""

    def __init__(self, noted: Iterable[Head] = ()) -> None:
        self._sound = Head(GENESIS, 0)
        self._noted = {head.position: head for head in noted}
        self._wrong: str | None = None

    def covers(self, rows: Iterable[Mapping[str, Any]]) -> bool:
        """Take the next rows, in order of position; False at the first that is not sound."""
        for row in rows:
            self._wrong = self._step(row)
            if self._wrong:
                return False
        return True

    def verdict(self) -> Verdict:
        """The verdict on the rows that were taken, if they are all there are."""
        cut = max(self._noted, default=0)
        if self._wrong is None and cut > self._sound.position:
            what = f"after {self._sound.position}: cut off, since a head was noted at {cut}"
            return Verdict(self._sound, what)
        return Verdict(self._sound, self._wrong)

    def _step(self, row: Mapping[str, Any]) -> str | None:
        place = self._sound.position + 1
        if row["position"] != place or row["hash"] != seal(self._sound.hash, place, row):
            return f"at {place}: edited, deleted or reordered; sound before it"
        head = Head(row["hash"], place)
        if self._noted.get(place, head) != head:
            return f"at or before {place}: rewritten, since another head was noted there"
        self._sound = head
        return None


async def verify(connection: AsyncConnection, noted: Iterable[Head] = ()) -> Verdict:
    """Recompute the chain from its start. Rows cut off at the end, and a chain that was rewritten
    whole, show only against heads that were `noted` elsewhere.
    """
    walk, last = Walk(noted), -ENDLESS
    while rows := (await connection.exec_driver_sql(_PAGE, (last, PAGE))).mappings().all():
        if not walk.covers([dict(row) for row in rows]):
            break
        last = rows[-1]["position"]
    return walk.verdict()


async def head(connection: AsyncConnection) -> Head:
    """The newest event's head, to be noted where the database's administrators cannot write."""
    row = (await connection.exec_driver_sql(_HEAD)).first()
    return Head(*row) if row else Head(GENESIS, 0)
