"""Run motcua on this machine: engines, simulators, services, and two agencies' systems."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from motcua_local import service_commands
from motcua_local.checkout import TOPICS_FILE, state_folder
from motcua_local.demo.command import (
    closing_table,
    show_links,
    tell_stories,
    wait_for_interrupt,
    write_report,
)
from motcua_local.errors import LocalError
from motcua_local.kafka_topics import (
    Cluster,
    apply,
    read_connection,
    read_passwords,
    read_plan,
)
from motcua_local.log_files import follow_logs, show_logs
from motcua_local.programs import KINDS
from motcua_local.stack import Stack
from motcua_local.status import read_status
from motcua_local.status_table import advice, status_tables
from motcua_local.surroundings import SERVICES

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help=__doc__,
    pretty_exceptions_enable=False,
)
kafka = typer.Typer(no_args_is_help=True, help="Topics, principals and ACLs.")
app.add_typer(kafka, name="kafka")

# A pipe or a file has no width to fold tables into.
out = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
err = Console(stderr=True, highlight=False)

_PROGRAMS = ", ".join(KINDS)
Names = Annotated[list[str] | None, typer.Argument(help=f"{_PROGRAMS}; all if none is given")]
Service = Annotated[str | None, typer.Option("--service", "-s", help=" | ".join(SERVICES))]


@app.command()
def up(names: Names = None) -> None:
    """Start what does not run. Data and ports are those of last time."""
    stack = _stack()
    stack.up(names or ())
    if not names:
        out.print(
            f"everything is up; addresses and credentials: {stack.endpoints_file}", soft_wrap=True
        )


@app.command()
def down(names: Names = None) -> None:
    """Stop programs. Data stays."""
    if not _stack().down(names or ()):
        out.print("nothing was running")


@app.command()
def restart(names: Names = None) -> None:
    """Stop programs and start them again."""
    stack = _stack()
    stack.down(names or ())
    stack.up(names or ())


@app.command()
def kill(name: Annotated[str, typer.Argument(help=_PROGRAMS)]) -> None:
    """SIGKILL a program, as a crash would; `motcua up` brings it back."""
    _stack().kill(name)


@app.command()
def status(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Programs, ports, consumer lag, outboxes, held messages.

    The exit code is 0 only if everything is ready.
    """
    seen = read_status(_stack())
    if as_json:
        out.print_json(json.dumps(asdict(seen)))
    else:
        out.print(*status_tables(seen), sep="\n")
        for line in advice(seen):
            out.print(f"  next: {line}", soft_wrap=True)
    raise typer.Exit(0 if seen.all_ready else 1)


@app.command()
def logs(
    name: Annotated[str | None, typer.Argument(help=f"{_PROGRAMS}; all if none is given")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="go on until Ctrl-C")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0)] = 20,
) -> None:
    """The end of the logs."""
    stack = _stack()
    processes = stack.processes([name] if name else ())
    show_logs(processes, lines, out)
    if follow:
        follow_logs(processes, out)


@app.command()
def demo(
    once: Annotated[
        bool, typer.Option("--once", help="take everything down after the stories")
    ] = False,
) -> None:
    """Bring everything up, tell the citizens' stories, stay.

    Ctrl-C takes everything down, whoever brought it up; `motcua story` leaves it as it is.
    """
    stack = _stack()
    stack.up()
    stories = tell_stories(stack, out)
    for story in stories:
        out.print(closing_table(story))
    report = write_report(stories, stack.keepsakes)
    out.print(f"report: {report}", soft_wrap=True)
    if not once:
        show_links(stack, out)
        out.print("\nCtrl-C takes everything down; the data stays.")
        wait_for_interrupt()
    stack.down()
    raise typer.Exit(0 if all(story.passed for story in stories) else 1)


