"""The command line that every service has: `serve`, `migrate`, `held`, `audit`, and its own."""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Collection, Sequence
from typing import Any

from sqlalchemy.exc import DBAPIError

from chassis import logging, migrations
from chassis.app import Service
from chassis.database import Database
from chassis.settings import ServiceSettings, load
from operations import audit_commands, held_commands
from operations.commands import AddCommand, Call, Run

EVERY_SERVICE: Sequence[AddCommand] = (held_commands.add, audit_commands.add)


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
    sys.exit(asyncio.run(_run(name, loaded, options)))


async def _run(name: str, settings: ServiceSettings, options: argparse.Namespace) -> int:
    run: Run = options.run
    database = Database(settings.database_url, connections=1, statement_seconds=3600)
    try:
        await database.ping()
    except (OSError, TimeoutError, DBAPIError) as error:
        why = (str(error) or type(error).__name__).partition("\n")[0]
        what = f"{database.engine.url} cannot be asked: {why}"
        print(f"{what}; start it, or correct {name.upper()}_DATABASE_URL", file=sys.stderr)
        # Not 1: an audit that could not look has found nothing.
        return os.EX_UNAVAILABLE
    else:
        return await run(Call(name, settings, database, options))
    finally:
        await database.close()


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
