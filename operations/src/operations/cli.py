"""The command line that every service has: `serve`, `migrate`, what operators ask, and its own."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Callable, Collection, Sequence
from typing import Any

import asyncpg
from sqlalchemy.exc import DBAPIError

from chassis import logging, migrations
from chassis.app import Service
from chassis.database import Database
from chassis.settings import ServiceSettings, load
from operations import audit_commands, held_commands, replay_commands
from operations.commands import AddCommand, Call, Run

EVERY_SERVICE: Sequence[AddCommand] = (
    held_commands.add,
    replay_commands.add,
    audit_commands.add,
)


def main(
    name: str,
    settings: type[ServiceSettings],
    build: Callable[[Any], Service[Any]],
    *,
    log_fields: Collection[str] = (),
    commands: Sequence[AddCommand] = (),
) -> None:
    """Run the command line of service `name`; `build` wires the service from its settings,
    `log_fields` are what its log lines may say beyond the chassis's own fields, and `commands` are
    what only this service's operators can ask.
    """
    options = _parser(name, commands).parse_args()
    loaded = load(settings)
    if options.command == "serve":
        logging.configure(name, level=loaded.log_level, fields=log_fields)
        build(loaded).run()
        return
    try:
        sys.exit(asyncio.run(_run(name, loaded, options)))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


async def _run(name: str, settings: ServiceSettings, options: argparse.Namespace) -> int:
    run: Run = options.run
    database = Database(settings.database_url, connections=1, statement_seconds=3600)
    try:
        hindrance = await _hindrance(name, database)
        if hindrance is None:
            return await run(Call(name, settings, database, options))
    except (DBAPIError, asyncpg.PostgresError) as error:
        cause = error.orig.__cause__ if isinstance(error, DBAPIError) and error.orig else error
        if not isinstance(cause, (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError)):
            raise
        hindrance = f"lacks what this release works with; run {name} migrate"
    finally:
        await database.close()
    print(f"{database.engine.url} {hindrance}", file=sys.stderr)
    # Not 1: an audit that could not look has found nothing.
    return os.EX_UNAVAILABLE


async def _hindrance(name: str, database: Database) -> str | None:
    """Why the database cannot be asked; None if it can."""
    try:
        await database.ping()
    except (OSError, TimeoutError, DBAPIError) as error:
        why = (str(error) or type(error).__name__).partition("\n")[0]
        return f"cannot be asked: {why}; start it, or correct {name.upper()}_DATABASE_URL"
    return None


def _parser(name: str, commands: Sequence[AddCommand] = ()) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(name, description=f"The {name} service of motcua.")
    added = parser.add_subparsers(dest="command", required=True)
    added.add_parser("serve", help="serve HTTP, consume, publish and sweep until SIGTERM")
    migrate = added.add_parser("migrate", help="bring the database to this code's revision")
    migrate.set_defaults(run=_migrate)
    for add in (*EVERY_SERVICE, *commands):
        add(added)
    return parser


async def _migrate(call: Call) -> int:
    revision = await migrations.upgrade(call.database.engine, call.service)
    print(f"{call.service}: the database is at revision {revision}")
    return 0
