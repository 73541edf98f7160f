"""The relay's lease, borrowed: while an operator's command has it, the service publishes nothing
new.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg

from chassis.database import SESSION, Database
from chassis.relay import LEASE, LEASE_WANTED

PATIENCE_SECONDS = 60
"""A relay settles what is in flight first, which takes up to twice the deadline of its producer."""

ANSWER_SECONDS = 600
APPLICATION = "motcua replay"
"""How the session shows in `pg_stat_activity`."""


class LeaseRefusedError(Exception):
    """Whoever has the lease does not give way."""


@asynccontextmanager
async def session(database: Database) -> AsyncGenerator[asyncpg.Connection]:
    """A connection of its own, with which whatever it holds ends."""
    url = database.url.replace("postgresql+asyncpg://", "postgresql://")
    settings = {**SESSION, "application_name": APPLICATION}
    connection = await asyncpg.connect(
        url, timeout=10, command_timeout=ANSWER_SECONDS, server_settings=settings
    )
    try:
        yield connection
    finally:
        connection.terminate()


async def borrow(
    connection: asyncpg.Connection, database: Database, *, seconds: float = PATIENCE_SECONDS
) -> None:
    """Take the lease for as long as `connection` lives. The running relay is asked to give way, and
    does so with nothing of its own in flight.
    """
    await connection.execute(f"SET lock_timeout = {int(seconds * 1000)}")
    waiting = asyncio.ensure_future(connection.execute(f"SELECT pg_advisory_lock({LEASE})"))
    try:
        while not waiting.done():
            async with database.engine.begin() as asking:
                await asking.exec_driver_sql(f"NOTIFY {LEASE_WANTED}")
            # Again and again: a relay that took the lease a moment ago may not listen yet.
            await asyncio.wait({waiting}, timeout=0.5)
        await waiting
    except asyncpg.LockNotAvailableError as error:
        raise LeaseRefusedError from error
    finally:
        waiting.cancel()
