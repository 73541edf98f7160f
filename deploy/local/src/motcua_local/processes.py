"""Detached processes, each with a pid file that cannot be mistaken for another process."""

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from motcua_local.errors import LocalError
from motcua_local.folders import make_folder, read_json, unwritable, write_secret

LOG_LIMIT = 20 * 1024 * 1024

# A start time is computed from the machine's boot time, which moves a little when the clock is set.
_START_TOLERANCE = 5.0

_MARK = "MOTCUA_PID_FILE"

_children: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class Command:
    """What to run; `uid` switches the user, which root alone may do."""

    argv: tuple[str, ...]
    cwd: Path
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    uid: int | None = None

    @property
    def fingerprint(self) -> str:
        """Changes when the process would be started differently (a port moved, a new secret)."""
        told = json.dumps([self.argv, str(self.cwd), sorted(self.environment.items())])
        return hashlib.sha256(told.encode()).hexdigest()


class DetachedProcess:
    """One long-running process of a folder: `run/<name>.pid`, `logs/<name>.log`."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.log = folder / "logs" / f"{name}.log"
        self._pid_file = folder / "run" / f"{name}.pid"
        self._mark = str(self._pid_file)

    def running(self) -> psutil.Process | None:
        """The process if it lives and is the one that was started here."""
        known = read_json(self._pid_file)
        return _same_process(known["pid"], known["started"]) if known else None

    def crashed(self) -> bool:
        """Whether it was started, was not stopped, and yet does not run."""
        return self._pid_file.exists() and self.running() is None

    def fingerprint(self) -> str | None:
        """The fingerprint of the command that it was started with."""
        return read_json(self._pid_file).get("fingerprint")

    def start(self, command: Command) -> psutil.Process:
        """Start it in a session of its own; output is appended to its log."""
        make_folder(self._pid_file.parent)
        make_folder(self.log.parent)
        end_all(_marked(self._mark), interrupt=signal.SIGTERM)
        try:
            _rotate(self.log)
            child = _spawn(command, self.log, {_MARK: self._mark})
        except OSError as error:
            raise unwritable(self.log, error) from error
        process = psutil.Process(child.pid)
        self.adopt(process, fingerprint=command.fingerprint)
        return process

    def adopt(self, process: psutil.Process, *, fingerprint: str) -> None:
        """Write the pid file of a process that runs already."""
        known = {"pid": process.pid, "started": process.create_time(), "fingerprint": fingerprint}
        write_secret(self._pid_file, json.dumps(known))

    def stop(self, *, interrupt: signal.Signals = signal.SIGTERM, grace: float = 30) -> bool:
        """Ask it to end, and end it after `grace` seconds; False if it had to be ended."""
        process = self.running()
        obeyed = process is None or _end(process, interrupt, grace)
        self._pid_file.unlink(missing_ok=True)
        return obeyed

    def kill(self) -> int | None:
        """SIGKILL, as a crash would; the pid file stays, as after a crash. Gives the pid."""
        process = self.running()
        if process is None:
            return None
        _end(process, signal.SIGKILL, 10)
        return process.pid

    def wait_until(self, ready: Callable[[], bool], *, within: float) -> None:
        """Wait for a condition; fail at once, with the end of the log, if the process dies."""
        deadline = time.monotonic() + within
        while not ready():
            if self.running() is None:
                raise self._failed("ended while starting")
            if time.monotonic() > deadline:
                raise self._failed(f"was not ready within {within:.0f} s")
            time.sleep(0.1)

    def _failed(self, what: str) -> LocalError:
        return LocalError(
            f"{self.name} {what}; its log ends with:\n{last_lines(self.log, 15)}",
            next_step=f"read the whole log: {self.log}",
        )


def run_to_end(command: Command, name: str, *, log: Path) -> None:
    """Run a command that prepares something; its output goes to the log of that program."""
    make_folder(log.parent)
    code = _spawn(command, log, {}).wait()
    if code != 0:
        raise LocalError(
            f"{name}: `{' '.join(command.argv[1:])}` failed; the log ends with:\n"
            f"{last_lines(log, 15)}",
            next_step=f"read the whole log: {log}",
        )


def processes_in(folder: Path, executable: str) -> Iterator[psutil.Process]:
    """Living processes of one executable that work in a folder, whoever started them."""
    folder = folder.resolve()
    for process in psutil.process_iter(["name"]):
        with contextlib.suppress(psutil.Error, OSError):
            if process.info["name"] == executable and Path(process.cwd()) == folder:
                yield process


def end_all(processes: Iterable[psutil.Process], *, interrupt: signal.Signals) -> None:
    """Ask processes to end, and end those that have not after a few seconds."""
    for process in list(processes):
        _end(process, interrupt, 10)


def last_lines(log: Path, count: int) -> str:
    if not log.exists():
        return "(empty)"
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 64 * 1024))
        return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-count:])


def _marked(mark: str) -> Iterator[psutil.Process]:
    """Living processes that were started under a mark, though their pid file is gone."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(_MARK) == mark:
                yield process


def _spawn(command: Command, log: Path, mark: Mapping[str, str]) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        child = subprocess.Popen(  # noqa: S603 - the commands are ours
            command.argv,
            cwd=command.cwd,
            env={**_inherited(), **command.environment, **mark},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=command.uid,
            group=command.uid,
            extra_groups=None if command.uid is None else [],
        )
    _children.append(child)  # kept, because collecting it while it runs is warned about
    return child


def _inherited() -> dict[str, str]:
    """Our environment without what belongs to the shell that happened to start us."""
    return {name: value for name, value in os.environ.items() if name not in {"OLDPWD", "PWD"}}


def _same_process(pid: int, started: float) -> psutil.Process | None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        if _is_dead(process):
            _bury(process)
            return None
        if abs(process.create_time() - started) < _START_TOLERANCE:
            return process
    return None


def _end(process: psutil.Process, first: signal.Signals, grace: float) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(first)
        if not _ends(process, within=grace):
            process.kill()
            if not _ends(process, within=10):
                raise psutil.TimeoutExpired(10, process.pid)
            return False
    return True


def _ends(process: psutil.Process, *, within: float) -> bool:
    """Whether it ends in time.

    Only its parent can bury it: under one that lives on, as `motcua demo` in another terminal does,
    it stays a zombie, for whose end psutil would wait in vain.
    """
    deadline = time.monotonic() + within
    while not _is_dead(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    _bury(process)
    return True


def _is_dead(process: psutil.Process) -> bool:
    """Whether it is gone, or a zombie in full: while a thread of it ends, its ports are taken."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1
    except psutil.NoSuchProcess:
        return True


def _bury(process: psutil.Process) -> None:
    """Take the dead process off the system's list, if it is a child of ours."""
    with contextlib.suppress(psutil.TimeoutExpired):
        process.wait(timeout=0)


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))
