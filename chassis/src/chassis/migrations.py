"""A service's migrations: Alembic revisions in its package `<service>.migrations`, run by
`<service> migrate`.
"""

from functools import cache
from typing import Any

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncEngine

LOCK = 0x6D6F746375610002
"""The advisory lock that lets one replica migrate at a time."""


class NotMigratedError(RuntimeError):
    """The database is not at the revision of this code: run `<service> migrate`."""


async def upgrade(engine: AsyncEngine, service: str) -> str:
    """Bring the database to the newest revision, in one transaction; gives back the revision."""
    async with engine.begin() as connection:
        await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        await connection.run_sync(_upgrade, service)
    return _head(service)


async def check(engine: AsyncEngine, service: str) -> None:
    """Raise `NotMigratedError` when the database is behind this code. It may be ahead: in a rolling
    upgrade the old replicas serve on after the first new one has migrated.
    """
    async with engine.connect() as connection:
        current = await connection.run_sync(_current)
    known = [revision.revision for revision in _script(service).walk_revisions()]
    if current is None or current in known[1:]:
        raise NotMigratedError(f"the database is at {current}, the code at {known[0]}")


@cache
def _script(service: str) -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", f"{service}:migrations")
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


def _head(service: str) -> str:
    return _script(service).get_current_head() or "nothing"


def _current(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _upgrade(connection: sa.Connection, service: str) -> None:
    script = _script(service)

    def steps(revision: Any, _: MigrationContext) -> Any:  # noqa: ANN401 - alembic's own types
        return script._upgrade_revs("head", revision)  # noqa: SLF001 - what alembic's own command does

    with EnvironmentContext(Config(), script, fn=steps) as environment:
        environment.configure(connection=connection)
        environment.run_migrations()
