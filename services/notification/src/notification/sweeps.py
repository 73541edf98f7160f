"""What time triggers, besides sending."""

from datetime import timedelta

from chassis.failpoints import failpoint
from chassis.metrics import tell_age
from notification import metrics
from notification.dispatcher import Transactions
from notification.domain import Answer, Happening, Reason
from notification.facts import LAST


class Sweeps:
    def __init__(self, transactions: Transactions, *, recipients_kept: timedelta) -> None:
        self._transactions = transactions
        self._recipients_kept = recipients_kept

    async def recover(self) -> None:
        """Messages whose sender is gone: back in the queue, or of unknown outcome."""
        async with self._transactions() as work:
            expired = await work.messages.take_expired()
            for message in expired:
                work.record(message, Answer(Happening.LEASE_EXPIRE, Reason.STOPPED_MIDWAY))
            if expired:
                await failpoint("notification.before-recover")
        if expired:
            await failpoint("notification.after-recover")

    async def give_up(self) -> None:
        """Messages that were tried for long enough fail, and say so."""
        async with self._transactions() as work:
            hopeless = await work.messages.take_hopeless(now=work.now)
            await work.recipients.load([message.dossier_id for message in hopeless])
            for message in hopeless:
                known = await work.recipients.find(message.dossier_id)
                reason = Reason.GAVE_UP if known else Reason.NO_RECIPIENT
                work.record(message, Answer(Happening.GIVE_UP, reason))
            if hopeless:
                await failpoint("notification.before-give-up")
        if hopeless:
            await failpoint("notification.after-give-up")

    async def purge(self) -> None:
        """Contacts of dossiers that ended long ago leave this database. On the topic, and in the
        event log of intake, their ciphertext stays as long as its key (ADR 0025).
        """
        while purged := await self._purge():
            metrics.RECIPIENTS_PURGED.inc(purged)

    async def _purge(self) -> int:
        async with self._transactions() as work:
            before = work.now - self._recipients_kept
            return await work.recipients.purge([fact.type for fact in LAST], before=before)

    async def measure(self) -> None:
        """Set the gauges of what is open."""
        async with self._transactions() as work:
            backlog = await work.messages.backlog()
        metrics.OPEN_MESSAGES.clear()
        for (state, reason), count in backlog.open.items():
            metrics.OPEN_MESSAGES.labels(state, reason).set(count)
        tell_age(metrics.OLDEST_OPEN_SECONDS, backlog.oldest_seconds)
        metrics.WITHOUT_RECIPIENT.set(backlog.without_recipient)
