"""The services' own audits of their event logs, and logs altered to see whether these tell."""

import asyncio
import os
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg

from chaos.faults.engines import superuser
from chaos.rig import Rig

_MIDDLE = (
    "SELECT position FROM event_log ORDER BY position OFFSET (SELECT count(*) / 2 FROM event_log)"
)
_FLIP = """
UPDATE event_log SET value = set_byte(value, 0, get_byte(value, 0) # 1) WHERE position = $1
"""


class AuditFailedError(Exception):
    """The service's command could not look at the log."""


async def audit(rig: Rig, service: str, *, altered: bool = False) -> bool:
    """Whether the service's own audit calls its log intact; noted with whether it was `altered`."""
    command = rig.stack.program(service).command
    answer = await asyncio.to_thread(
        subprocess.run,
        (*command.argv[:-1], "audit", "verify"),
        env={**os.environ, **command.environment},
        cwd=command.cwd,
        capture_output=True,
        check=False,
    )
    if answer.returncode not in (0, 1):
        raise AuditFailedError(answer.stderr.decode())
    intact = answer.returncode == 0
    rig.history.note("audited", service=service, altered=altered, intact=intact)
    return intact


@asynccontextmanager
async def altered(rig: Rig, service: str) -> AsyncGenerator[None]:
    """One bit of one event in the middle of a log is another until the block ends."""
    connection = await asyncpg.connect(superuser(rig, service), timeout=10)
    try:
        position = await connection.fetchval(_MIDDLE)
        await connection.execute(_FLIP, position)
        try:
            yield
        finally:
            await connection.execute(_FLIP, position)
    finally:
        await connection.close()