@app.command()
def story(
    keys: Annotated[list[str] | None, typer.Argument(help="a, c, b; all if none is given")] = None,
) -> None:
    """Tell the stories again on what runs, and leave it up.

    A program that is down stays down: stop agency-H42.10, run a system of your own in its place,
    and story a brings it a new dossier.
    """
    stories = tell_stories(_stack(), out, keys or ())
    raise typer.Exit(0 if all(story.passed for story in stories) else 1)


_PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


@app.command(context_settings=_PASSED_ON)
def held(context: typer.Context, service: Service = None) -> None:
    """Messages that could not be handled: list | show | redrive | discard.

    \b
    list                                 every service, unless one is given
    show ID                              the others need --service
    redrive ID… --why REASON             handle them again, in their order
    discard ID… --why REASON             give them up
    redrive|discard --all-matching …     all that fit; tells how many, does it with --yes

    \b
    which: --key DOSSIER --type TYPE --reason REASON --consumer NAME --state STATE
           --since MOMENT --until MOMENT (2h, 3d, 2026-11-25T08:00+07:00), list: --limit COUNT
    """
    sys.exit(service_commands.held(_stack(), service, context.args or ["list"]))


@app.command(context_settings=_PASSED_ON)
def replay(context: typer.Context, service: Service = None) -> None:
    """Publish events again, from the log of what was published.

    \b
    --topic TOPIC      asks the service that writes it
    --dossier ID       asks every service; with --topic, one
    --to TOPIC         to another topic instead of the same
    --from, --until    position in the log, age (2h, 3d) or time (2026-11-25T08:00+07:00)
    --dry-run          only says what it would publish

    The writer publishes nothing new meanwhile. If the topic does not exist, it is waited for: so a
    lost topic is rebuilt, see docs/runbooks/replay.md.
    """
    sys.exit(service_commands.replay(_stack(), service, context.args))


@app.command(context_settings=_PASSED_ON)
def paid(context: typer.Context) -> None:
    """Paid orders whose dossier does not go on, and dossiers that went on unpaid.

    --redrive lets payment send the facts of those that do not go on again.
    """
    sys.exit(service_commands.paid(_stack(), context.args))


@app.command(context_settings=_PASSED_ON)
def audit(context: typer.Context, service: Service = None) -> None:
    """Whether the log of what was published is as it was written: verify | head.

    \b
    verify                       recompute the hash chain; what `audit` alone does
    head                         what to note, elsewhere, for a later verify
    verify --head HEX@POSITION   of one service: the noted head must still be there
    """
    sys.exit(service_commands.audit(_stack(), service, context.args or ["verify"]))


@kafka.command("apply")
def kafka_apply(
    *,
    bootstrap: Annotated[str, typer.Option(help="host:port of one or more brokers")],
    command_config: Annotated[
        Path, typer.Option(help="properties file: sasl.username, sasl.password, ssl.ca.location")
    ],
    topics: Annotated[Path, typer.Option(help="the plan")] = TOPICS_FILE,
    passwords: Annotated[
        Path | None, typer.Option(help="JSON file with the principals' passwords, to be set")
    ] = None,
    replication: Annotated[
        int | None, typer.Option(min=1, help="replicas, if not as the plan says")
    ] = None,
) -> None:
    """Bring any cluster in line with the plan. Doing it twice changes nothing."""
    plan = read_plan(topics)
    if replication is not None:
        plan = plan.with_replication(replication)
    cluster = Cluster(read_connection(command_config, bootstrap))
    changes = apply(plan, cluster, read_passwords(passwords) if passwords else {})
    out.print("\n".join(changes) or "nothing to change")


def main() -> None:
    """Run the command; what stands in the way is told in words, with exit code 1."""
    try:
        app()
    except LocalError as error:
        err.print(str(error), style="red", markup=False, soft_wrap=True)
        sys.exit(1)


def _stack() -> Stack:
    return Stack(
        state_folder(), tell=lambda name, what: out.print(f"{name:>14}  {what}", markup=False)
    )
