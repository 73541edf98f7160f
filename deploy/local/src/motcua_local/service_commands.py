"""What operators and auditors ask a service: its own command line, run with its surroundings."""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence

from motcua_contracts.topics import TOPICS
from motcua_local.errors import LocalError
from motcua_local.stack import Stack
from motcua_local.surroundings import SERVICES

HELD_ACTIONS = ("list", "show", "redrive", "discard")
AUDIT_ACTIONS = ("verify", "head")


def held(stack: Stack, service: str | None, arguments: Sequence[str]) -> int:
    """Run `<service> held …`; without a service, `list` runs for each. Gives the exit code."""
    action = _action("held", arguments, HELD_ACTIONS)
    if action != "list":
        _require_service(service, action)
    answers = [_ask(stack, name, "held", *arguments) for name in _services(stack, service)]
    if action == "list" and not any(len(answer.stdout) + answer.returncode for answer in answers):
        sys.stderr.write("nothing is held" + (" that fits\n" if len(arguments) > 1 else "\n"))
    return max(answer.returncode for answer in answers)


def audit(stack: Stack, service: str | None, arguments: Sequence[str]) -> int:
    """Run `<service> audit …`, for one service or for each. Gives the exit code."""
    _action("audit", arguments, AUDIT_ACTIONS)
    if any(argument.startswith("--head") for argument in arguments):
        _require_service(service, "a noted head")
    codes: list[int] = []
    for name in _services(stack, service):
        sys.stdout.write(f"{name}: ")
        sys.stdout.flush()
        codes.append(_ask(stack, name, "audit", *arguments).returncode)
    return max(codes)


def replay(stack: Stack, service: str | None, arguments: Sequence[str]) -> int:
    """Run `<service> replay …` for the writer of the topic; what concerns a dossier on any topic
    runs for each service. Gives the exit code.
    """
    chosen = service or _writer(arguments)
    names = _services(stack, chosen)
    return max(_ask(stack, name, "replay", *arguments).returncode for name in names)


def paid(stack: Stack, arguments: Sequence[str]) -> int:
    """Run `payment paid …`. Gives the exit code."""
    (payment,) = _services(stack, "payment")
    return _ask(stack, payment, "paid", *arguments).returncode


def _writer(arguments: Sequence[str]) -> str | None:
    """The service whose log is meant; None where it is every one's."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    for option in ("topic", "dossier", "to", "from", "until"):
        parser.add_argument(f"--{option}")
    asked = vars(parser.parse_known_args(arguments)[0])
    if asked["topic"]:
        return _writer_of(asked["topic"])
    if not asked["dossier"]:
        raise LocalError("a replay of what?", next_step="add --topic TOPIC, --dossier ID, or both")
    positions = [asked[option] for option in ("from", "until") if (asked[option] or "").isdecimal()]
    if positions or asked["to"]:
        what = "a position" if positions else "another topic"
        raise LocalError(
            f"{what} goes with the log of one service", next_step="add --topic, or --service"
        )
    return None


def _writer_of(topic: str) -> str:
    writers = {name: known.writer.removeprefix("/motcua/") for name, known in TOPICS.items()}
    if topic.startswith("motcua.agency."):
        raise LocalError(
            f"{topic} is written by an agency's own system",
            next_step="ask the agency to send its decisions again",
        )
    if topic not in writers:
        known = "\n    ".join(sorted(writers))
        raise LocalError(
            f"no service is known to write to {topic}",
            next_step=f"name one of these, or add --service:\n    {known}",
        )
    return writers[topic]


def _action(command: str, arguments: Sequence[str], known: Sequence[str]) -> str:
    action = arguments[0]
    if action not in known:
        raise LocalError(f"{command} knows no {action}", next_step=f"one of: {', '.join(known)}")
    return action


def _require_service(service: str | None, what: str) -> None:
    if service is None:
        raise LocalError(
            f"{what} needs to know the service",
            next_step=f"add --service with one of: {', '.join(SERVICES)}",
        )


def _services(stack: Stack, service: str | None) -> Sequence[str]:
    if service is not None and service not in SERVICES:
        raise LocalError(
            f"there is no service named {service}", next_step=f"one of: {', '.join(SERVICES)}"
        )
    if stack.process("postgres").running() is None:
        raise LocalError(
            "the services' databases cannot be asked: PostgreSQL does not run",
            next_step="motcua up postgres",
        )
    return SERVICES if service is None else (service,)


def _ask(stack: Stack, service: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run one of the service's commands; what it says goes on, as it comes, to whoever asked."""
    command = stack.program(service).command
    heard: list[bytes] = []
    with (
        subprocess.Popen(  # noqa: S603 - our own program
            (*command.argv[:-1], *arguments),
            env={**os.environ, **command.environment},
            cwd=command.cwd,
            stdout=subprocess.PIPE,
        ) as running
    ):
        for line in running.stdout or ():
            heard.append(line)
            sys.stdout.buffer.write(line)
            sys.stdout.flush()
    return subprocess.CompletedProcess(running.args, running.returncode, b"".join(heard))
