"""How long the oldest record waits that a consumer has not taken, as the broker tells it.

A client outside the group asks: a consumer that stands still, or never joined, cannot tell that of
itself.
"""

import time
from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from chassis import metrics
from chassis.kafka import connection
from chassis.settings import KafkaSettings

Offsets = Mapping[TopicPartition, int]

FETCH_MILLISECONDS = 2000


async def measure_unconsumed(settings: KafkaSettings, groups: Mapping[str, list[str]]) -> None:
    """Set the gauges of consumer groups; each is given with the topics that it reads."""
    to_kafka = connection(settings)
    reader = AIOKafkaConsumer(auto_offset_reset="earliest", max_partition_fetch_bytes=1, **to_kafka)
    admin = AIOKafkaAdminClient(**to_kafka)
    try:
        await admin.start()
        async with reader:
            for group, topics in groups.items():
                behind, count = await _behind(admin, reader, group, topics=topics)
                age = max(0.0, time.time() - await _oldest(reader, behind)) if behind else 0.0
                metrics.UNCONSUMED_RECORDS.labels(group).set(count)
                metrics.tell_age(metrics.UNCONSUMED_AGE_SECONDS.labels(group), age)
    finally:
        await admin.close()


async def _behind(
    admin: AIOKafkaAdminClient, reader: AIOKafkaConsumer, group: str, *, topics: list[str]
) -> tuple[Offsets, int]:
    """Where the group goes on in the partitions that hold more for it, and how much that is."""
    known = await admin.describe_topics(topics)
    places = [TopicPartition(t["topic"], p["partition"]) for t in known for p in t["partitions"]]
    begin, end = await reader.beginning_offsets(places), await reader.end_offsets(places)
    taken = await admin.list_consumer_group_offsets(group)
    goes_on = {p: max(begin[p], taken[p].offset if p in taken else 0) for p in places}
    behind = {place: offset for place, offset in goes_on.items() if offset < end[place]}
    return behind, sum(end[place] - offset for place, offset in behind.items())


async def _oldest(reader: AIOKafkaConsumer, behind: Offsets) -> float:
    """When the oldest of the records at these offsets was written."""
    reader.assign([*behind])
    for place, offset in behind.items():
        reader.seek(place, offset)
    unread, oldest = set(behind), time.time()
    while unread and (fetched := await reader.getmany(*unread, timeout_ms=FETCH_MILLISECONDS)):
        oldest = min(oldest, *(records[0].timestamp / 1000 for records in fetched.values()))
        unread -= fetched.keys()
    return oldest
