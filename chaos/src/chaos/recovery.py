"""When the system goes on as if nothing had been: how long that takes after a fault.

It goes on when every service said that it is ready, no event of it was old and unpublished, and
every consumer group had read all or was reading. Each of these is waited for on its own: somebody
is killed every few seconds, so that they are hardly ever true at once.
"""
# confluent_kafka types its futures as bare `Future`.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import asyncpg
from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException

from chaos.rig import Rig
from chaos.supervisor import answers
from chaos.waiting import until
from motcua_local.kafka_topics import Connection
from motcua_local.kafka_topics.cluster import quiet_client
from motcua_local.kafka_topics.lag import group_lag

YOUNG_SECONDS = 5.0
LOOK_SECONDS = 1.0
ASK_SECONDS = 5.0

_OLDEST = "SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 FROM outbox"


@dataclass(frozen=True)
class Recovery:
    """How long it took, and what had not come back when patience ended: nothing, all being well."""

    seconds: float
    missing: tuple[str, ...]

    def as_details(self) -> dict[str, object]:
        """As a heal line tells it."""
        if self.missing:
            return {"notRecoveredWithin": round(self.seconds, 1), "missing": list(self.missing)}
        return {"recoveredSeconds": round(self.seconds, 2)}


async def recovered(rig: Rig, *, within: float = 60.0) -> Recovery:
    """Wait until everything goes on, at most `within` seconds."""
    began = time.monotonic()
    services = rig.endpoints["services"]
    waits = {
        **{f"{name} ready": partial(_ready, services[name]["url"]) for name in services},
        **{f"{name} publishes": partial(_publishes, rig, name) for name in services},
        "consumers": _Readers(rig).go_on,
    }
    async with asyncio.TaskGroup() as group:
        looks = {
            what: group.create_task(until(ask, within=within, every=LOOK_SECONDS))
            for what, ask in waits.items()
        }
    missing = tuple(what for what, look in looks.items() if not look.result())
    return Recovery(time.monotonic() - began, missing)


async def _ready(url: str) -> bool:
    return await answers(f"{url}/readyz")


async def _publishes(rig: Rig, service: str) -> bool:
    """Whether no event has waited for long."""
    try:
        async with asyncio.timeout(ASK_SECONDS):
            connection = await asyncpg.connect(rig.endpoints["postgres"][service])
            try:
                return await connection.fetchval(_OLDEST) < YOUNG_SECONDS
            finally:
                connection.terminate()
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False


class _Readers:
    """The consumer groups, and how far those that are behind were when last looked at."""

    def __init__(self, rig: Rig) -> None:
        kafka = rig.endpoints["kafka"]
        operator = kafka["principals"]["operator"]
        login = operator["username"], operator["password"]
        self._connection = Connection(kafka["bootstrap"], *login)
        self._well: set[str] = set()
        self._before: dict[str, int] = {}

    async def go_on(self) -> bool:
        """Whether each group was seen with nothing left to read, or reading."""
        return await asyncio.to_thread(self._look)

    def _look(self) -> bool:
        try:
            behind = _behind(self._connection)
            now = _positions(self._connection, [name for name, lag in behind.items() if lag])
        except (KafkaException, TimeoutError):
            return False
        moved = {name for name in now if now[name] > self._before.get(name, now[name])}
        self._before |= now
        self._well |= moved | (behind.keys() - now.keys())
        return behind.keys() <= self._well


def _behind(connection: Connection) -> dict[str, int]:
    """How many records each group has not read; the operator's own readers are nobody's concern."""
    groups = group_lag(connection)
    return {name: sum(lag.values()) for name, lag in groups.items() if ".recorder" not in name}


def _positions(connection: Connection, groups: Sequence[str]) -> dict[str, int]:
    """How far each group has come: the sum of its offsets."""
    client = quiet_client(connection)
    asked = {
        name: client.list_consumer_group_offsets([ConsumerGroupTopicPartitions(name)])[name]
        for name in groups
    }
    return {
        name: sum(max(0, place.offset) for place in answer.result(ASK_SECONDS).topic_partitions)
        for name, answer in asked.items()
    }
