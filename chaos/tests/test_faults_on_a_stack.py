"""Each fault, struck and healed once on a running stack: it is felt, and afterwards it is over."""

import asyncio
import json
import os
import random
import re
import shutil
from base64 import b64decode
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import Any, cast

import asyncpg
import httpx2
import psutil
import pytest
from confluent_kafka import Producer

from chaos.clocks import ENGINES, Clocks, library
from chaos.faults import chest
from chaos.faults.disks import LEFT, Disks
from chaos.faults.engines import superuser
from chaos.faults.fault import Fault, Struck
from chaos.faults.inserts import refused
from chaos.faults.outsiders import MISCONDUCT
from chaos.faults.overload import FACTOR, Overload
from chaos.faults.records import LATER, PLANTED, POISON, Planted
from chaos.history import History
from chaos.load import Load
from chaos.recording import record_generation
from chaos.recovery import recovered
from chaos.rig import Rig
from chaos.schedule import SECONDS
from chaos.supervisor import Supervisor
from chaos.topics import login
from chaos.waiting import until
from motcua_local.demo.papers import pdf
from motcua_local.demo.people import sign_in
from motcua_local.engines import Engines
from motcua_local.fresh import alone_with, empty
from motcua_local.kafka_topics import Connection
from motcua_local.kafka_topics.cluster import quiet_client
from motcua_local.kafka_topics.lag import group_lag
from motcua_local.programs import programs
from motcua_local.stack import Stack

FOLDER = Path(__file__).parents[2] / "var" / "nemesis stack"

_LARGE = "CREATE TABLE large AS SELECT repeat(md5(g::text), 30) FROM generate_series(1, 50000) AS g"

pytestmark = pytest.mark.timeout(300)


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


@pytest.fixture(scope="module")
async def bench() -> AsyncIterator[Bench]:
    """Everything up, with clocks and disks that faults can be done to, and a few dossiers ended."""
    with pytest.MonkeyPatch.context() as environment, alone_with(FOLDER):
        for name in filter(re.compile("MOTCUA_.+_PORT").fullmatch, os.environ):
            environment.delenv(name)
        for name, value in os.environ.items():
            environment.setenv(name, value)  # and so put back what clocks do to it
        chest.clear_remains(FOLDER)
        clocks, disks = Clocks(FOLDER), Disks(FOLDER)
        stack = Stack(FOLDER, catalogue=clocks.set_in(programs))
        stack.engines = Engines(FOLDER, short_lived=True)
        try:
            await asyncio.to_thread(empty, stack)
            await asyncio.to_thread(disks.prepare, stack)
            clocks.set_for_engines()
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


async def test_every_kind_is_permitted_or_says_why_not(bench: Bench) -> None:
    hindrances = {kind: fault.hindrance(bench.rig) for kind, fault in bench.faults.items()}
    assert {kind for kind in SECONDS if not kind.startswith("network")} == bench.faults.keys()
    if os.geteuid() == 0 and library():
        assert set(hindrances.values()) == {None}


async def test_a_paused_program_does_not_answer_until_it_goes_on(bench: Bench) -> None:
    async with bench.struck("pause", "payment") as struck:
        assert struck.target == "payment"
        assert not bench.supervisor.is_free("payment")
        with pytest.raises(httpx2.TimeoutException):
            httpx2.get(f"{bench.url('payment')}/livez", timeout=1)
        missing = (await recovered(bench.rig, within=3)).missing
        assert "payment ready" in missing
    assert bench.supervisor.is_free("payment")


async def test_a_killed_broker_is_away_and_comes_back(bench: Bench) -> None:
    async with bench.struck("broker-kill"):
        assert bench.rig.stack.process("kafka").running() is None
        assert "consumers" in (await recovered(bench.rig, within=4)).missing


async def test_a_killed_database_is_away_and_comes_back(bench: Bench) -> None:
    async with bench.struck("database-kill"):
        with pytest.raises(OSError, match="Connect call failed"):
            await asyncpg.connect(bench.rig.endpoints["postgres"]["intake"])


async def test_a_service_loses_its_connections_and_makes_new_ones(bench: Bench) -> None:
    before = await _backends(bench, "intake")
    async with bench.struck("backends-terminated", "intake") as struck:
        assert struck.details["connections"] == len(before) > 0
        assert not before & await _backends(bench, "intake")


async def test_the_chosen_insert_fails_and_no_other(bench: Bench) -> None:
    insert = "INSERT INTO inbox VALUES ('a test', 'a test', $1)"
    async with bench.struck("insert-fails", "payment", "inbox") as struck:
        assert struck.target == "payment.inbox"
        with pytest.raises(asyncpg.RaiseError, match="chosen to fail"):
            await _ask(bench, "payment", insert, "1")
        await _ask(bench, "payment", "INSERT INTO streams VALUES ('a test', 'a test', 1)")
        assert await refused(bench.rig, "payment") == 1
    await _ask(bench, "payment", insert, "2")
    left = await _ask(bench, "payment", "SELECT 1 FROM pg_proc WHERE proname ~ 'chaos'")
    assert left == []


