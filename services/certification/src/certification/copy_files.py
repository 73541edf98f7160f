"""The files of copies: scans as they were uploaded, and what is made of them, under their digests.

What is made lies in `making/` until it is whole and durable; only then it gets its name.
"""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from chassis.failpoints import failpoint_sync
from documents.durable import make_durable
from documents.store import FileStore, StoredFile

_READ_ONLY = 0o440


class FileAltered(Exception):  # noqa: N818 - names what happened
    """A file is not what its maker, or its name, says that it is."""


class CopyFiles:
    """Beside `scans`, in the same folder, so that a name is given by renaming."""

    def __init__(self, folder: Path, scans: FileStore) -> None:
        self.scans = scans
        self._making = folder / "making"
        self._making.mkdir(exist_ok=True)

    @classmethod
    def open(cls, folder: Path, *, most_bytes: int) -> "CopyFiles":
        """Make the folders that are missing; raises `UnusableFolder`. A scan may have that many
        bytes.
        """
        return cls(folder, FileStore.open(folder, most_bytes=most_bytes))

    async def receive(self, name: str, chunks: AsyncIterator[bytes]) -> StoredFile:
        """Keep a part of a scan as it comes, read-only. Raises what `FileStore.store` does."""
        stored = await self.scans.store(name, chunks)
        self.path(stored.sha256).chmod(_READ_ONLY)
        return stored

    def path(self, sha256: str) -> Path:
        """Where the file with this digest lies, or would lie."""
        return self.scans.path(sha256)

    async def intact(self, sha256: str) -> Path:
        """Where the file with this digest lies, once it is seen to be that file: what is signed is
        what was recorded. Raises `FileAltered`.
        """
        path = self.path(sha256)
        if await asyncio.to_thread(_digest, path) != sha256:
            raise FileAltered
        return path

    @contextmanager
    def making(self) -> Generator[Path]:
        """A path where nothing is yet; what is left there at the end goes."""
        path = self._making / f"{uuid4()}.part"
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    async def keep(self, made: Path, *, sha256: str | None = None) -> str:
        """Give a file its name for ever; `sha256` is what its maker says it is. Raises
        `FileAltered`.
        """
        return await asyncio.to_thread(self._keep, made, sha256)

    def drop(self, sha256: str) -> None:
        """Remove a file that does not count."""
        self.path(sha256).unlink(missing_ok=True)

    def sweep(self, *, older_than: timedelta) -> int:
        """Remove what was never finished, here and among the scans; gives back how many files."""
        oldest, swept = time.time() - older_than.total_seconds(), 0
        for path in self._making.glob("*.part"):
            with suppress(FileNotFoundError):  # its maker finished it meanwhile
                if path.stat().st_mtime < oldest:
                    path.unlink()
                    swept += 1
        return swept + self.scans.sweep(older_than=older_than)

    def _keep(self, made: Path, told: str | None) -> str:
        found = _digest(made)
        make_durable(made)
        if told not in (None, found):
            raise FileAltered
        made.chmod(_READ_ONLY)
        target = self.path(found)
        failpoint_sync("certification.before-rename")
        made.replace(target)
        failpoint_sync("certification.after-rename")
        make_durable(target.parent)
        return found


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
