"""`<service> replay`: what was published goes to Kafka once more, from the event log."""

import argparse
import asyncio
import logging
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

import asyncpg
from aiokafka.errors import TopicAuthorizationFailedError, UnknownTopicOrPartitionError

from chassis import kafka
from chassis.kafka import Producer, abandon, halt
from operations.commands import Call, Commands
from operations.event_log import EventLog, Extent
from operations.lease import LeaseRefusedError, borrow, session
from operations.moments import place, told
from operations.replay import NotTakenError, Progress, Replay
from operations.replay_plan import Plan, ReplayRefusedError, Wish, plan

DESCRIPTION = """\
Publish events again from the event log: same keys, headers and values, in the order of the log.
Consumers know what they handled and do nothing twice.

To the topic the events came from (a lost topic, or a consumer that lost some), the service's relay
pauses for as long as it takes, so that nothing new overtakes. Without --from it begins with what
the topic still would keep. If the topic does not exist, the relay pauses and the command waits up
to ten minutes for it to be made: so a topic is rebuilt without a gap.
"""
EPILOG = (
    "Ends with 0 when all is published, 1 when not (it says how to go on), 69 without a database."
)
NO_LEASE = """\
the relay does not pause: it hangs, or another replay is at work
  next: docs/runbooks/outbox.md says who has the lease; end that, and begin again\
"""
SESSION_ENDED = """\
the session with the database ended, and with it the hold on new events; a topic that was
being rebuilt may have newer events before older ones now: delete it and begin anew\
"""
TOPIC_PATIENCE_SECONDS = 600
AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


def add(commands: Commands) -> None:
    command = commands.add_parser(
        "replay",
        help="publish events again, from the event log",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--topic", help="events of this topic")
    command.add_argument("--dossier", metavar="ID", help="events of this dossier")
    command.add_argument(
        "--to", metavar="TOPIC", help="another topic, that exists and that the service may write to"
    )
    for option, what in (("from", "beginning with"), ("until", "ending with")):
        command.add_argument(
            f"--{option}",
            dest=f"{option}_place",
            type=place,
            metavar="PLACE",
            help=f"{what} this position in the log, age (2h, 3d) or time (2026-11-25T08:00+07:00)",
        )
    command.add_argument("--dry-run", action="store_true", help="only say what it would publish")
    command.set_defaults(run=_run, usage_error=command.error)


async def _run(call: Call) -> int:
    options = call.options
    if not (options.topic or options.dossier):
        options.usage_error("say --topic, --dossier, or both")
    wish = Wish(
        service=call.service,
        topic=options.topic,
        dossier=options.dossier,
        to=options.to,
        begin=options.from_place,
        end=options.until_place,
    )
    async with session(call.database) as connection:
        try:
            planned = await plan(EventLog(connection), wish, datetime.now(UTC))
        except ReplayRefusedError as error:
            print(f"{call.service}: {error}", file=sys.stderr)
            return 1
        _tell_plan(call, planned)
        if options.dry_run or not planned.events:
            return 0
        return await _replay(call, planned, connection)


def _tell_plan(call: Call, planned: Plan) -> None:
    for extent in planned.extents:
        what = f"{extent.events} events of {extent.subjects} dossiers"
        where = f"from {extent.topic} to {planned.to or 'the same topic'}"
        print(f"{call.service}: {what}, {where}: {_bounds(extent)}", flush=True)
    if not planned.events:
        print(f"{call.service}: nothing to replay")


def _bounds(extent: Extent) -> str:
    times = f"published {told(extent.since)} to {told(extent.until)}"
    return f"positions {extent.first} to {extent.last}, {times}"


async def _replay(call: Call, planned: Plan, connection: asyncpg.Connection) -> int:
    tell = partial(_tell, call.service)
    if planned.to is None:
        try:
            await borrow(connection, call.database)
        except LeaseRefusedError:
            tell(NO_LEASE)
            return 1
    producer = kafka.producer(call.settings.kafka, client_id=f"{call.service}-replay")
    replay = Replay(producer, planned.selection, to=planned.to, tell=tell)
    began = time.monotonic()
    try:
        await _publish(replay, planned.targets, connection)
    except (NotTakenError, *AWAY) as error:
        kafkas = isinstance(error, NotTakenError) and not connection.is_closed()
        why = _why_not_taken(error.__cause__, call) if kafkas else SESSION_ENDED
        tell(_stopped(replay.progress, why))
        return 1
    except asyncio.CancelledError:
        tell(_stopped(replay.progress, "interrupted"))
        raise
    for topic in replay.progress.onto_others:
        tell(f"{topic} held records before: a new reader meets those first")
    pause = "" if planned.to else "; nothing new was published meanwhile"
    took = time.monotonic() - began
    print(f"{call.service}: {replay.progress.events} events in {took:.1f} s{pause}")
    return 0


async def _publish(replay: Replay, topics: Sequence[str], connection: asyncpg.Connection) -> None:
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())  # it is told in our words
    # With the session the lease is lost, and what is on its way must not follow something newer.
    connection.add_termination_listener(partial(_halt, replay.producer))
    try:
        await replay.start()
        for topic in topics:
            await replay.until_there(topic, seconds=TOPIC_PATIENCE_SECONDS)
        await replay.run(EventLog(connection))
    finally:
        await abandon(replay.producer)


def _halt(producer: Producer, _: object) -> None:
    halt(producer)


def _stopped(progress: Progress, why: str) -> str:
    return (
        f"stopped after {progress.events} events: {why}\n"
        f"  next: the same command with --from {progress.begin_at}"
    )


def _why_not_taken(cause: BaseException | None, call: Call) -> str:
    if isinstance(cause, TopicAuthorizationFailedError):
        who = call.settings.kafka.username
        return f"{who} may not write there: grant it in topics.yaml, then motcua kafka apply"
    if isinstance(cause, UnknownTopicOrPartitionError):
        return "there is no such topic"
    return f"Kafka did not take it: {str(cause) or type(cause).__name__}"


def _tell(service: str, what: str) -> None:
    print(f"{service}: {what}", file=sys.stderr)
