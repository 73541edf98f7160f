"""Kafka and PostgreSQL killed, and PostgreSQL's connections cut by PostgreSQL itself."""

import asyncio
import random

import asyncpg

from chaos.faults.fault import Struck
from chaos.rig import Rig
from motcua_local.surroundings import SERVICES

_TERMINATE = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = $1 AND pid <> pg_backend_pid()
"""


class BrokerKilled:
    """SIGKILL of one broker: the only one, or one of three."""

    kind = "broker-kill"

    def hindrance(self, _: Rig, /) -> str | None:
        return None

    async def strike(self, rig: Rig, /, chance: random.Random) -> Struck:
        number = chance.randint(1, len(rig.stack.engines.kafka.brokers))
        await asyncio.to_thread(rig.stack.engines.kafka.kill_broker, number)
        return Struck(rig.stack.engines.kafka.brokers[number - 1].name)

    async def heal(self, rig: Rig, /, struck: Struck) -> None:
        del struck
        await asyncio.to_thread(rig.stack.engines.start, ["kafka"])


class DatabaseKilled:
    """SIGKILL of the postmaster, with all databases."""

    kind = "database-kill"

    def hindrance(self, _: Rig, /) -> str | None:
        return None

    async def strike(self, rig: Rig, /, chance: random.Random) -> Struck:
        del chance
        await asyncio.to_thread(rig.stack.kill, "postgres")
        return Struck("postgres")

    async def heal(self, rig: Rig, /, struck: Struck) -> None:
        del struck
        await asyncio.to_thread(rig.stack.engines.start, ["postgres"])


class BackendsTerminated:
    """All connections of one service are ended by its database, whatever they were doing."""

    kind = "backends-terminated"

    def hindrance(self, _: Rig, /) -> str | None:
        return None

    async def strike(self, rig: Rig, /, chance: random.Random) -> Struck:
        service = chance.choice(SERVICES)
        connection = await asyncpg.connect(superuser(rig, "postgres"), timeout=10)
        try:
            ended = await connection.fetchval(_TERMINATE, service)
        finally:
            connection.terminate()
        return Struck(service, {"connections": ended})

    async def heal(self, rig: Rig, /, struck: Struck) -> None:
        """Nothing to do: they connect anew."""


def superuser(rig: Rig, database: str) -> str:
    """The URL of a database for whoever may do all."""
    return f"{rig.stack.engines.postgres.url.rpartition('/')[0]}/{database}"
