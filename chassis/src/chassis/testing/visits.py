"""A service so small that only the chassis shows: it counts the visits of a dossier and announces
each.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import Field, SQLModel

from chassis.clock import utc_now
from chassis.consumer import Consumer, Subscription
from chassis.database import Database, Repository
from chassis.schema import V1
from chassis.testing.postgres import Databases
from chassis.work import Transaction, Work
from motcua_contracts.dossier import DossierReceived, DossierWithdrawn
from motcua_contracts.envelope import Event, EventData
from motcua_contracts.payment import PaymentExpired
from motcua_contracts.topics import DOSSIER_EVENTS

SOURCE = "/motcua/payment"


class Visit(SQLModel, table=True):
    __tablename__ = "visits"  # pyright: ignore[reportAssignmentType]
    id: str = Field(primary_key=True)
    count: int
    seen: list[str] = Field(default_factory=list, sa_type=JSONB)


class Visits(Repository[Visit]):
    model = Visit


class VisitWork(Work):
    def __init__(self, transaction: Transaction) -> None:
        super().__init__(transaction)
        self.visits = self.repository(Visits)

    async def preload(self, events: Sequence[Event[EventData]]) -> None:
        await self.visits.load({event.subject for event in events})


async def migrate(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        for statement in V1:
            await connection.exec_driver_sql(statement)
        await connection.exec_driver_sql(
            "CREATE TABLE visits (id text PRIMARY KEY, seen jsonb NOT NULL, "
            "count integer NOT NULL CHECK (count < 1000))"
        )


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[Database]:
    async with databases.fresh("chassis", migrate) as database:
        yield database


class Service:
    """Transactions of `VisitWork` on one database."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[VisitWork]:
        async with self.database.transaction() as session:
            work = VisitWork(Transaction(session, SOURCE, utc_now))
            yield work
            await work.flush()

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        async with self.database.engine.connect() as connection:
            return [tuple(row) for row in await connection.exec_driver_sql(query)]


@pytest.fixture
def service(database: Database) -> Service:
    return Service(database)


async def handle_received(event: Event[DossierReceived], work: VisitWork) -> None:
    visit = await work.visits.find(event.subject)
    if visit is None:
        visit = Visit(id=event.subject, count=0)
        work.visits.add(visit)
    visit.count += 1
    visit.seen = [*visit.seen, event.id]
    work.announce(
        PaymentExpired(order_id=event.id, dossier_id=event.subject, dossier_code=event.data.code)
    )


class Withdrawals:
    """A handler whose failure a test decides, by an error or by a count that fits no column."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.count: int | None = None

    async def handle(self, event: Event[DossierWithdrawn], work: VisitWork) -> None:
        if self.error:
            raise self.error
        visit = await work.visits.get(event.subject)
        visit.seen = [*visit.seen, f"withdrawn:{event.id}"]
        visit.count = self.count or visit.count


@pytest.fixture
def withdrawals() -> Withdrawals:
    return Withdrawals()


@pytest.fixture
def consumer(service: Service, withdrawals: Withdrawals) -> Consumer[VisitWork]:
    subscription = Subscription(
        "visits",
        (DOSSIER_EVENTS,),
        {DossierReceived: handle_received, DossierWithdrawn: withdrawals.handle},
    )
    return Consumer("test.visits", subscription, transaction=service.transaction, clock=utc_now)
