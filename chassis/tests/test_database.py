"""What counts as an outage: work waits for the database, and for nothing else."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text

from chassis.database import Database, is_away
from chassis.errors import Transient

Trouble = Callable[[Database], Awaitable[object]]


async def _query(database: Database, statement: str, **values: object) -> None:
    async with database.transaction() as session:
        await session.exec(text(statement).bindparams(**values))  # pyright: ignore[reportCallIssue, reportArgumentType] - text is no model


async def nobody_listens(_: Database) -> None:
    await _query(Database("postgresql+asyncpg://nobody@127.0.0.1:1/nothing"), "SELECT 1")


async def the_name_does_not_resolve(_: Database) -> None:
    await _query(Database("postgresql+asyncpg://nobody@nowhere.invalid:1/nothing"), "SELECT 1")


async def every_connection_is_taken(database: Database) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    small = Database(url, connections=1)
    small.engine.pool._timeout = 0.05  # pyright: ignore[reportAttributeAccessIssue]
    try:
        async with small.transaction():
            await _query(small, "SELECT 1")
    finally:
        await small.close()


async def no_answer_comes_in_time(database: Database) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    impatient = Database(url, statement_seconds=0.05)
    try:
        await _query(impatient, "SELECT pg_sleep(5)")
    finally:
        await impatient.close()


async def the_connection_is_cut(database: Database) -> None:
    await _query(database, "SELECT pg_terminate_backend(pg_backend_pid())")


async def it_is_read_only(database: Database) -> None:
    async with database.transaction() as session:
        connection = await session.connection()
        await connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        await connection.exec_driver_sql("DELETE FROM inbox")


async def we_fell_silent_with_a_lock(database: Database) -> None:
    async with database.transaction() as session:
        connection = await session.connection()
        await connection.exec_driver_sql("SET idle_in_transaction_session_timeout = 50")
        await connection.exec_driver_sql("LOCK TABLE inbox")
        await _query(database, "LOCK TABLE inbox")
        await connection.exec_driver_sql("SELECT 1")


AWAY: list[Trouble] = [
    nobody_listens,
    the_name_does_not_resolve,
    every_connection_is_taken,
    no_answer_comes_in_time,
    the_connection_is_cut,
    it_is_read_only,
    we_fell_silent_with_a_lock,
]


@pytest.mark.parametrize("trouble", AWAY)
async def test_the_database_is_away(database: Database, trouble: Trouble) -> None:
    with pytest.raises(Exception) as raised:  # noqa: PT011 - which one is what is tested
        await trouble(database)
    assert is_away(raised.value)
    await _query(database, "SELECT 1")


async def a_value_does_not_fit(database: Database) -> None:
    async with database.transaction() as session:
        connection = await session.connection()
        await connection.exec_driver_sql("SELECT $1::integer", (10**12,))


async def a_table_is_missing(database: Database) -> None:
    await _query(database, "SELECT * FROM no_such_table")


async def somebody_else_does_not_answer(database: Database) -> None:
    async with database.transaction():
        await asyncio.wait_for(asyncio.sleep(5), 0.01)


async def somebody_else_refuses(database: Database) -> None:
    async with database.transaction():
        raise ConnectionRefusedError


async def a_gateway_is_away(database: Database) -> None:
    try:
        await somebody_else_refuses(database)
    except OSError as error:
        raise Transient("the gateway is away") from error


NOT_AWAY: list[Trouble] = [
    a_value_does_not_fit,
    a_table_is_missing,
    somebody_else_does_not_answer,
    somebody_else_refuses,
    a_gateway_is_away,
]


@pytest.mark.parametrize("trouble", NOT_AWAY)
async def test_the_database_is_there(database: Database, trouble: Trouble) -> None:
    """Were one of these taken for an outage, its batch would wait for ever."""
    with pytest.raises(Exception) as raised:  # noqa: PT011 - which one is what is tested
        await trouble(database)
    assert not is_away(raised.value)


async def test_a_client_that_fell_silent_keeps_no_locks(database: Database) -> None:
    """Another replica waits for them; by default the server would keep them for hours."""
    async with database.engine.connect() as connection:
        silence = await connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout")
        assert silence.scalar_one() == "1min"
