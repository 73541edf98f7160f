"""`<service> audit …`: whether the history of what was published is as it was written."""

from argparse import ArgumentTypeError

from operations import audit
from operations.commands import Call, Commands

VERIFY = """\
Recompute the hash over every published event and all before it. Any row that was edited, deleted,
added or moved shows. Rows cut off at the end, and a log that was rewritten whole, show only against
a head that was noted earlier, elsewhere: `audit head` gives it. Ends with 0 when the log is intact,
with 1 when it is BROKEN.
"""
HEAD = """\
Say the hash and the position of the newest event. Note it where nobody can write who may write
here: it stands for every event so far.
"""


def add(commands: Commands) -> None:
    auditing = commands.add_parser("audit", help="whether the event log is as it was written")
    actions = auditing.add_subparsers(dest="audit", required=True)
    verify = actions.add_parser("verify", help="recompute the hash chain", description=VERIFY)
    verify.add_argument(
        "--head",
        type=_noted,
        action="append",
        default=[],
        metavar="HEX@POSITION",
        help="must still be there; may be said several times",
    )
    verify.set_defaults(run=_verify)
    head = actions.add_parser("head", help="what to note for a later verify", description=HEAD)
    head.set_defaults(run=_head)


def _noted(text: str) -> audit.Head:
    try:
        return audit.Head.read(text)
    except ValueError:
        raise ArgumentTypeError(f"{text} is no head: it is what `audit head` said") from None


async def _verify(call: Call) -> int:
    async with call.database.engine.connect() as connection:
        verdict = await audit.verify(connection, call.options.head)
    print(verdict)
    return 0 if verdict.intact else 1


async def _head(call: Call) -> int:
    async with call.database.engine.connect() as connection:
        print(await audit.head(connection))
    return 0
