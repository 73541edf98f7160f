"""All SQL of payment."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple, TypeVar

from sqlalchemy import ColumnElement, any_, delete, exists, func, literal, or_, update
from sqlalchemy.dialects.postgresql import ARRAY, UUID
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import Repository
from payment.domain import OrderState
from payment.models import (
    Attempt,
    Dossier,
    GatewayNotification,
    GatewayTransaction,
    Obligation,
    Order,
    Receipt,
    Refund,
    UncoveredObligation,
)
from payment.ports import GatewayOutcome, Reception

OfDossier = TypeVar("OfDossier", Order, Obligation)


class Dossiers(Repository[Dossier]):
    model = Dossier

    async def read(self, dossier_id: str) -> Dossier | None:
        """To look at only: not locked."""
        return (
            await self.session.exec(select(Dossier).where(col(Dossier.id) == dossier_id))
        ).first()


class _OfDossiers(Repository[OfDossier]):
    """Rows that belong to a dossier, read for many dossiers at once."""

    def __init__(self, session: AsyncSession) -> None:
        super().__init__(session)
        self._of: dict[str, list[OfDossier]] = {}

    async def load_of(self, dossier_ids: Collection[str]) -> None:
        """Make all rows of these dossiers known, in one query."""
        missing = sorted(set(dossier_ids) - self._of.keys())
        if missing:
            self._of.update({dossier_id: [] for dossier_id in missing})
            for row in await self.select(self.table().c.dossier_id == any_(_ids(missing))):
                self._of[row.dossier_id].append(row)

    async def of(self, dossier_id: str) -> list[OfDossier]:
        """The rows of one dossier, oldest first, with those that are new in this unit of work."""
        await self.load_of([dossier_id])
        return list(self._of[dossier_id])

    def add(self, row: OfDossier) -> None:
        """Only after the dossier's rows were asked for: nothing is added unseen."""
        super().add(row)
        self._of[row.dossier_id].append(row)


class Awaited(NamedTuple):
    """Paid orders whose dossiers should have gone on: how many, and since when the oldest."""

    repeated: int
    given_up: int
    oldest: datetime | None


