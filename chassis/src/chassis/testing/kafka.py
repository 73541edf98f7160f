"""Topics and records on the real broker, for tests."""

import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from chassis.held_messages import RawRecord
from chassis.kafka import connection, within
from chassis.settings import KafkaSettings


async def make_topics(settings: KafkaSettings, *names: str, partitions: int = 3) -> None:
    admin = AIOKafkaAdminClient(**connection(settings))
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, partitions, 1) for name in names])
    finally:
        await admin.close()


@asynccontextmanager
async def fresh_topic(settings: KafkaSettings, *, partitions: int = 3) -> AsyncGenerator[str]:
    """A topic of a name that nobody used before; removed at the end."""
    name = f"test.{secrets.token_hex(8)}"
    await make_topics(settings, name, partitions=partitions)
    yield name
    admin = AIOKafkaAdminClient(**connection(settings))
    await admin.start()
    await admin.delete_topics([name])
    await admin.close()


async def read(
    settings: KafkaSettings, topic: str, count: int, *, seconds: float = 20
) -> list[RawRecord]:
    """The first `count` records of `topic`, by partition and offset; TimeoutError when there are
    fewer.
    """
    client = AIOKafkaConsumer(topic, auto_offset_reset="earliest", **connection(settings))
    await client.start()
    try:
        return await within(_take(client, count), seconds)
    finally:
        await client.stop()


async def _take(client: AIOKafkaConsumer, count: int) -> list[RawRecord]:
    records: list[RawRecord] = []
    while len(records) < count:
        for batch in (await client.getmany(timeout_ms=200)).values():
            records.extend(batch)
    return sorted(records, key=lambda r: (r.partition, r.offset))
