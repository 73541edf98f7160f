"""What time triggers, besides signing."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from certification import metrics
from certification.copy_files import CopyFiles
from certification.ports import Hindrance
from certification.work import CertificationWork
from chassis.app import Service
from chassis.metrics import tell_age
from chassis.sweeps import Sweep

ABANDONED = timedelta(days=1)
"""After this nobody goes on with a file that was never finished."""
REMEMBERED = timedelta(days=2)
"""Orphans are looked for this far back; a sweep that was late finds them again."""


def sweeps(service: Service[CertificationWork], files: CopyFiles) -> Sequence[Sweep]:
    return (
        Sweep("clear files", timedelta(minutes=10), lambda: clear_files(service, files)),
        Sweep("measure copies", timedelta(seconds=5), lambda: measure_copies(service)),
    )


async def clear_files(service: Service[CertificationWork], files: CopyFiles) -> None:
    """Remove files that were never finished, and those that were signed and do not count."""
    await asyncio.to_thread(files.sweep, older_than=ABANDONED)
    async with service.transaction() as work:
        orphaned = await work.attempts.orphaned_files(since=work.now - REMEMBERED)
    for sha256 in orphaned:
        files.drop(sha256)


async def measure_copies(service: Service[CertificationWork]) -> None:
    """Set the gauges of what is to be signed."""
    async with service.transaction() as work:
        backlog = await work.copies.backlog()
    metrics.SIGNING_COPIES.set(backlog.signing)
    tell_age(metrics.OLDEST_SIGNING_SECONDS, backlog.oldest_seconds)
    for hindrance in Hindrance:
        metrics.WAITING_COPIES.labels(hindrance).set(backlog.waiting.get(hindrance, 0))
