"""`<service> audit`: whether the history of what was published is as it was written."""

from operations import audit
from operations.commands import Call, Commands


def add(commands: Commands) -> None:
    verify = commands.add_parser("audit", help="verify the hash chain of the event log")
    verify.set_defaults(run=_verify)


async def _verify(call: Call) -> int:
    async with call.database.engine.connect() as connection:
        verdict = await audit.verify(connection)
    print(verdict)
    return 0 if verdict.intact else 1
