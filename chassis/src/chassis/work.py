"""The unit of work: one transaction, its repositories, and the facts it will announce."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis import correlation, outbox
from chassis.clock import Clock, uuid7
from chassis.database import Repository
from motcua_contracts.envelope import Event, EventData

AnyRepository = TypeVar("AnyRepository", bound=Repository[Any])


@dataclass(frozen=True, slots=True)
class Transaction:
    """What a unit of work is built from: an open transaction, the producer's URI and the time."""

    session: AsyncSession
    source: str
    clock: Clock


class Work:
    """Base of a service's unit of work. The chassis opens, flushes and commits it; handlers never
    do.

    A subclass names its repositories in `__init__` with `self.repository(...)`, parents before
    children, and may override `preload` to read the aggregates of a whole batch in one query each.
    """

    def __init__(self, transaction: Transaction) -> None:
        self.session: AsyncSession = transaction.session
        self.source: str = transaction.source
        self.now: datetime = transaction.clock()
        self.announcements: list[outbox.Announcement] = []
        self.wrote = False
        """Whether a flush found rows to write."""
        self._flushed = False
        self._repositories: list[Repository[Any]] = []
        self._counted: list[Counter] = []

    def repository(self, kind: type[AnyRepository]) -> AnyRepository:
        repository = kind(self.session)
        self._repositories.append(repository)
        return repository

    async def connection(self) -> AsyncConnection:
        return await self.session.connection()

    async def preload(self, events: Sequence[Event[EventData]]) -> None:
        """Load what the handlers of `events` will need; called once per batch."""

    def announce(self, data: EventData) -> str:
        """Append a fact to the outbox when the transaction commits; gives back the event's id."""
        if data.topic is None:
            raise ValueError(f"{data.type} is not ours to announce: it has no topic of its own")
        announcement = outbox.Announcement(
            id=str(uuid7()),
            time=self.now,
            topic=data.topic.name,
            subject=data.subject,
            data=data,
            correlation=correlation.current(),
        )
        self.announcements.append(announcement)
        return announcement.id

    def count(self, counter: Counter) -> None:
        """Count one more when this is committed, and not if it is not."""
        self._counted.append(counter)

    def committed(self) -> None:
        """Called once everything is committed: a subclass tells then what became true."""
        for counter in self._counted:
            counter.inc()

    async def flush(self) -> None:
        """Write rows and events, once. The stream rows are locked last and held for the shortest
        time. Whoever calls it before the end of the block changes nothing afterwards.
        """
        if self._flushed:
            return
        self._flushed = True
        for repository in self._repositories:
            self.wrote |= await repository.flush()
        await outbox.append(await self.connection(), self.source, self.announcements)
