"""The database goes away after a mail left: its answer waits, and no second mail leaves."""

import asyncio
import time
from dataclasses import replace

import pytest

from notification.dispatcher import Pace
from notification.domain import State
from notification.settings import Settings, SmtpSettings

from .mail_sink import MailSink
from .samples import registered
from .whole import Notification, fact


async def give_way(notification: Notification) -> None:
    """From now on the database is not the primary."""
    await alter(notification, "SET default_transaction_read_only = on")


async def come_back(notification: Notification) -> None:
    await alter(notification, "RESET default_transaction_read_only")


async def alter(notification: Notification, change: str) -> None:
    engine = notification.service.database.engine
    async with engine.begin() as connection:
        await connection.exec_driver_sql("SET TRANSACTION READ WRITE")
        await connection.exec_driver_sql(f'ALTER DATABASE "{engine.url.database}" {change}')
    await cut_connections(notification)
    await engine.dispose()


async def cut_connections(notification: Notification) -> None:
    await notification.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


@pytest.fixture
def impatient(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Notification:
    """A notification whose pauses before an answer is recorded add up to next to nothing."""
    pace = replace(Pace.of(settings.smtp), record_pauses=(0.01, 0.02))

    def impatiently(_: SmtpSettings) -> Pace:
        return pace

    monkeypatch.setattr(Pace, "of", impatiently)
    return Notification(settings.model_copy(update={"grace_seconds": 3}))


async def test_an_answer_outlives_a_restart_of_the_database(
    notification: Notification, mail_sink: MailSink
) -> None:
    mail_sink.misbehave("delay", seconds=1)
    await notification.meet()
    await notification.hear(fact(registered()))
    sending = asyncio.create_task(notification.send())
    await notification.until(State.SENDING)
    await cut_connections(notification)
    await sending
    assert (await notification.message()).state == State.SENT
    assert len(mail_sink.mails()) == 1


async def test_an_answer_outlives_any_outage_of_the_database(
    impatient: Notification, mail_sink: MailSink
) -> None:
    """It cannot be asked for again: were it lost, an operator would send a second mail."""
    mail_sink.misbehave("delay", seconds=1)
    await impatient.meet()
    await impatient.hear(fact(registered()))
    sending = asyncio.create_task(impatient.send())
    await impatient.until(State.SENDING)
    await give_way(impatient)
    await asyncio.sleep(2)
    assert len(mail_sink.mails()) == 1
    await come_back(impatient)
    await sending
    assert (await impatient.message()).state == State.SENT
    await impatient.service.database.close()


async def test_an_answer_that_waits_for_the_database_does_not_hold_up_a_stop(
    impatient: Notification, mail_sink: MailSink
) -> None:
    mail_sink.misbehave("delay", seconds=1)
    await impatient.meet()
    await impatient.hear(fact(registered()))
    http = impatient.service.http
    async with http.router.lifespan_context(http):
        await impatient.until(State.SENDING)
        await give_way(impatient)
        await asyncio.sleep(2)
        stopped_at = time.monotonic()
    assert time.monotonic() - stopped_at < 3 * impatient.service.settings.grace_seconds
    assert len(mail_sink.mails()) == 1
    await come_back(impatient)
    assert (await impatient.message()).state == State.SENDING
    await impatient.service.database.close()
