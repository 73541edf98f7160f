"""Held messages: each service's own command line, run with that service's surroundings."""

import os
import subprocess
from collections.abc import Sequence

from motcua_local.errors import LocalError
from motcua_local.processes import Command
from motcua_local.stack import Stack
from motcua_local.surroundings import SERVICES


def ask_service(stack: Stack, service: str | None, arguments: Sequence[str]) -> int:
    """Run `<service> held …`; without a service, `list` runs for each. Gives the exit code."""
    if service is None and arguments[0] != "list":
        raise LocalError(
            f"{arguments[0]} needs to know the service",
            next_step=f"add --service with one of: {', '.join(SERVICES)}",
        )
    if service is not None and service not in SERVICES:
        raise LocalError(
            f"there is no service named {service}", next_step=f"one of: {', '.join(SERVICES)}"
        )
    return max([_run(stack, name, arguments) for name in ((service,) if service else SERVICES)])


def _run(stack: Stack, service: str, arguments: Sequence[str]) -> int:
    command: Command = stack.program(service).command
    argv = (*command.argv[:-1], "held", *arguments)
    environment = {**os.environ, **command.environment}
    return subprocess.run(argv, env=environment, cwd=command.cwd, check=False).returncode  # noqa: S603 - our own program
