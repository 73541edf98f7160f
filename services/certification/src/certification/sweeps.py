"""What time triggers, besides signing."""

import asyncio
from datetime import timedelta

from certification import metrics
from certification.copy_files import CopyFiles
from certification.dispatcher import Transactions
from certification.ports import Hindrance

ABANDONED = timedelta(days=1)
"""After this nobody goes on with a file that was never finished."""
REMEMBERED = timedelta(days=2)
"""Orphans are looked for this far back; a sweep that was late finds them again."""


class Sweeps:
    def __init__(self, transactions: Transactions, files: CopyFiles) -> None:
        self._transactions = transactions
        self._files = files

    async def clear(self) -> None:
        """Remove files that were never finished, and those that were signed and do not count."""
        await asyncio.to_thread(self._files.sweep, older_than=ABANDONED)
        async with self._transactions() as work:
            orphaned = await work.attempts.orphaned_files(since=work.now - REMEMBERED)
        for sha256 in orphaned:
            self._files.drop(sha256)

    async def measure(self) -> None:
        """Set the gauges of what is to be signed."""
        async with self._transactions() as work:
            backlog = await work.copies.backlog()
        metrics.SIGNING_COPIES.set(backlog.signing)
        metrics.OLDEST_SIGNING_SECONDS.set(backlog.oldest_seconds)
        for hindrance in Hindrance:
            metrics.WAITING_COPIES.labels(hindrance).set(backlog.waiting.get(hindrance, 0))
