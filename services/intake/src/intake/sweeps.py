"""What time triggers in intake: overdue dossiers are said to be so, interrupted uploads removed."""

import asyncio
from datetime import timedelta

from chassis.app import Service
from chassis.failpoints import failpoint
from chassis.metrics import tell_age
from chassis.sweeps import Sweep
from documents.store import FileStore
from intake import domain, metrics
from intake.work import IntakeWork

BATCH = 200
ABANDONED = timedelta(hours=6)


def sweeps(service: Service[IntakeWork], store: FileStore) -> tuple[Sweep, ...]:
    async def tell_overdue() -> None:
        while await _tell_overdue(service):
            pass

    async def remove_abandoned() -> None:
        await asyncio.to_thread(store.sweep, older_than=ABANDONED)

    return (
        Sweep("tell of overdue dossiers", timedelta(minutes=1), tell_overdue),
        Sweep("remove interrupted uploads", timedelta(hours=1), remove_abandoned),
        Sweep("measure agencies", timedelta(seconds=15), lambda: measure_agencies(service)),
    )


async def _tell_overdue(service: Service[IntakeWork]) -> bool:
    """A batch of them; whether there may be more."""
    async with service.transaction() as work:
        rows = await work.dossiers.overdue(work.now, limit=BATCH)
        for row in rows:
            await work.record(domain.tell_overdue(row.value(), at=work.now))
        if rows:
            await failpoint("intake.before-overdue")
    if rows:
        await failpoint("intake.after-overdue")
    return len(rows) == BATCH


async def measure_agencies(service: Service[IntakeWork]) -> None:
    """An agency whose system does not read what we publish says nothing, and nothing fails."""
    async with service.transaction() as work:
        unanswered = await work.dossiers.unanswered()
    metrics.UNANSWERED.clear()
    metrics.OLDEST_UNANSWERED_SECONDS.clear()
    for agency in work.office.catalogue.deciding_agencies() | unanswered.keys():
        count, oldest = unanswered.get(agency, (0, work.now))
        metrics.UNANSWERED.labels(agency).set(count)
        age = (work.now - oldest).total_seconds()
        tell_age(metrics.OLDEST_UNANSWERED_SECONDS.labels(agency), age)
