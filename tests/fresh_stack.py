"""A stack in a folder of its own that begins without any data."""

import fcntl
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from motcua_local.engines import Engines
from motcua_local.stack import Stack
from motcua_local.surroundings import SERVICES

# Addresses and passwords outlive the data, and so does the cluster of PostgreSQL.
KEPT = {"secrets.json", "ports.json", "postgres.json", "data", "postgres"}


@contextmanager
def alone_with(folder: Path) -> Generator[None]:
    """Nobody else tests in this folder meanwhile; ends with its holder, however that ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".tests.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RuntimeError(f"another test run uses {folder}: wait until it ends") from error
        yield


def begun_anew(folder: Path) -> Stack:
    """The stack of a folder, stopped, and without what an earlier run left behind."""
    stack = Stack(folder)
    stack.engines = Engines(folder, short_lived=True)
    stack.down()
    for path in [*folder.glob("[!.]*"), *(folder / "data").glob("[!.]*")]:
        if path.name not in KEPT:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    stack.engines.start(["postgres"])
    for service in SERVICES:
        stack.engines.drop_database(service)
    return stack
