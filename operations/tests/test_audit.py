"""The hash chain over what was published shows every change."""

import random
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from chassis.relay import GENESIS, seal
from chassis.rows import columns, insert_statement
from chassis.settings import KafkaSettings
from chassis.testing.dossiers import dossier_id
from operations import audit
from operations.audit import Head, Walk

from .publishing import Operator, publish
from .tampering import TAMPERINGS, Rows

SEED = 20261125
EVENTS = 60
_READ = "SELECT *, headers::text AS headers FROM event_log ORDER BY position"
_WRITE = insert_statement(
    "event_log",
    {
        "position": "bigint",
        "event_id": "text",
        "topic": "text",
        "subject": "text",
        "sequence": "bigint",
        "headers": "jsonb",
        "value": "bytea",
        "created_at": "timestamptz",
        "published_at": "timestamptz",
        "hash": "bytea",
    },
)


@pytest.fixture
async def log(
    database: Database, kafka_settings: KafkaSettings, topic: str
) -> AsyncIterator[AsyncConnection]:
    """A connection to the database of a service that published."""
    dossiers = [dossier_id() for _ in range(EVENTS // 4)]
    await publish(database, kafka_settings, topic, dossiers * 4)
    async with database.engine.connect() as connection:
        yield connection


async def read(log: AsyncConnection) -> Rows:
    rows = (await log.exec_driver_sql(_READ)).mappings()
    return [dict(row) for row in rows]


async def rewrite(log: AsyncConnection, rows: Rows) -> None:
    """Let these rows be the log."""
    names = ("position", "event_id", "topic", "subject", "sequence", "headers", "value")
    times = ("created_at", "published_at", "hash")
    await log.exec_driver_sql("DELETE FROM event_log")
    values = columns([[row[name] for name in (*names, *times)] for row in rows])
    await log.exec_driver_sql(_WRITE, values)


def found(rows: Rows) -> bool:
    return not Walk().covers(sorted(rows, key=lambda row: row["position"]))


async def test_ten_thousand_changes_are_all_found(log: AsyncConnection) -> None:
    rows, dice = await read(log), random.Random(SEED)
    assert not found(rows)
    missed: Counter[str] = Counter()
    for _ in range(10_000):
        name, tamper = dice.choice([*TAMPERINGS.items()])
        missed[name] += not found(tamper(rows, dice))
    assert missed.total() == 0, missed


async def test_changes_in_the_database_itself_are_found(log: AsyncConnection) -> None:
    rows, dice = await read(log), random.Random(SEED)
    await log.rollback()
    refused = 0
    for _ in range(300):
        tampered = dice.choice([*TAMPERINGS.values()])(rows, dice)
        try:
            await rewrite(log, tampered)
            assert not (await audit.verify(log)).intact
        except IntegrityError:  # the table's own constraints do not have it
            refused += 1
        await log.rollback()
    assert refused < 60
    assert (await audit.verify(log)).intact


async def test_what_is_wrong_is_told_with_its_place(log: AsyncConnection) -> None:
    rows = await read(log)
    await rewrite(log, rows[:3] + rows[4:])
    verdict = await audit.verify(log)
    assert str(verdict) == "BROKEN at 4: edited, deleted or reordered; sound before it"
    assert verdict.sound == Head(rows[2]["hash"], 3)


async def test_a_row_at_a_place_that_no_relay_writes_to_is_found(log: AsyncConnection) -> None:
    rows = await read(log)
    stray = {**rows[0], "position": 0, "sequence": 1_000}
    await rewrite(log, [stray, *rows])
    assert not (await audit.verify(log)).intact


async def test_the_times_of_rows_are_not_sealed(log: AsyncConnection) -> None:
    """The time of the fact is: it is a header. See docs/runbooks/event-log.md."""
    await log.exec_driver_sql("UPDATE event_log SET published_at = now(), created_at = now()")
    assert (await audit.verify(log)).intact


async def test_a_cut_shows_against_any_head_that_was_noted_after_it(log: AsyncConnection) -> None:
    rows = await read(log)
    heads = [Head(row["hash"], row["position"]) for row in rows]
    assert await audit.head(log) == heads[-1]
    for left in (0, 1, 30, EVENTS - 1):
        await rewrite(log, rows[:left]) if left else await log.exec_driver_sql(
            "DELETE FROM event_log"
        )
        assert (await audit.verify(log)).intact, "not to be seen from the rows alone"
        assert (await audit.verify(log, heads[:left])).intact
        verdict = await audit.verify(log, [heads[-1]])
        assert str(verdict) == f"BROKEN after {left}: cut off, since a head was noted at {EVENTS}"


async def test_a_log_that_was_rewritten_whole_shows_against_a_noted_head(
    log: AsyncConnection,
) -> None:
    rows = await read(log)
    noted = Head(rows[40]["hash"], 41)
    await rewrite(log, resealed([*rows[:9], {**rows[9], "value": b"{}"}, *rows[10:]]))
    assert (await audit.verify(log)).intact
    assert (await audit.verify(log, [Head(rows[8]["hash"], 9)])).intact, "it is sound up to there"
    verdict = await audit.verify(log, [noted])
    assert str(verdict) == "BROKEN at or before 41: rewritten, since another head was noted there"


def resealed(rows: Rows) -> Rows:
    """The rows with every hash computed anew."""
    head, sealed = GENESIS, []
    for row in rows:
        head = seal(head, row["position"], row)
        sealed.append({**row, "hash": head})
    return sealed


async def test_an_operator_notes_a_head_and_verifies_against_it(
    operator: Operator, database: Database, kafka_settings: KafkaSettings, topic: str
) -> None:
    empty = await operator.ask("audit", "head")
    assert empty.out == f"{GENESIS.hex()}@0\n"
    await publish(database, kafka_settings, topic, [dossier_id() for _ in range(5)])
    noted = (await operator.ask("audit", "head")).out.strip()
    assert noted.endswith("@5")
    answer = await operator.ask("audit", "verify", "--head", noted, "--head", empty.out.strip())
    assert (answer.code, answer.out) == (0, f"intact: 5 events, head {noted}\n")
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql("DELETE FROM event_log WHERE position = 5")
    assert (await operator.ask("audit", "verify")).code == 0
    answer = await operator.ask("audit", "verify", "--head", noted)
    assert answer.code == 1
    assert answer.out == "BROKEN after 4: cut off, since a head was noted at 5\n"


@pytest.mark.parametrize("text", ["", "5", "zz@5", "abcd@", "abcd@five"])
async def test_what_is_no_head_is_refused(operator: Operator, text: str) -> None:
    with pytest.raises(SystemExit) as usage:
        await operator.ask("audit", "verify", f"--head={text}")
    assert usage.value.code == 2
