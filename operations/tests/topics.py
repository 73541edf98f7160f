"""Topics on the real broker, and what a reader finds on them."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.structs import TopicPartition

from chassis.held_messages import RawRecord
from chassis.kafka import connection
from chassis.settings import KafkaSettings

Content = tuple[object, ...]


async def limit_records(settings: KafkaSettings, topic: str, size: int) -> None:
    """Let the topic take no record over `size` bytes."""
    admin = AIOKafkaAdminClient(**connection(settings))
    await admin.start()
    limit = {"max.message.bytes": str(size)}
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, limit)])
    await admin.close()


async def delete_topic(settings: KafkaSettings, topic: str) -> None:
    """Delete the topic, and wait until it is gone."""
    admin = AIOKafkaAdminClient(**connection(settings))
    await admin.start()
    try:
        await admin.delete_topics([topic])
        async with asyncio.timeout(30):
            while topic in await admin.list_topics():  # noqa: ASYNC110 - a broker tells nobody
                await asyncio.sleep(0.05)
    finally:
        await admin.close()


async def size(settings: KafkaSettings, topic: str) -> int:
    """How many records the topic holds."""
    client = AIOKafkaConsumer(topic, **connection(settings))
    await client.start()
    try:
        partitions = [TopicPartition(topic, number) for number in range(3)]
        return sum((await client.end_offsets(partitions)).values())
    finally:
        await client.stop()


def by_key(records: Iterable[RawRecord]) -> dict[bytes | None, list[Content]]:
    """What of each record must stay the same, in the order of each key."""
    contents: dict[bytes | None, list[Content]] = defaultdict(list)
    for record in records:
        contents[record.key].append((record.headers, record.value))
    return contents


def sequences(records: Iterable[RawRecord]) -> dict[bytes | None, list[int]]:
    """The sequence numbers that a new reader meets, without repetitions."""
    met: dict[bytes | None, list[int]] = defaultdict(list)
    for record in records:
        number = int(dict(record.headers)["ce_sequence"])
        if number not in met[record.key]:
            met[record.key].append(number)
    return met
