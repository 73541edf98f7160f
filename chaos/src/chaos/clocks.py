"""Clocks that can be moved, one for each program, by libfaketime.

A program reads what its clock shows from a file, so that it can be moved while the program runs.
Only the time of day moves: timers count real seconds, and so do the processes in which copies are
signed and files are judged, since nothing of the environment reaches those.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from motcua_local.folders import make_folder
from motcua_local.processes import Command
from motcua_local.programs import Program
from motcua_local.stack import Catalogue
from motcua_local.surroundings import Surroundings

ENGINES = "engines"
"""The clock that Kafka and PostgreSQL have in common."""

_RIGHT = "+0"
_PLACES = ("/usr/lib", "/usr/lib64", "/usr/local/lib")
_LEFT_BEHIND = re.compile(r"(sem\.)?faketime_(sem|shm)_(\d+)")


@cache
def library() -> Path | None:
    """libfaketime, where it is installed."""
    places = (Path(place).glob("**/faketime/libfaketime.so.1") for place in _PLACES)
    return next((found for place in places for found in place), None)


class Clocks:
    """The clocks of the programs of one stack, in its folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute() / "clocks"

    def hindrance(self) -> str | None:
        """Why no clock can be moved, None if they can."""
        return None if library() else "libfaketime is not installed (Debian: faketime)"

    def set_in(self, catalogue: Catalogue) -> Catalogue:
        """The same programs, each with its own clock."""

        def clocked(around: Surroundings) -> Mapping[str, Program]:
            return {name: self._clocked(program) for name, program in catalogue(around).items()}

        return clocked if library() else catalogue

    def set_for_engines(self) -> None:
        """Give a clock to all that this process starts from now on, which is for the engines: they
        are in no catalogue. Programs have their own nevertheless.
        """
        os.environ.update(self.environment(ENGINES))

    def move(self, name: str, seconds: float) -> None:
        """Let a program's clock show so many seconds more, or less, from the next second on."""
        self._show(name, f"{seconds:+.0f}")

    def put_right(self, name: str) -> None:
        self._show(name, _RIGHT)

    def put_all_right(self) -> None:
        for clock in self._folder.glob("[!.]*"):
            self.put_right(clock.name)

    def _clocked(self, program: Program) -> Program:
        extra = self.environment(program.name)
        migrate = program.migrate and _with(program.migrate, extra)
        return replace(program, command=_with(program.command, extra), migrate=migrate)

    def environment(self, name: str) -> dict[str, str]:
        """The variables by which a program gets the clock of that name."""
        found = library()
        if found is None:
            return {}
        if not (self._folder / name).exists():
            self.put_right(name)
        return {
            "LD_PRELOAD": str(found),
            "FAKETIME_TIMESTAMP_FILE": str(self._folder / name),
            "FAKETIME_CACHE_DURATION": "1",
            # The event loop's timers, and the JVM's, which waits for ever with its default.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
        }

    def _show(self, name: str, offset: str) -> None:
        part = make_folder(self._folder) / f".{name}"
        part.write_text(offset)
        part.chmod(0o644)  # PostgreSQL runs as somebody else
        part.replace(self._folder / name)


def clear_remains() -> None:
    """Remove what libfaketime left in shared memory for processes that were killed."""
    for path, pid in _left_behind():
        if not Path(f"/proc/{pid}").exists():
            path.unlink(missing_ok=True)


def _left_behind() -> Iterator[tuple[Path, int]]:
    for path in Path("/dev/shm").glob("*faketime_*"):  # noqa: S108 - libfaketime's own place
        if found := _LEFT_BEHIND.fullmatch(path.name):
            yield path, int(found[3])


def _with(command: Command, extra: Mapping[str, str]) -> Command:
    return replace(command, environment={**command.environment, **extra})
