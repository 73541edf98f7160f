"""A running stack to which faults are done, and looks at what they did."""

import asyncio
import json
import os
import random
import re
import shutil
from base64 import b64decode
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from confluent_kafka import Producer

from chaos.clocks import ENGINES, Clocks
from chaos.faults import chest
from chaos.faults.disks import Disks
from chaos.faults.engines import superuser
from chaos.faults.fault import Fault, Struck
from chaos.faults.records import PLANTED
from chaos.history import History
from chaos.load import Load
from chaos.recovery import recovered
from chaos.rig import Rig
from chaos.supervisor import Supervisor
from chaos.topics import login
from motcua_local.engines import Engines
from motcua_local.fresh import alone_with, empty
from motcua_local.kafka_topics import Connection
from motcua_local.kafka_topics.cluster import quiet_client
from motcua_local.kafka_topics.lag import group_lag
from motcua_local.programs import programs
from motcua_local.stack import Stack

FOLDER = Path(__file__).parents[2] / "var" / "nemesis stack"


class Dice(random.Random):
    """Chance that falls as it is told to, as long as it can."""

    def __init__(self, *wanted: object) -> None:
        super().__init__(1)
        self._wanted = list(wanted)

    def choice(self, seq: Any) -> Any:
        chosen = next((each for each in seq if each in self._wanted), None)
        return super().choice(seq) if chosen is None else chosen


@dataclass(frozen=True)
class Bench:
    """A running stack, and every fault that can be done to it."""

    rig: Rig
    supervisor: Supervisor
    clocks: Clocks
    disks: Disks
    faults: Mapping[str, Fault]

    @asynccontextmanager
    async def struck(self, kind: str, *wanted: object) -> AsyncGenerator[Struck]:
        """Something is broken for the length of the block; then all goes on again."""
        fault = self.faults[kind]
        struck = await fault.strike(self.rig, Dice(*wanted))
        try:
            yield struck
        finally:
            await fault.heal(self.rig, struck)
            self.supervisor.let_go()
        assert (await recovered(self.rig)).missing == ()

    def url(self, name: str) -> str:
        known = self.rig.endpoints
        addresses = {**known["services"], **known["gateways"], "mail": known["mail"]}
        return {**addresses, "trust": known["trust"]}[name]["url"]

    async def ask(self, service: str, statement: str, *arguments: object) -> list[Any]:
        connection = await asyncpg.connect(superuser(self.rig, service))
        try:
            return await connection.fetch(statement, *arguments)
        finally:
            await connection.close()

    async def backends(self, service: str) -> set[int]:
        statement = "SELECT pid FROM pg_stat_activity WHERE datname = $1 AND usename = $1"
        return {pid for (pid,) in await self.ask("postgres", statement, service)}

    async def takes_records(self) -> bool:
        """Whether the broker acknowledges what the notification service might write."""
        settings = {**login(self.rig.endpoints["kafka"], "notification"), "acks": "all"}
        producer = Producer({**settings, "message.timeout.ms": 4000})
        taken: list[bool] = []
        producer.produce(
            "motcua.notification.events.v1",
            b"x" * 500_000,
            key=b"a test",
            on_delivery=lambda error, _: taken.append(error is None),
        )
        await asyncio.to_thread(producer.flush, 8)
        return taken == [True]

    async def held(self) -> dict[str, str]:
        """What is parked, by what it was planted as."""
        statement = "SELECT record_headers, reason FROM held_messages WHERE state = 'parked'"
        held: dict[str, str] = {}
        for headers, reason in await self.ask("intake", statement):
            planted = dict(json.loads(headers)).get(PLANTED) or "nothing that was planted"
            held[b64decode(planted).decode()] = reason
        return held

    def notes(self, what: str) -> list[dict[str, Any]]:
        lines = map(json.loads, (self.rig.run / "history.jsonl").read_text().splitlines())
        return [line for line in lines if line.get("note") == what]

    def events(self, generation: int, topic: str) -> list[tuple[int, str]]:
        """Partition and id of each event that was saved, each once, in order."""
        path = self.rig.run / "topics" / str(generation) / "operator" / f"{topic}.jsonl"
        records = [json.loads(line) for line in path.read_text().splitlines()]
        ids = [b64decode(dict(record["headers"])["ce_id"]).decode() for record in records]
        return [*dict.fromkeys(zip([record["partition"] for record in records], ids, strict=True))]

    def lag(self) -> dict[str, dict[str, int]]:
        kafka = self.rig.endpoints["kafka"]
        operator = kafka["principals"]["operator"]
        return group_lag(Connection(kafka["bootstrap"], operator["username"], operator["password"]))

    async def all_is_read(self) -> bool:
        lag = await asyncio.to_thread(self.lag)
        return not any(sum(behind.values()) for behind in lag.values())

    async def has_members(self, group: str, count: int) -> bool:
        client = quiet_client(self.rig.stack.engines.kafka.cluster().connection)
        described = client.describe_consumer_groups([group])[group]
        return len((await asyncio.to_thread(described.result, 10)).members) >= count


@asynccontextmanager
async def benched() -> AsyncGenerator[Bench]:
    """Everything up, with clocks and disks that faults can be done to, and a few dossiers ended."""
    with pytest.MonkeyPatch.context() as environment, alone_with(FOLDER):
        for name in filter(re.compile("MOTCUA_.+_PORT").fullmatch, os.environ):
            environment.delenv(name)
        chest.clear_remains(FOLDER)
        clocks, disks = Clocks(FOLDER), Disks(FOLDER)
        stack = Stack(FOLDER, catalogue=clocks.set_in(programs))
        stack.engines = Engines(FOLDER, short_lived=True)
        try:
            await asyncio.to_thread(empty, stack)
            await asyncio.to_thread(disks.prepare, stack)
            for name, value in clocks.environment(ENGINES).items():
                environment.setenv(name, value)
            await asyncio.to_thread(stack.up)
            yield await _bench(stack, clocks, disks)
        finally:
            clocks.put_all_right()
            await asyncio.to_thread(stack.down)
            chest.clear_remains(FOLDER)


async def _bench(stack: Stack, clocks: Clocks, disks: Disks) -> Bench:
    run = FOLDER / "saved run"
    shutil.rmtree(run, ignore_errors=True)
    endpoints = json.loads(stack.endpoints_file.read_text())
    rig = Rig(stack, run, History(run / "history.jsonl"), endpoints, doors=endpoints, seed=1)
    supervisor = Supervisor(stack, rig.history)
    load = Load(rig, dossiers=4)
    faults = chest.chest(supervisor, clocks=clocks, disks=disks, burst=load.burst)
    await load.run()
    return Bench(rig, supervisor, clocks, disks, {fault.kind: fault for fault in faults})
