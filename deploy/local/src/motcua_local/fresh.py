"""A stack without any data, for who tests or breaks it."""

import fcntl
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from motcua_local.errors import LocalError
from motcua_local.folders import make_folder
from motcua_local.stack import Stack
from motcua_local.surroundings import SERVICES

# Addresses and passwords outlive the data, and so does the cluster of PostgreSQL.
KEPT = {"secrets.json", "ports.json", "postgres.json", "data", "postgres"}


@contextmanager
def alone_with(folder: Path) -> Generator[None]:
    """Nobody else tests in this folder meanwhile; ends with its holder, however that ends."""
    with (make_folder(folder) / ".tests.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LocalError(
                f"another test run uses {folder}", next_step="wait until it ends"
            ) from error
        yield


def empty(stack: Stack) -> None:
    """Stop everything and forget what an earlier run left behind."""
    stack.down()
    for path in [*stack.folder.glob("[!.]*"), *(stack.folder / "data").glob("[!.]*")]:
        if path.name not in KEPT:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    stack.engines.start(["postgres"])
    for service in SERVICES:
        stack.engines.drop_database(service)