@pytest.mark.parametrize("place", ["intake-files", "kafka", "postgres"])
async def test_a_full_disk_takes_no_more_until_there_is_room(bench: Bench, place: str) -> None:
    if hindrance := bench.disks.hindrance():
        pytest.skip(hindrance)
    growing = bench.disks.place(place) / "growing"
    try:
        async with bench.struck("disk-full", place):
            with pytest.raises(OSError, match="No space left"):
                growing.write_bytes(b"x" * 2 * max(LEFT))
            await _press_on(bench, place)
        growing.write_bytes(b"x" * 2 * max(LEFT))
    finally:
        growing.unlink()


async def test_an_agency_is_away_for_three_days(bench: Bench) -> None:
    async with bench.struck("agency-away", "agency-H42.10") as struck:
        assert not bench.supervisor.runs("agency-H42.10")
        await _until_it_is(bench, "intake", hours=float(str(struck.details["hours"])))
    await _until_it_is(bench, "intake", hours=0)
    assert bench.supervisor.runs("agency-H42.10")


async def test_a_slow_agency_stands_still_most_of_the_time(bench: Bench) -> None:
    agency = bench.rig.stack.process("agency-H42.11").running()
    assert agency
    async with bench.struck("agency-slow", "agency-H42.11"):
        seen: list[str] = []
        for _ in range(40):
            seen.append(agency.status())
            await asyncio.sleep(0.1)
        assert 20 < seen.count(psutil.STATUS_STOPPED) < 40
    assert agency.status() != psutil.STATUS_STOPPED


@pytest.mark.parametrize("kind", sorted(MISCONDUCT))
async def test_an_outsider_misbehaves_until_told_to_stop(bench: Bench, kind: str) -> None:
    fault = bench.faults[kind]
    struck = await fault.strike(bench.rig, Dice())
    waiting = f"{bench.url(struck.target)}/_faults"
    assert httpx2.get(waiting).json() == [
        {"amount": None, "copies": 2, "seconds": 0, "target": None, **order}
        for order in cast("list[dict[str, Any]]", struck.details["orders"])
    ]
    await fault.heal(bench.rig, struck)
    bench.supervisor.let_go()
    assert httpx2.get(waiting).json() == []


@pytest.mark.parametrize("kind", ["poison", "future-schema"])
async def test_what_is_planted_is_parked_for_the_reason_that_was_told(
    bench: Bench, kind: str
) -> None:
    table = {"poison": POISON, "future-schema": LATER}[kind]
    fault = Planted(kind, table, at_once=len(table))
    await fault.strike(bench.rig, Dice("H42.10"))
    told = {note["plantedId"]: note["expects"] for note in _notes(bench, "poison")}
    assert await until(partial(_parked, bench, told), within=30), await _held(bench)


async def test_a_programs_clock_jumps_and_comes_back(bench: Bench) -> None:
    if hindrance := bench.clocks.hindrance():
        pytest.skip(hindrance)
    for hours in (-1, 1, 30 * 24):
        async with bench.struck("clock-jump", "notification", hours * 3600.0):
            await _until_it_is(bench, "notification", hours=hours)
        await _until_it_is(bench, "notification", hours=0)


async def test_the_engines_clock_jumps_and_they_go_on(bench: Bench) -> None:
    if hindrance := bench.clocks.hindrance():
        pytest.skip(hindrance)

    async def is_ahead() -> bool:
        [(now,)] = await _ask(bench, "intake", "SELECT clock_timestamp()")
        return now - datetime.now(UTC) > timedelta(minutes=50)

    async with bench.struck("clock-jump", ENGINES, 3600.0):
        assert await until(is_ahead, within=5)
        assert await until(partial(_takes_records, bench), within=20)


async def test_a_lost_topic_is_made_anew_from_the_log(bench: Bench) -> None:
    topic = "motcua.dossier.events.v1"
    async with bench.struck("topic-rebuilt", topic) as struck:
        assert topic not in bench.rig.stack.engines.kafka.cluster().topic_names()
        assert struck.details["generation"] == 1
    record_generation(bench.rig, 1, [topic])
    older, newer = (_events(bench, generation, topic) for generation in (0, 1))
    assert older == newer
    logged = await _ask(bench, "intake", "SELECT event_id FROM event_log WHERE topic = $1", topic)
    assert {event_id for (event_id,) in logged} == {event_id for _, event_id in newer}
    assert _notes(bench, "topic-rebuilt")[0]["topic"] == topic


async def test_a_groups_offsets_are_put_to_the_beginning(bench: Bench) -> None:
    async with bench.struck("offsets-reset", "notification") as struck:
        assert set(cast("list[str]", struck.details["groups"])) == {
            "notification.facts",
            "notification.recipients",
        }
        assert not bench.supervisor.runs("notification")
        lag = await asyncio.to_thread(_lag, bench)
        assert sum(lag["notification.facts"].values()) > 10
    assert await until(partial(_all_is_read, bench), within=30)


