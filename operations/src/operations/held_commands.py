"""`<service> held …`: look at messages that could not be handled, and decide about them."""

import argparse
import base64
import getpass
import json
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.held_messages import State
from operations import redrive
from operations.commands import Call, Commands
from operations.moments import moment
from operations.redrive import Decision, Selection

LOOKING = "Each message is one line of JSON. `detail` says what is wrong with it."
DECIDING = """\
Name the messages by their ids, or all that fit the options with --all-matching; that only tells
how many they are, until --yes is added. Who decided and why is kept with each message.
"""
VERBS = {
    "redrive": "let messages be handled again, in their old order",
    "discard": "give messages up; they count as handled, and what waits behind them goes on",
}


def add(commands: Commands) -> None:
    held = commands.add_parser("held", help="messages that could not be handled")
    actions = held.add_subparsers(dest="held", required=True)
    listing = actions.add_parser("list", help="what is held, oldest first", description=LOOKING)
    _add_selection(listing, tuple(State))
    listing.add_argument("--limit", type=int, default=100, help="at most so many; 100")
    listing.set_defaults(run=_list)
    show = actions.add_parser("show", help="one message whole", description=LOOKING)
    show.add_argument("id", type=int)
    show.set_defaults(run=_show)
    for verb, what in VERBS.items():
        deciding = actions.add_parser(verb, help=what, description=f"{what}.\n\n{DECIDING}")
        deciding.add_argument("ids", type=int, nargs="*", metavar="ID")
        deciding.add_argument("--all-matching", action="store_true", help="all that fit, not ids")
        _add_selection(deciding, redrive.OPEN)
        deciding.add_argument("--why", required=True, help="kept with the message")
        deciding.add_argument("--operator", help="who decides; you, if it is not said")
        deciding.add_argument("--yes", action="store_true", help="do it, for all that fit")
        deciding.set_defaults(run=_decide, usage_error=deciding.error)


def _add_selection(command: argparse.ArgumentParser, states: tuple[State, ...]) -> None:
    command.add_argument("--consumer", help="such as intake.agency-decisions")
    command.add_argument("--key", help="the id of a dossier")
    command.add_argument("--type", help="of the event, such as vn.motcua.dossier.received.v1")
    command.add_argument("--reason", help="such as bug")
    command.add_argument("--state", choices=[*states], help="waiting or parked, if none is given")
    for option, which in (("since", "no earlier than"), ("until", "before")):
        what = f"held {which} this: an age such as 2h or 3d, or 2026-11-25T08:00+07:00"
        command.add_argument(f"--{option}", type=moment, metavar="MOMENT", help=what)


def _selection(options: argparse.Namespace) -> Selection:
    return Selection(
        states=(State(options.state),) if options.state else redrive.OPEN,
        consumer=options.consumer,
        key=options.key,
        type=options.type,
        reason=options.reason,
        since=options.since,
        until=options.until,
    )


async def _list(call: Call) -> int:
    limit = call.options.limit
    async with call.database.engine.connect() as connection:
        rows = await redrive.select(connection, _selection(call.options), limit=limit + 1)
    for row in rows[:limit]:
        _print(row)
    if len(rows) > limit:
        print(f"{call.service}: there are more than these {limit}; see --limit", file=sys.stderr)
    return 0


async def _show(call: Call) -> int:
    async with call.database.engine.connect() as connection:
        row = await redrive.show(connection, call.options.id)
    if row is None:
        print(f"no held message has the id {call.options.id}", file=sys.stderr)
        return 1
    headers = [[name, text and base64.b64decode(text)] for name, text in row["record_headers"]]
    _print({**row, "record_headers": headers})
    return 0


async def _decide(call: Call) -> int:
    options = call.options
    if bool(options.ids) == options.all_matching or (
        options.all_matching != _selection(options).narrows
    ):
        options.usage_error("name ids, or --all-matching with options that narrow")
    verb = redrive.redrive if options.held == "redrive" else redrive.discard
    decision = Decision(options.operator or _user(), options.why)
    async with call.database.engine.begin() as connection:
        if options.all_matching:
            return await _decide_about_all(call, connection, partial(verb, decision=decision))
        done = sorted(await verb(connection, options.ids, decision))
    untouched = sorted(set(options.ids) - set(done))
    print(f"{options.held}: {done}" + (f"; not held any more: {untouched}" if untouched else ""))
    return 1 if untouched else 0


async def _decide_about_all(
    call: Call, connection: AsyncConnection, decide: Callable[..., Awaitable[list[int]]]
) -> int:
    selection = _selection(call.options)
    groups = await redrive.count(connection, selection)
    for group in groups:
        _print(group)
    if not groups:
        print(f"{call.service}: nothing is held that fits", file=sys.stderr)
    elif not call.options.yes:
        print(f"{call.service}: nothing is done yet; add --yes to do it", file=sys.stderr)
    else:
        done = await decide(connection, await redrive.ids(connection, selection))
        print(f"{call.options.held}: {len(done)} messages")
    return 0


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        sys.exit("say who decides: --operator NAME")


def _print(row: dict[str, Any]) -> None:
    print(json.dumps(row, default=_plain, ensure_ascii=False))


def _plain(value: object) -> str:
    return value.decode(errors="backslashreplace") if isinstance(value, bytes) else str(value)
