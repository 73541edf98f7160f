"""All SQL of notification."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, UUID
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import Repository
from notification.domain import LEASED, OPEN, State
from notification.models import Attempt, Message, Recipient

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Due:
    """A message that can be sent now, whom it goes to, and the database's time.

    Leases are counted by that time alone: the clocks of two processes need not agree.
    """

    message: Message
    recipient: Recipient
    database_time: datetime


@dataclass(frozen=True, slots=True)
class Backlog:
    """Messages not yet at their end, by state and reason."""

    open: Mapping[tuple[str, str], int]
    oldest_seconds: float
    without_recipient: int


class ClaimLost(Exception):  # noqa: N818 - nothing failed: somebody else goes on
    """The lease ended and the message went on without us, so nothing may be done to it here."""


class Messages(Repository[Message]):
    model = Message

    def __init__(self, session: AsyncSession) -> None:
        super().__init__(session)
        self._told: set[str] = set()
        self._codes: dict[str, str] = {}

    async def load_told(self, fact_event_ids: Collection[str]) -> None:
        """Make known which of these facts have a message already."""
        wanted = sa.literal(list(fact_event_ids), ARRAY(UUID(as_uuid=False)))
        told = select(Message.fact_event_id).where(col(Message.fact_event_id) == sa.any_(wanted))
        self._told.update(await self.session.exec(told))

    def is_told(self, fact_event_id: str) -> bool:
        return fact_event_id in self._told

    async def load_codes(self, dossier_ids: Collection[str]) -> None:
        """Make known by which code these dossiers were told of before."""
        if not dossier_ids:
            return
        code = sa.func.coalesce(*(col(Message.fact)[key].astext for key in ("code", "dossierCode")))
        statement = (
            select(Message.dossier_id, sa.func.min(code))
            .where(col(Message.dossier_id).in_(dossier_ids), code.is_not(None))
            .group_by(col(Message.dossier_id))
        )
        self._codes.update((await self.session.exec(statement)).all())

    def code_of(self, dossier_id: str) -> str | None:
        return self._codes.get(dossier_id)

    async def take_due(self, limit: int, *, now: datetime) -> list[Due]:
        """Lock the oldest messages that are due and whose recipient is known.

        Only the first open message of each dossier: a citizen gets them in order.
        """
        earlier = aliased(Message)
        behind_another = (
            sa.exists()
            .where(col(earlier.dossier_id) == Message.dossier_id, col(earlier.id) < Message.id)
            .where(col(earlier.state).in_(OPEN))
        )
        statement = (
            select(Message, Recipient, sa.func.clock_timestamp())
            .join(Recipient, col(Recipient.dossier_id) == Message.dossier_id)
            .where(col(Message.state) == State.RESERVED, ~behind_another)
            .where(sa.or_(col(Message.due_at).is_(None), col(Message.due_at) <= now))
            .order_by(col(Message.id))
            .limit(limit)
            .with_for_update(of=Message, skip_locked=True)
        )
        rows = (await self.session.exec(statement)).all()
        return [Due(self._adopt(message), recipient, at) for message, recipient, at in rows]

    async def hand_over(self, message: Message, claimed_as: State, *, lease: timedelta) -> None:
        """Write the state of a message that is still ours, in one statement: a mail waits for it.

        Raises `ClaimLost` when it is ours no longer.
        """
        table = self.table()
        statement = (
            sa.update(table)
            .where(table.c.id == message.id, table.c.claim == message.claim)
            .where(table.c.state == claimed_as)
            .values(
                state=message.state,
                changed_at=message.changed_at,
                lease_until=sa.func.clock_timestamp() + lease,
            )
        )
        connection = await self.session.connection()
        if (await connection.execute(statement)).rowcount == 0:
            raise ClaimLost(message.id)

    async def take_claimed(self, held: Message) -> Message:
        """Lock a message that is still ours; raises `ClaimLost` when it is not."""
        ours = await self.select(col(Message.id) == held.id, col(Message.claim) == held.claim)
        if not ours:
            raise ClaimLost(held.id)
        return ours[0]

    async def take_expired(self) -> list[Message]:
        """Lock messages whose sender did not come back before its lease ended."""
        return await self._take(
            col(Message.state).in_(LEASED), col(Message.lease_until) < sa.func.clock_timestamp()
        )

    async def take_hopeless(self, *, now: datetime) -> list[Message]:
        """Lock messages that were tried for long enough."""
        return await self._take(
            col(Message.state) == State.RESERVED, col(Message.give_up_at) <= now
        )

    async def of_dossier(self, dossier_id: str) -> Sequence[Message]:
        statement = select(Message).where(Message.dossier_id == dossier_id)
        return (await self.session.exec(statement.order_by(col(Message.id)))).all()

    async def backlog(self) -> Backlog:
        """What is open, for the gauges."""
        state, reserved_at = col(Message.state), col(Message.reserved_at)
        reason = sa.func.coalesce(col(Message.reason), "")
        known = sa.exists().where(col(Recipient.dossier_id) == Message.dossier_id)
        statement = (
            sa.select(state, reason, sa.func.count(), sa.func.min(reserved_at))
            .add_columns(sa.func.count().filter(~known))
            .where(state.in_(OPEN))
            .group_by(state, reason)
        )
        rows = (await (await self.session.connection()).execute(statement)).all()
        now = (await self.session.exec(select(sa.func.clock_timestamp()))).one()
        return Backlog(
            open={(state, reason): count for state, reason, count, _, _ in rows},
            oldest_seconds=max((now - at).total_seconds() for *_, at, _ in rows) if rows else 0,
            without_recipient=sum(unknown for *_, unknown in rows),
        )

    async def _take(self, *criteria: sa.ColumnElement[bool]) -> list[Message]:
        statement = select(Message).where(*criteria).order_by(col(Message.id)).limit(_BATCH)
        locked = await self.session.exec(statement.with_for_update(skip_locked=True))
        return [self._adopt(message) for message in locked.all()]

    def _adopt(self, message: Message) -> Message:
        """From now on the flush of this unit of work writes what changes in it."""
        self.session.expunge(message)
        self._known[message.id] = message
        return message


class Recipients(Repository[Recipient]):
    model = Recipient
    key = "dossier_id"

    async def purge(self, last_facts: Collection[str], *, before: datetime) -> int:
        """Delete contacts of dossiers that ended before then and have nothing left to say, unless
        they were said again since; a portion of them, 0 when none is left.
        """
        of_dossier = col(Message.dossier_id) == Recipient.dossier_id
        ended = (
            sa.exists()
            .where(of_dossier, col(Message.fact_type).in_(last_facts))
            .where(col(Message.reserved_at) < before)
        )
        unfinished = sa.exists().where(of_dossier, col(Message.state).in_(OPEN))
        said_again = col(Recipient.received_at) >= before
        due = select(Recipient.dossier_id).where(ended, ~unfinished, ~said_again).limit(_BATCH)
        statement = sa.delete(Recipient).where(col(Recipient.dossier_id).in_(due))
        return (await self.session.exec(statement)).rowcount


class Attempts(Repository[Attempt]):
    model = Attempt

    async def of_messages(self, message_ids: Collection[str]) -> Sequence[Attempt]:
        statement = select(Attempt).where(col(Attempt.message_id).in_(message_ids))
        return (await self.session.exec(statement.order_by(col(Attempt.id)))).all()
