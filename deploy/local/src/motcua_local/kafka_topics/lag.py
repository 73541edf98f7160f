"""How far each consumer group is behind."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportPrivateImportUsage=false
# confluent_kafka types its futures as bare `Future`; see cluster.py.

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from motcua_local.kafka_topics.cluster import Connection, quiet_client

_TIMEOUT = 10.0
Place = tuple[str, int]


def group_lag(connection: Connection) -> dict[str, dict[str, int]]:
    """Records not yet consumed, by group and topic, for every group this user may see.

    A partition that a group reads but never committed counts from its beginning.
    """
    client = quiet_client(connection)
    groups = [group.group_id for group in client.list_consumer_groups().result(_TIMEOUT).valid]
    if not groups:
        return {}
    committed = {group: _committed(client, group) for group in groups}
    topics = {group: _topics(client, group, committed[group]) for group in groups}
    widths = client.list_topics(timeout=_TIMEOUT).topics
    places = [
        (topic, partition)
        for topic in sorted(set().union(*topics.values()) & widths.keys())
        for partition in widths[topic].partitions
    ]
    first = _offsets(client, places, OffsetSpec.earliest())
    last = _offsets(client, places, OffsetSpec.latest())
    return {group: _behind(committed[group], first, last, topics=topics[group]) for group in groups}


def _committed(client: AdminClient, group: str) -> dict[Place, int]:
    asked = client.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])
    found: Iterable[TopicPartition] = asked[group].result(_TIMEOUT).topic_partitions
    return {(place.topic, place.partition): place.offset for place in found if place.offset >= 0}


def _topics(client: AdminClient, group: str, committed: Mapping[Place, int]) -> set[str]:
    described = client.describe_consumer_groups([group])[group].result(_TIMEOUT)
    assigned = {
        place.topic
        for member in described.members
        if member.assignment
        for place in member.assignment.topic_partitions
    }
    return assigned | {topic for topic, _ in committed}


def _offsets(client: AdminClient, places: list[Place], spec: Any) -> dict[Place, int]:  # noqa: ANN401 - untyped there
    if not places:
        return {}
    asked = client.list_offsets({TopicPartition(*place): spec for place in places})
    return {
        (place.topic, place.partition): future.result(_TIMEOUT).offset
        for place, future in asked.items()
    }


def _behind(
    committed: Mapping[Place, int],
    first: Mapping[Place, int],
    last: Mapping[Place, int],
    *,
    topics: set[str],
) -> dict[str, int]:
    behind: Counter[str] = Counter(dict.fromkeys(topics, 0))
    for place, end in last.items():
        if place[0] in topics:
            behind[place[0]] += max(0, end - committed.get(place, first[place]))
    return dict(behind)