class Orders(_OfDossiers[Order]):
    model = Order

    async def dossier_of(self, order_id: str) -> str | None:
        """The dossier of an order; not locked."""
        statement = select(Order.dossier_id).where(col(Order.id) == order_id)
        return (await self.session.exec(statement)).first()

    async def read(self, order_id: str) -> Order | None:
        """To look at only: not locked."""
        return (await self.session.exec(select(Order).where(col(Order.id) == order_id))).first()

    async def read_of(self, dossier_id: str) -> list[Order]:
        """All orders of a dossier, oldest first, to look at only."""
        statement = select(Order).where(col(Order.dossier_id) == dossier_id)
        return list(await self.session.exec(statement.order_by(col(Order.id))))

    async def overdue(self, now: datetime, *, after: str, limit: int) -> list[str]:
        """Orders that are open past their end, in the order of their ids, not locked."""
        statement = (
            select(Order.id)
            .where(col(Order.state) == OrderState.OPEN, col(Order.expires_at) < now)
            .where(col(Order.id) > after)
            .order_by(col(Order.id))
            .limit(limit)
        )
        return list(await self.session.exec(statement))

    async def to_redrive(self, now: datetime, *, limit: int) -> list[Order]:
        """Paid orders whose time to be looked at has come, without those another replica has in
        hand.
        """
        statement = (
            select(Order.id)
            .where(col(Order.awaited_since).is_not(None), col(Order.next_redrive_at) <= now)
            .order_by(col(Order.next_redrive_at))
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        ids = list(await self.session.exec(statement))
        return await self.select(col(Order.id) == any_(_ids(ids))) if ids else []

    async def awaited(self, now: datetime) -> list[Order]:
        """Paid orders whose dossiers should have gone on: oldest first, to look at only."""
        statement = select(Order).where(*_overdue_progress(now))
        return list(await self.session.exec(statement.order_by(col(Order.awaited_since))))

    async def redrive_awaited(self, now: datetime) -> None:
        """Let all of them be sent again at once, as if it were the first time."""
        statement = update(Order).where(*_overdue_progress(now))
        await self.session.exec(statement.values(redrives=0, next_redrive_at=now))

    async def count_awaited(self, now: datetime) -> Awaited:
        given_up = col(Order.next_redrive_at).is_(None)
        statement = select(
            func.count().filter(~given_up),
            func.count().filter(given_up),
            func.min(Order.awaited_since),
        ).where(*_overdue_progress(now))
        return Awaited(*(await self.session.exec(statement)).one())


def _overdue_progress(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Looked at before, or due to be: the grace is over."""
    looked_at = or_(
        col(Order.redrives) > 0,
        col(Order.next_redrive_at).is_(None),
        col(Order.next_redrive_at) <= now,
    )
    return col(Order.awaited_since).is_not(None), looked_at


class Obligations(_OfDossiers[Obligation]):
    model = Obligation


class Uncovered(Repository[UncoveredObligation]):
    model = UncoveredObligation

    async def open(self) -> list[UncoveredObligation]:
        """Those that nothing has paid since, of dossiers that go on: oldest first, to look at
        only.
        """
        paid = exists().where(
            col(Obligation.id) == UncoveredObligation.id, col(Obligation.settled_by).is_not(None)
        )
        over = exists().where(
            col(Dossier.id) == UncoveredObligation.dossier_id, col(Dossier.ended_for).is_not(None)
        )
        statement = select(UncoveredObligation).where(~paid, ~over)
        return list(await self.session.exec(statement.order_by(col(UncoveredObligation.heard_at))))


class Place(NamedTuple):
    """Where an attempt stands: what has to be locked, in this order."""

    dossier_id: str
    order_id: str
    attempt_id: str


class Attempts(Repository[Attempt]):
    model = Attempt

    async def place(self, gateway: str, reference: str) -> Place | None:
        """Where the attempt with our reference stands; not locked."""
        statement = select(Attempt.dossier_id, Attempt.order_id, Attempt.id).where(
            col(Attempt.gateway) == gateway, col(Attempt.reference) == reference
        )
        row = (await self.session.exec(statement)).first()
        return None if row is None else Place(*row)

    async def read(self, gateway: str, reference: str) -> tuple[Order, Attempt] | None:
        """The attempt with our reference and its order, to look at only."""
        return await self._read(
            col(Attempt.gateway) == gateway, col(Attempt.reference) == reference
        )

    async def read_one(self, attempt_id: str) -> tuple[Order, Attempt] | None:
        """An attempt and its order, to look at only."""
        return await self._read(col(Attempt.id) == attempt_id)

    async def _read(self, *criteria: ColumnElement[bool]) -> tuple[Order, Attempt] | None:
        joined = select(Order, Attempt).join(Attempt, col(Attempt.order_id) == col(Order.id))
        return (await self.session.exec(joined.where(*criteria))).first()

    async def undecided(self, order_id: str) -> list[Attempt]:
        """The attempts of an order that its gateways are still asked about, locked."""
        return await self.select(
            col(Attempt.order_id) == order_id, col(Attempt.next_query_at).is_not(None)
        )

    async def to_query(self, now: datetime, *, limit: int) -> list[Attempt]:
        """Attempts that are to be asked about, without those another replica has in hand."""
        statement = (
            select(Attempt.id)
            .where(col(Attempt.next_query_at) <= now)
            .order_by(col(Attempt.next_query_at))
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        ids = list(await self.session.exec(statement))
        return await self.select(col(Attempt.id) == any_(_ids(ids))) if ids else []


class Transactions(Repository[GatewayTransaction]):
    model = GatewayTransaction

    async def booked(self, gateway: str, transaction_id: str) -> GatewayTransaction | None:
        rows = await self.select(
            col(GatewayTransaction.gateway) == gateway,
            col(GatewayTransaction.transaction_id) == transaction_id,
        )
        return rows[0] if rows else None

    async def paying(self, order_id: str) -> GatewayTransaction:
        """The transaction that paid the order; a paid order has exactly one."""
        rows = await self.select(
            col(GatewayTransaction.order_id) == order_id,
            col(GatewayTransaction.suspended_for).is_(None),
        )
        return rows[0]


class Refunds(Repository[Refund]):
    model = Refund


_NEXT_NUMBER = """
INSERT INTO receipt_series AS s (template, serial, last_number) VALUES ($1, $2, 1)
ON CONFLICT (template, serial) DO UPDATE SET last_number = s.last_number + 1
RETURNING last_number
"""


class Receipts(Repository[Receipt]):
    model = Receipt

    async def next_number(self, template: str, serial: str) -> int:
        """The next number of a series. It is given back when the transaction fails: no gaps."""
        connection = await self.session.connection()
        result = await connection.exec_driver_sql(_NEXT_NUMBER, (template, serial))
        return result.scalar_one()

    async def read_of(self, order_ids: Collection[str]) -> list[Receipt]:
        """The receipts of some orders, oldest first, to look at only."""
        statement = select(Receipt).where(col(Receipt.order_id) == any_(_ids(order_ids)))
        return list(await self.session.exec(statement.order_by(col(Receipt.id))))


class Notifications(Repository[GatewayNotification]):
    model = GatewayNotification

    async def strays(self, before: datetime, *, limit: int) -> list[GatewayNotification]:
        """Verified payments of unknown orders that are on no book yet."""
        booked = exists().where(
            col(GatewayTransaction.gateway) == GatewayNotification.gateway,
            col(GatewayTransaction.transaction_id) == GatewayNotification.transaction_id,
        )
        statement = (
            select(GatewayNotification)
            .where(
                col(GatewayNotification.reception) == Reception.UNKNOWN_ORDER,
                col(GatewayNotification.outcome) == GatewayOutcome.PAID,
                col(GatewayNotification.received_at) < before,
                ~booked,
            )
            .order_by(col(GatewayNotification.id))
            .limit(limit)
        )
        return list(await self.session.exec(statement))

    async def purge_unproven(self, before: datetime, *, limit: int) -> int:
        """Drop what anybody on the internet may have sent; what a gateway signed is kept."""
        old = (
            select(GatewayNotification.id)
            .where(
                col(GatewayNotification.reception) == Reception.UNVERIFIED,
                col(GatewayNotification.received_at) < before,
            )
            .limit(limit)
        )
        statement = delete(GatewayNotification).where(col(GatewayNotification.id).in_(old))
        return (await self.session.exec(statement)).rowcount


def _ids(ids: Collection[str]) -> ColumnElement[Sequence[str]]:
    return literal(list(ids), ARRAY(UUID(as_uuid=False)))
