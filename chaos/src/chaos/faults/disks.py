"""Disks that can be made full: small file systems in memory, under files, Kafka and PostgreSQL.

A file system in memory can be given another size while it is in use. Roomy, it is a disk like any
other; full, nothing more can be written to it than to a full disk, and it is whole again as soon as
it is roomy.
"""

import asyncio
import json
import os
import random
import subprocess
from pathlib import Path

from chaos.faults.fault import Struck
from chaos.rig import Rig
from motcua_local.folders import first_closed_parent, make_folder, read_json
from motcua_local.stack import Stack

ROOMY = 8 * 1024**3
LEFT = (64 * 1024, 256 * 1024, 1024 * 1024)
"""Bytes that are still free on a disk that counts as full: writers find out in their middle."""

DISKS = {"intake-files": "data/files", "kafka": "data/kafka/log", "postgres": "disks/postgres"}
"""What lies on each, and where it is in a stack's folder."""
_ENGINES = ("kafka", "postgres")


class DiskRefusedError(Exception):
    """The system did not mount it, or did not give it another size."""


class Disks:
    """The disks of one stack."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._refused: str | None = "no disks were made for this stack"

    def prepare(self, stack: Stack) -> None:
        """Make them for an empty stack that is not up. Where the system does not let us, the stack
        does without.
        """
        stack.down(["postgres"])  # it may have been up to be emptied
        self.clean_up()
        try:
            self._refuse_closed_folder()
            for name in DISKS:
                self._make(name)
        except DiskRefusedError as error:
            self._refused = str(error)
            self.clean_up()
            return
        self._refused = None
        content = json.dumps({"data": str(self.place("postgres") / "data")})
        self._postgres_file.write_text(content)

    def clean_up(self) -> None:
        """Unmount them, also those of a run that crashed; what lay on them is gone."""
        for name in DISKS:
            while os.path.ismount(self.place(name)):
                _run("umount", "--lazy", str(self.place(name)))
        ours = (
            read_json(self._postgres_file).get("data", "").startswith(str(self._folder / "disks"))
        )
        if ours:
            self._postgres_file.unlink()

    def hindrance(self) -> str | None:
        """Why no disk can be made full, None if they can."""
        return self._refused

    def place(self, name: str) -> Path:
        return self._folder / DISKS[name]

    def fill(self, name: str, *, left: int) -> None:
        """Let no more than so many bytes fit."""
        disk = os.statvfs(self.place(name))
        used = (disk.f_blocks - disk.f_bfree) * disk.f_frsize
        self._resize(name, used + left)

    def empty(self, name: str) -> None:
        self._resize(name, ROOMY)

    @property
    def _postgres_file(self) -> Path:
        """Where `motcua_local` looks for PostgreSQL's data."""
        return self._folder / "postgres.json"

    def _refuse_closed_folder(self) -> None:
        """PostgreSQL does not run as root, and its data must lie below here now."""
        if closed := first_closed_parent(self._folder):
            raise DiskRefusedError(f"{closed} is closed to the user that PostgreSQL runs as")

    def _make(self, name: str) -> None:
        place = make_folder(self.place(name))
        options = f"size={ROOMY},mode=0755"
        _run("mount", "-t", "tmpfs", "-o", options, "motcua-chaos", str(place))

    def _resize(self, name: str, size: int) -> None:
        _run("mount", "-o", f"remount,size={size}", str(self.place(name)))


class DiskFull:
    """One disk is full, as long as it lasts. An engine that ended over it is started again."""

    kind = "disk-full"

    def __init__(self, disks: Disks) -> None:
        self._disks = disks

    def hindrance(self, _: Rig, /) -> str | None:
        return self._disks.hindrance()

    async def strike(self, _: Rig, /, chance: random.Random) -> Struck:
        name, left = chance.choice(sorted(DISKS)), chance.choice(LEFT)
        await asyncio.to_thread(self._disks.fill, name, left=left)
        return Struck(name, {"bytesLeft": left})

    async def heal(self, rig: Rig, /, struck: Struck) -> None:
        await asyncio.to_thread(self._disks.empty, struck.target)
        await asyncio.to_thread(rig.stack.engines.start, _ENGINES)


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - no shell
    except OSError as error:
        raise DiskRefusedError(f"{command[0]}: {error.strerror}") from error
    if done.returncode != 0:
        raise DiskRefusedError(done.stderr.strip() or f"{command[0]}: exit code {done.returncode}")
