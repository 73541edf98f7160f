"""Each fault, struck and healed once on a running stack: it is felt, and afterwards it is over."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, cast

import asyncpg
import httpx2
import psutil
import pytest

from chaos.clocks import ENGINES, library
from chaos.faults.disks import LEFT
from chaos.faults.inserts import refused
from chaos.faults.outsiders import MISCONDUCT
from chaos.faults.overload import FACTOR, Overload
from chaos.faults.records import LATER, POISON, Planted
from chaos.recording import record_generation
from chaos.recovery import recovered
from chaos.schedule import SECONDS
from chaos.waiting import until
from motcua_local.demo.papers import pdf
from motcua_local.demo.people import sign_in

from .bench import Bench, Dice, benched

_LARGE = "CREATE TABLE large AS SELECT repeat(md5(g::text), 30) FROM generate_series(1, 50000) AS g"

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
async def bench() -> AsyncIterator[Bench]:
    async with benched() as bench:
        yield bench


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
    before = await bench.backends("intake")
    async with bench.struck("backends-terminated", "intake") as struck:
        assert struck.details["connections"] == len(before) > 0
        assert not before & await bench.backends("intake")


async def test_the_chosen_insert_fails_and_no_other(bench: Bench) -> None:
    insert = "INSERT INTO inbox VALUES ('a test', 'a test', $1)"
    async with bench.struck("insert-fails", "payment", "inbox") as struck:
        assert struck.target == "payment.inbox"
        with pytest.raises(asyncpg.RaiseError, match="chosen to fail"):
            await bench.ask("payment", insert, "1")
        await bench.ask("payment", "INSERT INTO streams VALUES ('a test', 'a test', 1)")
        assert await refused(bench.rig, "payment") == 1
    await bench.ask("payment", insert, "2")
    left = await bench.ask("payment", "SELECT 1 FROM pg_proc WHERE proname ~ 'chaos'")
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
    told = {note["plantedId"]: note["expects"] for note in bench.notes("poison")}
    assert await until(partial(_parked, bench, told), within=30), await bench.held()


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
        [(now,)] = await bench.ask("intake", "SELECT clock_timestamp()")
        return now - datetime.now(UTC) > timedelta(minutes=50)

    async with bench.struck("clock-jump", ENGINES, 3600.0):
        assert await until(is_ahead, within=5)
        assert await until(bench.takes_records, within=20)


async def test_a_lost_topic_is_made_anew_from_the_log(bench: Bench) -> None:
    topic = "motcua.dossier.events.v1"
    async with bench.struck("topic-rebuilt", topic) as struck:
        assert topic not in bench.rig.stack.engines.kafka.cluster().topic_names()
        assert struck.details["generation"] == 1
    record_generation(bench.rig, 1, [topic])
    older, newer = (bench.events(generation, topic) for generation in (0, 1))
    assert older == newer
    logged = await bench.ask("intake", "SELECT event_id FROM event_log WHERE topic = $1", topic)
    assert {event_id for (event_id,) in logged} == {event_id for _, event_id in newer}
    assert bench.notes("topic-rebuilt")[0]["topic"] == topic


async def test_a_groups_offsets_are_put_to_the_beginning(bench: Bench) -> None:
    async with bench.struck("offsets-reset", "notification") as struck:
        assert set(cast("list[str]", struck.details["groups"])) == {
            "notification.facts",
            "notification.recipients",
        }
        assert not bench.supervisor.runs("notification")
        lag = await asyncio.to_thread(bench.lag)
        assert sum(lag["notification.facts"].values()) > 10
    assert await until(bench.all_is_read, within=30)


async def test_in_a_storm_members_join_and_leave(bench: Bench) -> None:
    async with bench.struck("rebalance-storm", "payment"):
        assert await until(partial(bench.has_members, "payment.dossiers", 2), within=60)
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


async def _press_on(bench: Bench, place: str) -> None:
    """Whoever writes to the full disk is refused, and says so."""
    if place == "intake-files":
        person = await asyncio.to_thread(
            sign_in, bench.rig.endpoints["identity"]["issuer"], "nguyen-thi-dao"
        )
        headers = {"Authorization": f"Bearer {person.token}", "Content-Type": "application/pdf"}
        url = f"{bench.url('intake')}/v1/files?name=paper.pdf"
        assert httpx2.post(url, content=pdf("paper"), headers=headers).status_code in {503, 507}
    elif place == "kafka":
        assert not await bench.takes_records()
    else:
        with pytest.raises((asyncpg.PostgresError, OSError)):
            await bench.ask("intake", _LARGE)


async def _until_it_is(bench: Bench, service: str, *, hours: float) -> None:
    """Until a service's clock shows so many hours more than the right time."""

    async def is_so() -> bool:
        said = httpx2.get(f"{bench.url(service)}/livez", timeout=5).headers["date"]
        ahead = parsedate_to_datetime(said) - datetime.now(UTC)
        return abs(ahead - timedelta(hours=hours)) < timedelta(minutes=5)

    assert await until(is_so, within=10)


async def _parked(bench: Bench, told: Mapping[str, str]) -> bool:
    """Whether all that was planted, and nothing else, is parked for the reason that was told."""
    return await bench.held() == told
