"""The command line that every service has: `serve`, `migrate`, `held`, `audit`."""

import argparse
import asyncio
import getpass
import json
import os
import sys
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import logging, migrations
from chassis.app import Service
from chassis.database import Database
from chassis.settings import ServiceSettings, load
from operations import audit, redrive

Command = Callable[[Database, argparse.Namespace], Awaitable[int]]
Verb = Callable[[AsyncConnection, list[int], redrive.Decision], Awaitable[list[int]]]


def main(
    name: str,
    settings: type[ServiceSettings],
    build: Callable[[Any], Service[Any]],
    *,
    log_fields: Collection[str] = (),
) -> None:
    """Run the command line of service `name`; `build` wires the service from its settings, and
    `log_fields` are what its log lines may say beyond the chassis's own fields.
    """
    options = _parser(name).parse_args()
    loaded = load(settings)
    if options.command == "serve":
        logging.configure(name, level=loaded.log_level, fields=log_fields)
        build(loaded).run()
        return
    sys.exit(asyncio.run(_with_database(name, loaded.database_url, options)))


async def _with_database(name: str, url: str, options: argparse.Namespace) -> int:
    command: Command = options.run
    database = Database(url, connections=1, statement_seconds=3600)
    try:
        await database.ping()
    except (OSError, TimeoutError, DBAPIError) as error:
        why = (str(error) or type(error).__name__).partition("\n")[0]
        what = f"{database.engine.url} cannot be asked: {why}"
        print(f"{what}; start it, or correct {name.upper()}_DATABASE_URL", file=sys.stderr)
        # Not 1: an audit that could not look has found nothing.
        return os.EX_UNAVAILABLE
    else:
        return await command(database, options)
    finally:
        await database.close()


def _parser(name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(name, description=f"The {name} service of motcua.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="serve HTTP, consume, publish and sweep until SIGTERM")
    migrate = commands.add_parser("migrate", help="bring the database to this code's revision")
    migrate.set_defaults(run=_migrate, service=name)
    verify = commands.add_parser("audit", help="verify the hash chain of the event log")
    verify.set_defaults(run=_audit)
    _held_parsers(commands.add_parser("held", help="messages that could not be handled"))
    return parser


def _held_parsers(held: argparse.ArgumentParser) -> None:
    commands = held.add_subparsers(dest="held", required=True)
    listing = commands.add_parser("list", help="what is held, oldest first")
    for option in ("consumer", "key", "type", "reason"):
        listing.add_argument(f"--{option}")
    listing.add_argument("--limit", type=int, default=100)
    listing.set_defaults(run=_list)
    show = commands.add_parser("show", help="one message whole")
    show.add_argument("id", type=int)
    show.set_defaults(run=_show)
    for verb, run in (("redrive", _redrive), ("discard", _discard)):
        deciding = commands.add_parser(verb, help=f"{verb} messages by id, saying why")
        deciding.add_argument("ids", type=int, nargs="+")
        deciding.add_argument("--why", required=True, help="kept with the message")
        deciding.add_argument("--operator", help="who decides; you, if it is not said")
        deciding.set_defaults(run=run)


async def _migrate(database: Database, options: argparse.Namespace) -> int:
    revision = await migrations.upgrade(database.engine, options.service)
    print(f"{options.service}: the database is at revision {revision}")
    return 0


async def _audit(database: Database, _: argparse.Namespace) -> int:
    async with database.engine.connect() as connection:
        verdict = await audit.verify(connection)
    print(verdict)
    return 0 if verdict.intact else 1


async def _list(database: Database, options: argparse.Namespace) -> int:
    selection = redrive.Selection(
        options.consumer, options.key, options.type, options.reason, options.limit
    )
    async with database.engine.connect() as connection:
        for row in await redrive.select(connection, selection):
            _print(row)
    return 0


async def _show(database: Database, options: argparse.Namespace) -> int:
    async with database.engine.connect() as connection:
        row = await redrive.show(connection, options.id)
    if row is None:
        print(f"no held message has the id {options.id}", file=sys.stderr)
        return 1
    _print(row)
    return 0


async def _redrive(database: Database, options: argparse.Namespace) -> int:
    return await _decide(database, options, redrive.redrive)


async def _discard(database: Database, options: argparse.Namespace) -> int:
    return await _decide(database, options, redrive.discard)


async def _decide(database: Database, options: argparse.Namespace, verb: Verb) -> int:
    decision = redrive.Decision(options.operator or _user(), options.why)
    async with database.engine.begin() as connection:
        done = await verb(connection, options.ids, decision)
    untouched = sorted(set(options.ids) - set(done))
    print(f"{options.held}: {done}" + (f"; not held any more: {untouched}" if untouched else ""))
    return 1 if untouched else 0


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        sys.exit("say who decides: --operator NAME")


def _print(row: dict[str, Any]) -> None:
    print(json.dumps(row, default=_plain, ensure_ascii=False))


def _plain(value: object) -> str:
    return value.decode(errors="backslashreplace") if isinstance(value, bytes) else str(value)
