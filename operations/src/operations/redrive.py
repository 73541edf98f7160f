"""Operators' commands on held messages: list, show, redrive, discard. Each change says who and
why.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.rows import fetch

_LIST = """
SELECT id, consumer, topic, ordering_key AS key, event_type AS type, state, reason, detail,
       attempts, held_at, next_attempt_at
FROM held_messages
WHERE state IN ('waiting', 'parked')
AND ($1::text IS NULL OR consumer = $1) AND ($2::text IS NULL OR ordering_key = $2)
AND ($3::text IS NULL OR event_type = $3) AND ($4::text IS NULL OR reason = $4)
ORDER BY id LIMIT $5
"""
_SHOW = "SELECT * FROM held_messages WHERE id = $1"
_REDRIVE = """
UPDATE held_messages SET state = 'waiting', attempts = 0, next_attempt_at = now(),
    operator = $2, operator_why = $3
WHERE id = ANY ($1::bigint[]) AND state IN ('waiting', 'parked') RETURNING id
"""
# A discarded event counts as taken effect of: a replay must not bring back what an operator threw
# away.
_DISCARD = """
WITH discarded AS (
    UPDATE held_messages SET state = 'discarded', settled_at = now(),
        operator = $2, operator_why = $3
    WHERE id = ANY ($1::bigint[]) AND state IN ('waiting', 'parked')
    RETURNING id, consumer, event_source, event_id
), marked AS (
    INSERT INTO inbox (consumer, source, event_id)
    SELECT consumer, event_source, event_id FROM discarded WHERE event_id IS NOT NULL
    ON CONFLICT DO NOTHING
)
SELECT id FROM discarded ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which held messages; what is None does not narrow."""

    consumer: str | None = None
    key: str | None = None
    type: str | None = None
    reason: str | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decided, and why; both are kept with the message."""

    operator: str
    why: str


async def select(connection: AsyncConnection, selection: Selection) -> list[dict[str, Any]]:
    """The open messages of `selection`, oldest first, without their content."""
    s = selection
    arguments = (s.consumer, s.key, s.type, s.reason, s.limit)
    rows = await connection.exec_driver_sql(_LIST, arguments)
    return [dict(row) for row in rows.mappings()]


async def show(connection: AsyncConnection, held_id: int) -> dict[str, Any] | None:
    """One message whole, as it came."""
    row = (await connection.exec_driver_sql(_SHOW, (held_id,))).mappings().first()
    return dict(row) if row else None


async def redrive(connection: AsyncConnection, ids: Sequence[int], decision: Decision) -> list[int]:
    """Let the messages be tried again at once, in their order; gives back the ids it changed."""
    rows = await fetch(connection, _REDRIVE, (list(ids), decision.operator, decision.why))
    return [held_id for (held_id,) in rows]


async def discard(connection: AsyncConnection, ids: Sequence[int], decision: Decision) -> list[int]:
    """Give the messages up for good; what queues behind them goes on."""
    rows = await fetch(connection, _DISCARD, (list(ids), decision.operator, decision.why))
    return [held_id for (held_id,) in rows]
