"""Sends what is reserved: claim, hand over, record. No transaction spans a conversation with SMTP.

Several lanes work side by side, each with a connection of its own. What a killed process leaves
behind is told by the state of the row: `claimed` may be tried again, `sending` may not.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import chain, repeat

import structlog

from chassis.database import is_away
from chassis.failpoints import failpoint
from chassis.metrics import SWALLOWED
from notification import metrics
from notification.domain import Answer, Happening, Reason
from notification.letters import Letters, Unwritable
from notification.models import Message
from notification.ports import MailGateway, MailSession, ProviderAway
from notification.repository import ClaimLost, Due
from notification.settings import SmtpSettings
from notification.work import NotificationWork

Transactions = Callable[[], AbstractAsyncContextManager[NotificationWork]]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How the dispatcher works. Leases outlast what they cover, or two would have one message."""

    lanes: int
    claim_lease: timedelta
    sending_lease: timedelta
    run_seconds: float = 5
    """A run ends after this, so that a stop is never far."""
    record_pauses: tuple[float, ...] = (0.1, 0.5, 1, 2, 5)
    """While the database is away, an answer is kept, since nobody can be asked again: the last of
    these repeats until the process stops.
    """

    @classmethod
    def of(cls, smtp: SmtpSettings) -> "Pace":
        """Connecting, the envelope, DATA and its answer have a time limit each. A claim covers the
        first two, a message that is being sent the others; each has as much again to be recorded.
        """
        lease = timedelta(seconds=3 * smtp.timeout_seconds)
        return cls(lanes=smtp.connections, claim_lease=lease, sending_lease=lease)


class Dispatcher:
    def __init__(
        self,
        gateway: MailGateway,
        letters: Letters,
        *,
        transactions: Transactions,
        more: Callable[[], None],
        pace: Pace,
    ) -> None:
        self._gateway = gateway
        self._letters = letters
        self._transactions = transactions
        self._more = more
        self._pace = pace

    async def run(self) -> None:
        """Send what is due now, for a while; asks for another run when there may be more."""
        ends = time.monotonic() + self._pace.run_seconds
        async with self._transactions() as work:
            dues = await work.claim(self._pace.lanes, lease=self._pace.claim_lease)
            if dues:
                await failpoint("notification.before-claim")
        if not dues:
            return
        await failpoint("notification.after-claim")
        lanes = (self._lane(due, ends) for due in dues)
        # A lane that fails must not cut the others short in the middle of a message.
        outcomes = await asyncio.gather(*lanes, return_exceptions=True)
        failures = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        if failures:
            raise ExceptionGroup("lanes of the dispatcher failed", failures)
        if any(outcomes):
            self._more()

    async def _lane(self, first: Due, ends: float) -> bool:
        """Send one message after another over one connection; True when there may be more."""
        due: Due | None = first
        try:
            async with self._gateway.session() as session:
                while due:
                    answer = await self._attempt(session, due)
                    on = session.usable and time.monotonic() < ends
                    due = await self._settle(due.message, answer, claim_next=on)
                    if not on:
                        return True
        except ProviderAway as error:
            metrics.PROVIDER_AWAY.labels(self._gateway.name).inc()
            log.warning("provider away", provider=self._gateway.name, error=str(error))
            answer = Answer(Happening.DEFER, Reason.PROVIDER_AWAY)
            await self._settle(first.message, answer, claim_next=False)
        return False

    async def _attempt(self, session: MailSession, due: Due) -> Answer | None:
        """What became of a message; None when it is no longer ours."""
        try:
            mail = self._letters.write(due.message, due.recipient)
            with metrics.DELIVERY_SECONDS.labels(self._gateway.name).time():
                return await session.deliver(mail, hand_over=partial(self._hand_over, due.message))
        except Unwritable as unwritable:
            log.warning(
                "not written",
                message_id=due.message.id,
                reason=unwritable.answer.reason,
                exc_info=unwritable.__cause__,
            )
            return unwritable.answer
        except ClaimLost:
            return None

    async def _hand_over(self, message: Message) -> None:
        async with self._transactions() as work:
            await work.hand_over(message, lease=self._pace.sending_lease)
            await failpoint("notification.before-hand-over")

    async def _settle(
        self, message: Message, answer: Answer | None, *, claim_next: bool
    ) -> Due | None:
        """Record an answer, however long that takes, and take the next message with it."""
        pauses = chain(self._pace.record_pauses, repeat(self._pace.record_pauses[-1]))
        while True:
            try:
                due = await self._record(message, answer, claim_next=claim_next)
            except Exception as error:
                if not is_away(error):
                    raise
                SWALLOWED.labels("record an answer").inc()
                await asyncio.sleep(next(pauses))
            else:
                await failpoint("notification.after-record")
                return due

    async def _record(
        self, message: Message, answer: Answer | None, *, claim_next: bool
    ) -> Due | None:
        async with self._transactions() as work:
            try:
                if answer is not None:
                    await work.settle(message, answer)
            except ClaimLost:
                metrics.LATE_ANSWERS.inc()
                log.warning("answer came too late", message_id=message.id)
            due: Due | None = None
            if claim_next:
                # Once it is written, what was settled no longer blocks its dossier's next.
                await work.messages.flush()
                due = next(iter(await work.claim(1, lease=self._pace.claim_lease)), None)
            await failpoint("notification.before-record")
        return due
