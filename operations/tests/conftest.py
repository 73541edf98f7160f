"""The small service whose operators these tests are."""

from collections.abc import AsyncIterator

import pytest

from chassis.database import Database
from chassis.settings import KafkaSettings
from chassis.testing.kafka import fresh_topic
from chassis.testing.visits import consumer, database, service, withdrawals

from .publishing import Operator

__all__ = ["consumer", "database", "service", "withdrawals"]


@pytest.fixture
async def topic(kafka_settings: KafkaSettings) -> AsyncIterator[str]:
    async with fresh_topic(kafka_settings) as name:
        yield name


@pytest.fixture
def operator(
    database: Database, kafka_settings: KafkaSettings, capsys: pytest.CaptureFixture[str]
) -> Operator:
    return Operator(database.url, kafka_settings, capsys)