async def test_in_a_storm_members_join_and_leave(bench: Bench) -> None:
    async with bench.struck("rebalance-storm", "payment"):
        assert await until(partial(_has_members, bench, "payment.dossiers", 2), within=60)
    replicas = [bench.rig.stack.process(f"payment-replica-{number}") for number in (1, 2, 3)]
    assert [replica.running() for replica in replicas] == [None] * 3
    assert bench.supervisor.is_free("payment")


async def test_an_overload_lasts_until_it_is_healed(bench: Bench) -> None:
    bursting = asyncio.Event()

    async def burst(factor: float, seconds: float) -> None:
        assert factor == FACTOR
        bursting.set()
        try:
            await asyncio.sleep(seconds)
        finally:
            bursting.clear()

    fault = Overload(burst)
    struck = await fault.strike(bench.rig, Dice())
    await asyncio.wait_for(bursting.wait(), 5)
    await fault.heal(bench.rig, struck)
    assert not bursting.is_set()


async def _ask(bench: Bench, service: str, statement: str, *arguments: object) -> list[Any]:
    connection = await asyncpg.connect(superuser(bench.rig, service))
    try:
        return await connection.fetch(statement, *arguments)
    finally:
        await connection.close()


async def _backends(bench: Bench, service: str) -> set[int]:
    statement = "SELECT pid FROM pg_stat_activity WHERE datname = $1 AND usename = $1"
    return {pid for (pid,) in await _ask(bench, "postgres", statement, service)}


async def _press_on(bench: Bench, place: str) -> None:
    """Whoever writes to the full disk is refused, and says so."""
    if place == "intake-files":
        person = await asyncio.to_thread(sign_in, _issuer(bench), "nguyen-thi-dao")
        headers = {"Authorization": f"Bearer {person.token}", "Content-Type": "application/pdf"}
        url = f"{bench.url('intake')}/v1/files?name=paper.pdf"
        assert httpx2.post(url, content=pdf("paper"), headers=headers).status_code in {503, 507}
    elif place == "kafka":
        assert not await _takes_records(bench)
    else:
        with pytest.raises((asyncpg.PostgresError, OSError)):
            await _ask(bench, "intake", _LARGE)


async def _until_it_is(bench: Bench, service: str, *, hours: float) -> None:
    """Until a service's clock shows so many hours more than the right time."""

    async def is_so() -> bool:
        said = httpx2.get(f"{bench.url(service)}/livez", timeout=5).headers["date"]
        ahead = parsedate_to_datetime(said) - datetime.now(UTC)
        return abs(ahead - timedelta(hours=hours)) < timedelta(minutes=5)

    assert await until(is_so, within=10)


async def _takes_records(bench: Bench) -> bool:
    """Whether the broker acknowledges what the notification service might write."""
    settings = {**login(bench.rig.endpoints["kafka"], "notification"), "acks": "all"}
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


async def _parked(bench: Bench, told: Mapping[str, str]) -> bool:
    """Whether all that was planted, and nothing else, is parked for the reason that was told."""
    return await _held(bench) == told


async def _held(bench: Bench) -> dict[str, str]:
    """What is parked, by what it was planted as."""
    statement = "SELECT record_headers, reason FROM held_messages WHERE state = 'parked'"
    held: dict[str, str] = {}
    for headers, reason in await _ask(bench, "intake", statement):
        planted = dict(json.loads(headers)).get(PLANTED) or "nothing that was planted"
        held[b64decode(planted).decode()] = reason
    return held


def _notes(bench: Bench, what: str) -> list[dict[str, Any]]:
    lines = map(json.loads, (bench.rig.run / "history.jsonl").read_text().splitlines())
    return [line for line in lines if line.get("note") == what]


def _events(bench: Bench, generation: int, topic: str) -> list[tuple[int, str]]:
    """Partition and id of each event that was saved, each once, in order."""
    path = bench.rig.run / "topics" / str(generation) / "operator" / f"{topic}.jsonl"
    records = [json.loads(line) for line in path.read_text().splitlines()]
    ids = [b64decode(dict(record["headers"])["ce_id"]).decode() for record in records]
    return [*dict.fromkeys(zip([record["partition"] for record in records], ids, strict=True))]


def _lag(bench: Bench) -> dict[str, dict[str, int]]:
    kafka = bench.rig.endpoints["kafka"]
    operator = kafka["principals"]["operator"]
    return group_lag(Connection(kafka["bootstrap"], operator["username"], operator["password"]))


async def _all_is_read(bench: Bench) -> bool:
    lag = await asyncio.to_thread(_lag, bench)
    return not any(sum(behind.values()) for behind in lag.values())


async def _has_members(bench: Bench, group: str, count: int) -> bool:
    client = quiet_client(bench.rig.stack.engines.kafka.cluster().connection)
    described = client.describe_consumer_groups([group])[group]
    return len((await asyncio.to_thread(described.result, 10)).members) >= count


def _issuer(bench: Bench) -> str:
    return bench.rig.endpoints["identity"]["issuer"]
