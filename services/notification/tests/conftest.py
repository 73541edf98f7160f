from collections.abc import AsyncGenerator, Iterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis import migrations
from chassis.database import Database
from chassis.settings import KafkaSettings, OidcSettings
from chassis.testing.postgres import Databases
from notification.settings import Settings, SmtpSettings

from .mail_sink import MailSink
from .samples import KEYRING
from .whole import Notification


@pytest.fixture(scope="session")
def running_mail_sink() -> Iterator[MailSink]:
    sink = MailSink.start()
    yield sink
    sink.stop()


@pytest.fixture
def mail_sink(running_mail_sink: MailSink) -> MailSink:
    """Empty and well behaved at the start of every test."""
    running_mail_sink.reset()
    return running_mail_sink


@pytest.fixture
async def database(databases: Databases) -> AsyncGenerator[Database]:
    async def migrate(engine: AsyncEngine) -> None:
        await migrations.upgrade(engine, "notification")

    async with databases.fresh("notification", migrate) as database:
        yield database


@pytest.fixture
def settings(database: Database, kafka_settings: KafkaSettings, mail_sink: MailSink) -> Settings:
    return Settings(
        database_url=database.url,
        http_port=1,
        kafka=kafka_settings,
        oidc=OidcSettings(issuer="http://issuer.example", audience="motcua"),
        smtp=SmtpSettings(host="127.0.0.1", port=mail_sink.smtp_port, timeout_seconds=2),
        sender="Một cửa <mot-cua@motcua.example>",
        recipients_keys=KEYRING,
    )


@pytest.fixture
async def notification(settings: Settings) -> AsyncGenerator[Notification]:
    """The service on a database of its own and the real mail sink, driven by hand."""
    notification = Notification(settings)
    yield notification
    await notification.service.database.close()
