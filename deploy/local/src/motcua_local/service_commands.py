"""What operators and auditors ask a service: its own command line, run with its surroundings."""

import os
import subprocess
import sys
from collections.abc import Sequence

from motcua_local.errors import LocalError
from motcua_local.stack import Stack
from motcua_local.surroundings import SERVICES

HELD_ACTIONS = ("list", "show", "redrive", "discard")


def held(stack: Stack, service: str | None, arguments: Sequence[str]) -> int:
    """Run `<service> held …`; without a service, `list` runs for each. Gives the exit code."""
    action = arguments[0]
    if action not in HELD_ACTIONS:
        raise LocalError(
            f"held messages know no {action}", next_step=f"one of: {', '.join(HELD_ACTIONS)}"
        )
    if service is None and action != "list":
        raise LocalError(
            f"{action} needs to know the service",
            next_step=f"add --service with one of: {', '.join(SERVICES)}",
        )
    answers = [_ask(stack, name, "held", *arguments) for name in _services(stack, service)]
    if action == "list" and not any(len(answer.stdout) + answer.returncode for answer in answers):
        sys.stderr.write("nothing is held" + (" that fits\n" if len(arguments) > 1 else "\n"))
    return max(answer.returncode for answer in answers)


def audit(stack: Stack, service: str | None) -> int:
    """Run `<service> audit`, for one service or for each. Gives the exit code."""
    codes: list[int] = []
    for name in _services(stack, service):
        sys.stdout.write(f"{name}: ")
        sys.stdout.flush()
        codes.append(_ask(stack, name, "audit").returncode)
    return max(codes)


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
    """Run one of the service's commands; what it says goes on to whoever asked."""
    command = stack.program(service).command
    answer = subprocess.run(  # noqa: S603 - our own program
        (*command.argv[:-1], *arguments),
        env={**os.environ, **command.environment},
        cwd=command.cwd,
        stdout=subprocess.PIPE,
        check=False,
    )
    sys.stdout.buffer.write(answer.stdout)
    sys.stdout.flush()
    return answer
