"""Operators' commands on held messages: list, show, redrive, discard. Each change says who and
why.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.held_messages import State
from chassis.rows import fetch

OPEN = (State.WAITING, State.PARKED)

_SELECTED = """
FROM held_messages WHERE state = ANY ($1::text[])
AND ($2::text IS NULL OR consumer = $2) AND ($3::text IS NULL OR ordering_key = $3)
AND ($4::text IS NULL OR event_type = $4) AND ($5::text IS NULL OR reason = $5)
AND ($6::timestamptz IS NULL OR held_at >= $6) AND ($7::timestamptz IS NULL OR held_at < $7)
"""
_LIST = f"""
SELECT id, consumer, topic, ordering_key AS key, event_type AS type, state, reason, detail,
       attempts, held_at, next_attempt_at
{_SELECTED} ORDER BY id LIMIT $8
"""
_COUNT = f"""
SELECT consumer, event_type AS type, state, reason, count(*) AS messages,
       min(held_at) AS oldest, max(held_at) AS newest
{_SELECTED} GROUP BY consumer, event_type, state, reason ORDER BY messages DESC, consumer
"""
_IDS = f"SELECT id {_SELECTED} ORDER BY id"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which held messages; what is None does not narrow."""

    states: Sequence[State] = OPEN
    consumer: str | None = None
    key: str | None = None
    type: str | None = None
    reason: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def narrows(self) -> bool:
        """Whether anything was named by which to choose."""
        return self != Selection()


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decided, and why; both are kept with the message."""

    operator: str
    why: str


async def select(
    connection: AsyncConnection, selection: Selection, *, limit: int = 100
) -> list[dict[str, Any]]:
    """The messages of `selection`, oldest first, without their content."""
    return await _rows(connection, _LIST, (*_arguments(selection), limit))


async def count(connection: AsyncConnection, selection: Selection) -> list[dict[str, Any]]:
    """How many messages `selection` names, by consumer, type, state and reason."""
    return await _rows(connection, _COUNT, _arguments(selection))


async def ids(connection: AsyncConnection, selection: Selection) -> list[int]:
    """The ids of `selection`, oldest first."""
    return [held_id for (held_id,) in await fetch(connection, _IDS, _arguments(selection))]


async def show(connection: AsyncConnection, held_id: int) -> dict[str, Any] | None:
    """One message whole, as it came."""
    rows = await _rows(connection, _SHOW, (held_id,))
    return rows[0] if rows else None


async def redrive(connection: AsyncConnection, ids: Sequence[int], decision: Decision) -> list[int]:
    """Let the messages be tried again at once, in their order; gives back the ids it changed."""
    rows = await fetch(connection, _REDRIVE, (list(ids), decision.operator, decision.why))
    return [held_id for (held_id,) in rows]


async def discard(connection: AsyncConnection, ids: Sequence[int], decision: Decision) -> list[int]:
    """Give the messages up for good; what queues behind them goes on."""
    rows = await fetch(connection, _DISCARD, (list(ids), decision.operator, decision.why))
    return [held_id for (held_id,) in rows]


def _arguments(selection: Selection) -> tuple[Any, ...]:
    s = selection
    return ([*s.states], s.consumer, s.key, s.type, s.reason, s.since, s.until)


async def _rows(
    connection: AsyncConnection, statement: str, arguments: tuple[Any, ...]
) -> list[dict[str, Any]]:
    rows = await connection.exec_driver_sql(statement, arguments)
    return [dict(row) for row in rows.mappings()]
