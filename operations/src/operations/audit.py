"""The audit of the event log: every row must carry the hash over itself and all rows before it."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.relay import GENESIS, Hash, seal

PAGE = 5_000

_PAGE = """
SELECT position, event_id, topic, subject, sequence, headers::text AS headers, value, hash
FROM event_log WHERE position > $1 ORDER BY position LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many rows are sound from the start, and where the first one that is not stands."""

    sound: int
    broken_at: int | None
    head: Hash

    @property
    def intact(self) -> bool:
        return self.broken_at is None

    def __str__(self) -> str:
        if self.broken_at is None:
            return f"intact: {self.sound} events, head {self.head.hex()}"
        return f"BROKEN at {self.broken_at}: edited, deleted or reordered; sound before it"


async def verify(connection: AsyncConnection) -> Verdict:
    """Recompute the chain from its start. Rows cut off at the end show only against a head noted
    elsewhere.
    """
    position, head = 0, GENESIS
    while rows := (await connection.exec_driver_sql(_PAGE, (position, PAGE))).mappings().all():
        for row in rows:
            if row["position"] != position + 1 or row["hash"] != seal(
                head, position + 1, dict(row)
            ):
                return Verdict(position, position + 1, head)
            position, head = position + 1, row["hash"]
    return Verdict(position, None, head)
