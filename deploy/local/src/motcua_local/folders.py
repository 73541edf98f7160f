"""Where things lie: the cache of the user, the data of a checkout, files that hold secrets."""

import contextlib
import fcntl
import json
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

from motcua_local.errors import LocalError

# PostgreSQL refuses to run as root, so root hands its data folder to this uid ("nobody").
UNPRIVILEGED = 65534


def is_root() -> bool:
    return os.geteuid() == 0


def cache_folder() -> Path:
    """The engines' cache: `MOTCUA_CACHE`, else `~/.cache/motcua`, for root `/var/cache/motcua`.

    Root's home is closed to the uid that PostgreSQL runs as, hence the other place.
    """
    if chosen := os.environ.get("MOTCUA_CACHE"):
        return Path(chosen).absolute()
    return Path("/var/cache/motcua") if is_root() else Path.home() / ".cache" / "motcua"


def make_folder(path: Path) -> Path:
    """Make a folder and its parents; say what to do where that fails."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(path, error) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise unwritable(path, PermissionError("no permission to write"))
    return path


def unwritable(path: Path, error: OSError) -> LocalError:
    return LocalError(
        f"cannot write to {path}: {error.strerror or error}",
        next_step="free space there, or make it writable for you (ls -ld on it and its parents)",
    )


def first_closed_parent(path: Path) -> Path | None:
    """The outermost folder on the way to `path` that other users may not pass, if there is one."""
    absolute = path.absolute()
    for folder in (*reversed(absolute.parents), absolute):
        if folder.exists() and not folder.stat().st_mode & 0o001:
            return folder
    return None


def write_secret(path: Path, content: str | bytes) -> None:
    """Write a file that its owner alone can read, whole or not at all."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise unwritable(path.parent, error) from error


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file, empty where there is no file."""
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise LocalError(
            f"{path} is not valid JSON: {error}", next_step=f"mend it or remove it: rm '{path}'"
        ) from error


@contextlib.contextmanager
def locked(path: Path) -> Generator[None]:
    """Hold a lock that dies with its holder, so that a kill -9 leaves nothing to clean up."""
    make_folder(path.parent)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
