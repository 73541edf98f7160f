"""One chosen INSERT fails, in the middle of a transaction that means to do more."""

import random

import asyncpg

from chaos.faults.engines import superuser
from chaos.faults.fault import Struck
from chaos.rig import Rig

_OF_ALL = ("outbox", "inbox", "event_log", "streams", "held_messages")
TABLES = {
    "intake": (*_OF_ALL, "dossiers", "papers", "files", "idempotency_keys"),
    "payment": (*_OF_ALL, "orders", "attempts", "gateway_transactions", "receipts"),
    "certification": (*_OF_ALL, "copies", "register_entries", "signing_attempts"),
    "notification": (*_OF_ALL, "messages", "attempts", "recipients"),
}

_PLANT = """
CREATE SEQUENCE IF NOT EXISTS chaos_refused;
GRANT USAGE ON SEQUENCE chaos_refused TO PUBLIC;
CREATE OR REPLACE FUNCTION chaos_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM nextval('chaos_refused');  -- a sequence counts what is rolled back, too
    RAISE EXCEPTION 'this insert was chosen to fail';
END $$;
"""
_UPROOT = """
DROP FUNCTION IF EXISTS chaos_refuse CASCADE;
DROP SEQUENCE IF EXISTS chaos_refused;
"""


class InsertFails:
    """Every INSERT into one table of one service fails, as long as it lasts."""

    kind = "insert-fails"

    def hindrance(self, _: Rig, /) -> str | None:
        return None

    async def strike(self, rig: Rig, /, chance: random.Random) -> Struck:
        service = chance.choice(sorted(TABLES))
        table = chance.choice(TABLES[service])
        trigger = f'CREATE TRIGGER chaos BEFORE INSERT ON "{table}" EXECUTE FUNCTION chaos_refuse()'
        await _do(rig, service, _PLANT + trigger)
        return Struck(f"{service}.{table}")

    async def heal(self, rig: Rig, /, struck: Struck) -> None:
        await _do(rig, struck.target.partition(".")[0], _UPROOT)


async def refused(rig: Rig, service: str) -> int:
    """How many inserts have failed so far."""
    connection = await asyncpg.connect(superuser(rig, service), timeout=10)
    try:
        row = await connection.fetchrow("SELECT last_value, is_called FROM chaos_refused")
        return row["last_value"] if row and row["is_called"] else 0
    finally:
        connection.terminate()


async def _do(rig: Rig, service: str, script: str) -> None:
    connection = await asyncpg.connect(superuser(rig, service), timeout=10)
    try:
        async with connection.transaction():
            # Behind a transaction that hangs, everybody else would queue up behind us.
            await connection.execute("SET LOCAL lock_timeout = '5s'")
            await connection.execute(script)
    finally:
        connection.terminate()
