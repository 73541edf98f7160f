"""The store of uploaded files: a folder where each file lies under the digest of its content.

A file comes in under `incoming/`, is checked there, made durable and then renamed to its place, so
what lies under `content/` is always whole. A crash leaves at most a file in `incoming/`, which
`sweep` removes. No path is ever made from what a user sent.
"""

import asyncio
import errno
import hashlib
import os
import time
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from chassis.errors import Problem, Text, Transient
from chassis.failpoints import failpoint
from documents.checks import check_content
from documents.confined import Limits
from documents.durable import make_durable
from documents.kinds import FileTooLarge, FileType, require_magic, type_by_name

_WRITE_SIZE = 256 * 1024


class StorageFull(
    Problem, Transient, status=507, vi="Hệ thống tạm hết chỗ lưu tệp", en="There is no space left"
):
    """The disk is full: the operator's to mend."""


class UnusableFolder(Exception):  # noqa: N818 - names what it is about
    """The folder for files cannot be used; the message says what to do."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that is safely kept. `size` in bytes."""

    sha256: str
    size: int
    media_type: str


class FileStore:
    """Files under `folder`, each of at most `most_bytes`. Open it with `FileStore.open`."""

    def __init__(self, folder: Path, *, most_bytes: int, pdf_limits: Limits) -> None:
        self._incoming = folder / "incoming"
        self._content = folder / "content"
        self._most_bytes = most_bytes
        self._pdf_limits = pdf_limits
        self._checks = asyncio.Semaphore(os.cpu_count() or 1)

    @classmethod
    def open(
        cls, folder: Path, *, most_bytes: int, pdf_limits: Limits | None = None
    ) -> "FileStore":
        """Make the folders that are missing and try to write; raises `UnusableFolder`."""
        store = cls(folder, most_bytes=most_bytes, pdf_limits=pdf_limits or Limits())
        try:
            store._make_folders()
        except OSError as error:
            raise UnusableFolder(
                f"{folder}: files cannot be kept here ({error.strerror}); make it a folder that "
                "this process may write to, or name another"
            ) from error
        return store

    async def store(self, name: str, chunks: AsyncIterator[bytes]) -> StoredFile:
        """Keep a file. Of `name` only the extension counts.

        Raises `FileTooLarge`, `WrongType`, `DamagedFile`, `EncryptedPdf`, `ActivePdf` or
        `StorageFull`; after any error, or when the sender goes away, nothing is left behind.
        """
        file_type = type_by_name(name)
        path = self._incoming / f"{uuid4()}.part"
        try:
            with _full_disk_as_problem():
                stored = await self._write(path, file_type, chunks)
                async with self._checks:
                    await check_content(path, file_type, self._pdf_limits)
                await asyncio.to_thread(make_durable, path)
                await failpoint("documents.before-rename")
                await asyncio.to_thread(_rename, path, self.path(stored.sha256))
                await failpoint("documents.after-rename")
        finally:
            path.unlink(missing_ok=True)
        return stored

    def path(self, sha256: str) -> Path:
        """Where the file with this digest lies, or would lie."""
        if len(sha256) != 64 or set(sha256) - set("0123456789abcdef"):
            raise ValueError("a digest is 64 lower-case hexadecimal digits")
        return self._content / sha256[:2] / sha256

    def sweep(self, *, older_than: timedelta) -> int:
        """Remove what interrupted uploads left behind; gives back how many files."""
        oldest = time.time() - older_than.total_seconds()
        left = [path for path in self._incoming.glob("*.part") if _modified(path) < oldest]
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)

    def _make_folders(self) -> None:
        for digits in range(256):
            (self._content / f"{digits:02x}").mkdir(parents=True, exist_ok=True)
        self._incoming.mkdir(exist_ok=True)
        make_durable(self._content)
        probe = self._incoming / f"{uuid4()}.part"
        probe.touch()
        probe.unlink()

    async def _write(
        self, path: Path, file_type: FileType, chunks: AsyncIterator[bytes]
    ) -> StoredFile:
        digest, size = hashlib.sha256(), 0
        with _new_file(path) as file:
            async for block in _blocks(chunks):
                if not size:
                    require_magic(file_type, block)
                size += len(block)
                if size > self._most_bytes:
                    raise _too_large(self._most_bytes)
                await asyncio.to_thread(_append, block, file, digest)
        return StoredFile(digest.hexdigest(), size, file_type.media_type)


def _new_file(path: Path) -> BinaryIO:
    return path.open("xb")


def _append(block: bytes, file: BinaryIO, digest: "hashlib._Hash") -> None:
    digest.update(block)
    file.write(block)


async def _blocks(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in blocks worth a write; an empty file is one empty block."""
    block = bytearray()
    async for chunk in chunks:
        block += chunk
        if len(block) >= _WRITE_SIZE:
            yield bytes(block)
            block.clear()
    yield bytes(block)


def _rename(source: Path, target: Path) -> None:
    source.replace(target)
    make_durable(target.parent)


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


@contextmanager
def _full_disk_as_problem() -> Generator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull from error
        raise


def _too_large(most_bytes: int) -> FileTooLarge:
    most = f"{most_bytes / 1024 / 1024:g} MB"
    return FileTooLarge(
        Text(
            f"Tệp lớn hơn {most}. Vui lòng giảm dung lượng hoặc tách thành nhiều tệp.",
            f"The file is larger than {most}. Please make it smaller or split it.",
        ),
        mostBytes=most_bytes,
    )
