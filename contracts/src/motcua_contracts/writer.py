"""The writing side of the kit: an agency's answer to an event, in its envelope."""

import secrets
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from motcua_contracts.envelope import Event, EventData

Facts = TypeVar("Facts", bound=EventData)


def uuid7(at: datetime) -> str:
    """A new UUID of version 7: milliseconds since 1970, then 74 random bits (RFC 9562)."""
    milliseconds = int(at.timestamp() * 1000)
    bits = milliseconds << 80 | 0x7 << 76 | secrets.randbits(12) << 64
    return str(UUID(int=bits | 0b10 << 62 | secrets.randbits(62)))


def answer(cause: Event[EventData], facts: Facts, *, source: str, sequence: int) -> Event[Facts]:
    """A new event that `cause` set off.

    `sequence` counts your events about this dossier: 1, 2, 3 without gaps. Store the event with
    its id before you publish it, and publish what you stored: a retry must carry the same id.
    """
    now = datetime.now(UTC)
    return Event(
        id=uuid7(now),
        source=source,
        type=facts.type,
        time=now,
        subject=facts.subject,
        sequence=sequence,
        correlation_id=cause.correlation_id,
        causation_id=cause.id,
        traceparent=cause.traceparent,
        data_schema=facts.data_schema(),
        data=facts,
    )
