"""The inbox: a record of what this service has taken effect of, written in the transaction of the
effect.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.rows import columns, fetch

Key = tuple[str, str]
"""`(source, event id)`: CloudEvents promises that the pair is unique."""

_RECORD = """
INSERT INTO inbox (consumer, source, event_id)
SELECT $1, source, event_id FROM unnest($2::text[], $3::text[]) AS t (source, event_id)
ON CONFLICT DO NOTHING RETURNING source, event_id
"""
_FORGET = "DELETE FROM inbox WHERE received_at < now() - $1::interval"


async def record(connection: AsyncConnection, consumer: str, keys: Sequence[Key]) -> set[Key]:
    """Record `keys`; gives back those that were not there before.

    A twin that is being handled in another transaction is waited for: whoever commits first has
    taken effect.
    """
    ordered = sorted(
        set(keys)
    )  # two transactions with the same keys must not wait for each other crosswise
    if not ordered:
        return set()
    rows = await fetch(connection, _RECORD, (consumer, *columns(ordered)))
    return {(source, event_id) for source, event_id in rows}


async def forget(connection: AsyncConnection, *, older_than: timedelta) -> int:
    """Drop what no redelivery can bring back: `older_than` must exceed every topic's retention."""
    return (await connection.exec_driver_sql(_FORGET, (older_than,))).rowcount
