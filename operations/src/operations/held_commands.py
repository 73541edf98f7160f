"""`<service> held …`: look at messages that could not be handled, and decide about them."""

import getpass
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from operations import redrive
from operations.commands import Call, Commands

Verb = Callable[[AsyncConnection, list[int], redrive.Decision], Awaitable[list[int]]]


def add(commands: Commands) -> None:
    held = commands.add_parser("held", help="messages that could not be handled")
    actions = held.add_subparsers(dest="held", required=True)
    listing = actions.add_parser("list", help="what is held, oldest first")
    for option in ("consumer", "key", "type", "reason"):
        listing.add_argument(f"--{option}")
    listing.add_argument("--limit", type=int, default=100)
    listing.set_defaults(run=_list)
    show = actions.add_parser("show", help="one message whole")
    show.add_argument("id", type=int)
    show.set_defaults(run=_show)
    for verb, run in (("redrive", _redrive), ("discard", _discard)):
        deciding = actions.add_parser(verb, help=f"{verb} messages by id, saying why")
        deciding.add_argument("ids", type=int, nargs="+")
        deciding.add_argument("--why", required=True, help="kept with the message")
        deciding.add_argument("--operator", help="who decides; you, if it is not said")
        deciding.set_defaults(run=run)


async def _list(call: Call) -> int:
    options = call.options
    selection = redrive.Selection(
        options.consumer, options.key, options.type, options.reason, options.limit
    )
    async with call.database.engine.connect() as connection:
        for row in await redrive.select(connection, selection):
            _print(row)
    return 0


async def _show(call: Call) -> int:
    async with call.database.engine.connect() as connection:
        row = await redrive.show(connection, call.options.id)
    if row is None:
        print(f"no held message has the id {call.options.id}", file=sys.stderr)
        return 1
    _print(row)
    return 0


async def _redrive(call: Call) -> int:
    return await _decide(call, redrive.redrive)


async def _discard(call: Call) -> int:
    return await _decide(call, redrive.discard)


async def _decide(call: Call, verb: Verb) -> int:
    options = call.options
    decision = redrive.Decision(options.operator or _user(), options.why)
    async with call.database.engine.begin() as connection:
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
