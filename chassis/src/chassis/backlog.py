"""What waits in the database, measured for `/metrics`: unpublished events and held messages."""

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import metrics
from chassis.rows import fetch

_OUTBOX = "SELECT count(*), extract(epoch FROM now() - min(created_at)) FROM outbox"
_HELD = """
SELECT consumer, state, reason, count(*), extract(epoch FROM now() - min(held_at))
FROM held_messages WHERE state IN ('waiting', 'parked') GROUP BY consumer, state, reason
"""


async def measure(connection: AsyncConnection) -> None:
    ((rows, age),) = await fetch(connection, _OUTBOX)
    metrics.OUTBOX_ROWS.set(rows)
    metrics.tell_age(metrics.OUTBOX_AGE_SECONDS, float(age or 0))
    held = await fetch(connection, _HELD)
    metrics.HELD_ROWS.clear()
    metrics.HELD_AGE_SECONDS.clear()
    for consumer, state, reason, count, _ in held:
        metrics.HELD_ROWS.labels(consumer, state, reason).set(count)
    for consumer, *_, age in sorted(held, key=lambda row: row[-1]):
        metrics.tell_age(metrics.HELD_AGE_SECONDS.labels(consumer), float(age))
