"""The hash chain over what was published shows every change."""

from collections.abc import AsyncIterator

import pytest

from chassis import correlation, kafka, outbox
from chassis.clock import utc_now, uuid7
from chassis.database import Database
from chassis.kafka import within
from chassis.relay import Relay
from chassis.settings import KafkaSettings
from chassis.testing.dossiers import dossier_id, received
from chassis.testing.kafka import fresh_topic
from chassis.testing.visits import SOURCE
from operations import audit


@pytest.fixture
async def topic(kafka_settings: KafkaSettings) -> AsyncIterator[str]:
    async with fresh_topic(kafka_settings) as name:
        yield name


def announcement(topic: str) -> outbox.Announcement:
    dossier = dossier_id()
    return outbox.Announcement(
        str(uuid7()), utc_now(), topic, dossier, received(dossier), correlation.current()
    )


async def publish(database: Database, settings: KafkaSettings, topic: str, events: int) -> None:
    async with database.engine.begin() as connection:
        await outbox.append(connection, SOURCE, [announcement(topic) for _ in range(events)])
    url = database.engine.url.render_as_string(hide_password=False)
    relay = Relay(url, lambda: kafka.producer(settings, client_id="test"))
    relay.stop()
    await within(relay.run(), 30)


TAMPERINGS = {
    "an edit": "UPDATE event_log SET value = value || ' ' WHERE position = 4",
    "an edited header": "UPDATE event_log SET headers = headers - 'ce_id' WHERE position = 4",
    "a deletion": "DELETE FROM event_log WHERE position = 4",
    "a swap": "UPDATE event_log SET position = -1 WHERE position = 4; "
    "UPDATE event_log SET position = 4 WHERE position = 5; "
    "UPDATE event_log SET position = 5 WHERE position = -1",
}


@pytest.mark.parametrize("tampering", TAMPERINGS.values(), ids=TAMPERINGS.keys())
async def test_the_chain_of_the_log_shows_tampering(
    database: Database, kafka_settings: KafkaSettings, topic: str, tampering: str
) -> None:
    await publish(database, kafka_settings, topic, 8)
    async with database.engine.connect() as connection:
        assert (await audit.verify(connection)).intact
    async with database.engine.begin() as connection:
        for statement in tampering.split(";"):
            await connection.exec_driver_sql(statement)
    async with database.engine.connect() as connection:
        assert (await audit.verify(connection)).broken_at == 4
