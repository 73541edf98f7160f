"""What a command of a service is: a parser added to the service's command line, and a function that
runs on the service's database.

    def add(commands: Commands) -> None:
        command = commands.add_parser("stuck", help="orders that wait for the gateway")
        command.add_argument("--limit", type=int, default=100)
        command.set_defaults(run=_stuck)

    async def _stuck(call: Call) -> int:
        ...
"""

import argparse
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from chassis.database import Database
from chassis.settings import ServiceSettings


@dataclass(frozen=True, slots=True)
class Call:
    """One run of a command: for which service, on what, and what was asked."""

    service: str
    settings: ServiceSettings
    database: Database
    options: argparse.Namespace


Run = Callable[[Call], Awaitable[int]]
"""What a command does; gives the exit code."""


class Commands(Protocol):
    """What `add_subparsers` gives; argparse has no public name for it."""

    def add_parser(
        self,
        name: str,
        *,
        help: str,  # noqa: A002 - argparse's own word
        description: str | None = None,
        epilog: str | None = None,
        formatter_class: type[argparse.HelpFormatter] = argparse.HelpFormatter,
    ) -> argparse.ArgumentParser: ...


AddCommand = Callable[[Commands], None]
"""Adds one command to the command line, with `run` as its default."""
