"""Topics that are lost and made anew, and groups that begin from the beginning."""
# confluent_kafka types its futures as bare `Future`.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import asyncio
import contextlib
import os
import random
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from functools import partial

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from chaos.faults.fault import Struck
from chaos.recording import record_generation
from chaos.rig import Rig
from chaos.supervisor import PROGRAMS, Supervisor
from chaos.waiting import until
from motcua_local.errors import LocalError
from motcua_local.kafka_topics.cluster import quiet_client
from motcua_local.programs import KINDS, Kind

WRITERS = {
    "motcua.dossier.events.v1": "intake",
    "motcua.dossier.recipients.v1": "intake",
    "motcua.payment.events.v1": "payment",
    "motcua.certification.events.v1": "certification",
    "motcua.notification.events.v1": "notification",
}
"""The topics that are in some service's event log, by whose."""
DELETE_SECONDS = 90.0
REPLAY_SECONDS = 240.0
WAITS = b"waiting until it is made"
"""What the replay says once it has the relay's place."""
GRACE_SECONDS = 5.0
ANSWER_SECONDS = 10.0
GROUP_SECONDS = 20.0
"""A member that did not say goodbye is one until its session is over."""

READERS = tuple(name for name in PROGRAMS if KINDS[name] in {Kind.SERVICE, Kind.AGENCY})


class NotRebuiltError(Exception):
    """The replay did not do what it should."""


class TopicRebuilt:
    """A topic is deleted while all work with it; then it is made anew and filled from the log of
    the events. What was in it is saved before: the checker wants to know what readers saw.
    """

    kind = "topic-rebuilt"

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor

    def hindrance(self, _: Rig, /) -> str | None:
        return None

    async def strike(self, rig: Rig, /, chance: random.Random) -> Struck:
        topic = chance.choice(sorted(WRITERS))
        await asyncio.to_thread(record_generation, rig, rig.generation, [topic])
        # Nobody knows what became of a deletion without an answer, so it is healed in any case.
        deleted = await until(partial(_is_deleted, rig, topic), within=DELETE_SECONDS)
        rig.generation += 1
        rig.history.note("topic-rebuilt", topic=topic, generation=rig.generation)
        return Struck(topic, {"generation": rig.generation, "deleted": deleted})

    async def heal(self, rig: Rig, /, struck: Struck) -> None:
        """The replay is there first, and keeps the relay from telling news to an empty topic."""
        replay = await self._replay(struck.target)
        try:
            async with asyncio.timeout(REPLAY_SECONDS):
                told = await _until_it_waits(replay)
                await until(partial(_is_made, rig, struck.target), within=REPLAY_SECONDS)
                told += (await replay.communicate())[0]
        finally:
            if replay.returncode is None:
                replay.kill()
        if replay.returncode != 0:
            raise NotRebuiltError(told.decode(errors="replace")[-500:])

    async def _replay(self, topic: str) -> Process:
        command = self._supervisor.programs[WRITERS[topic]].command
        return await asyncio.create_subprocess_exec(
            *command.argv[:-1],
            "replay",
            "--topic",
            topic,
            env={**os.environ, **command.environment},
            cwd=command.cwd,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
        )


async def _until_it_waits(replay: Process) -> bytes:
    """What it said until it waits for the topic, or ends because there is nothing to replay."""
    told = b""
    while replay.stdout and (line := await replay.stdout.readline()):
        told += line
        if WAITS in line:
            break
    return told


async def _is_deleted(rig: Rig, topic: str) -> bool:
    """Whether there is no such topic; deletes it where there is."""
    cluster = rig.stack.engines.kafka.cluster()
    with contextlib.suppress(TimeoutError, LocalError):
        if topic not in await asyncio.to_thread(cluster.topic_names):
            return True
        await asyncio.to_thread(cluster.delete_topic, topic)
    return False


async def _is_made(rig: Rig, topic: str) -> bool:
    """Whether there is such a topic; makes it where there is none."""
    cluster = rig.stack.engines.kafka.cluster()
    brokers = len(rig.stack.engines.kafka.brokers)
    plan = rig.stack.plan.with_replication(min(rig.stack.plan.replication, brokers))
    size = {"replication": plan.replication, "in_sync": plan.in_sync}
    with contextlib.suppress(TimeoutError, LocalError):
        if topic in await asyncio.to_thread(cluster.topic_names):
            return True
        await asyncio.to_thread(cluster.create_topic, topic, plan.topics[topic], **size)
    return False


class OffsetsReset:
    """All groups of one program begin at the first record there is. It is stopped for that: Kafka
    changes no offsets under a member's feet.
    """

    kind = "offsets-reset"

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor

    def hindrance(self, _: Rig, /) -> str | None:
        return None

    async def strike(self, rig: Rig, /, chance: random.Random) -> Struck:
        victim = self._supervisor.take(chance, READERS)
        try:
            await asyncio.to_thread(rig.stack.process(victim).stop, grace=GRACE_SECONDS)
            groups = await asyncio.to_thread(_reset, rig, victim)
        except BaseException:
            await asyncio.shield(self._supervisor.start(victim))
            raise
        return Struck(victim, {"groups": groups})

    async def heal(self, _: Rig, /, struck: Struck) -> None:
        await self._supervisor.start(struck.target)


def _reset(rig: Rig, program: str) -> list[str]:
    """Put the offsets of a program's groups to the beginning, once the groups have no member."""
    client = quiet_client(rig.stack.engines.kafka.cluster().connection)
    listed = client.list_consumer_groups().result(ANSWER_SECONDS).valid
    # An agency's groups begin with `agency.<code>.`, its program is named `agency-<code>`.
    beginning = program.replace("agency-", "agency.") + "."
    groups = sorted(g.group_id for g in listed if g.group_id.startswith(beginning))
    for group in groups:
        _reset_group(client, group)
    return groups


def _reset_group(client: AdminClient, group: str) -> None:
    asked = client.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])
    known = asked[group].result(ANSWER_SECONDS).topic_partitions
    first = [TopicPartition(place.topic, place.partition, 0) for place in known]
    if not first:
        return
    deadline = time.monotonic() + GROUP_SECONDS
    while True:
        wish = [ConsumerGroupTopicPartitions(group, first)]
        try:
            client.alter_consumer_group_offsets(wish)[group].result(ANSWER_SECONDS)
        except KafkaException:  # it still has a member
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        else:
            return
