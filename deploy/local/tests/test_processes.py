"""Detached processes, with small stand-ins."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from motcua_local import processes
from motcua_local.errors import LocalError
from motcua_local.ports import Ports, is_free
from motcua_local.processes import Command, DetachedProcess


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[DetachedProcess]:
    process = DetachedProcess("sleeper", tmp_path)
    yield process
    process.stop(grace=0)


def python(code: str, folder: Path, **environment: str) -> Command:
    return Command((sys.executable, "-uc", code), cwd=folder, environment=environment)


SLEEP = "print('awake'); import time; time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"


def awake(process: DetachedProcess) -> None:
    process.wait_until(lambda: "awake" in process.log.read_text(), within=20)


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_process_runs_in_a_session_of_its_own_and_is_found_again(
    sleeper: DetachedProcess, tmp_path: Path
) -> None:
    started = sleeper.start(python(SLEEP, tmp_path))
    assert os.getsid(started.pid) == started.pid
    assert DetachedProcess("sleeper", tmp_path).running() == started


def test_output_and_environment_are_its_own(sleeper: DetachedProcess, tmp_path: Path) -> None:
    sleeper.start(
        python(f"import os; print(os.environ['GREETING']); {SLEEP}", tmp_path, GREETING="chào")
    )
    awake(sleeper)
    assert sleeper.log.read_text() == "chào\nawake\n"


def test_stop_is_polite_first(sleeper: DetachedProcess, tmp_path: Path) -> None:
    sleeper.start(python(SLEEP, tmp_path))
    assert sleeper.stop()
    assert sleeper.running() is None
    assert not sleeper.crashed()


def test_who_does_not_stop_in_time_is_killed(sleeper: DetachedProcess, tmp_path: Path) -> None:
    process = sleeper.start(python(STUBBORN, tmp_path))
    awake(sleeper)
    assert not sleeper.stop(grace=0.2)
    assert not process.is_running()


@contextmanager
def started_elsewhere(process: DetachedProcess, folder: Path, code: str) -> Generator[None]:
    """The process as a program started it that lives on and never asks what became of it."""
    starts = (
        "from pathlib import Path; import sys, time;"
        "from motcua_local.processes import Command, DetachedProcess;"
        "folder = Path(sys.argv[1]);"
        "command = Command((sys.executable, '-uc', sys.argv[2]), cwd=folder);"
        "DetachedProcess('sleeper', folder).start(command); time.sleep(600)"
    )
    with subprocess.Popen((sys.executable, "-c", starts, folder, code)) as parent:
        try:
            eventually(lambda: process.running() is not None)
            awake(process)
            yield
            assert parent.poll() is None
        finally:
            parent.kill()


def test_it_is_stopped_though_its_parent_lives_on_and_never_buries_it(
    sleeper: DetachedProcess, tmp_path: Path
) -> None:
    with started_elsewhere(sleeper, tmp_path, SLEEP):
        assert sleeper.stop(grace=20)
        assert sleeper.running() is None
        assert not sleeper.crashed()


def test_the_port_of_what_was_killed_is_free_at_once(
    sleeper: DetachedProcess, tmp_path: Path
) -> None:
    port = Ports(tmp_path).claim("sleeper")
    big_with_threads = (
        "import socket, threading, time; memory = bytearray(200_000_000);"
        "threads = [threading.Thread(target=time.sleep, args=(600,)) for _ in range(100)];"
        "[thread.start() for thread in threads];"
        f"server = socket.create_server(('127.0.0.1', {port})); {SLEEP}"
    )
    with started_elsewhere(sleeper, tmp_path, big_with_threads):
        sleeper.kill()
        assert is_free(port)
        assert sleeper.crashed()


def test_kill_leaves_it_crashed(sleeper: DetachedProcess, tmp_path: Path) -> None:
    process = sleeper.start(python(STUBBORN, tmp_path))
    assert sleeper.kill() == process.pid
    assert sleeper.crashed()
    assert sleeper.kill() is None


def test_a_reused_pid_is_not_mistaken_for_it(sleeper: DetachedProcess, tmp_path: Path) -> None:
    sleeper.start(python(SLEEP, tmp_path))
    sleeper.kill()
    pid_file = tmp_path / "run" / "sleeper.pid"
    known = json.loads(pid_file.read_text())
    pid_file.write_text(json.dumps(known | {"pid": os.getppid()}))
    assert sleeper.running() is None
    sleeper.stop()
    assert psutil.pid_exists(os.getppid()), "and it was not stopped"


def test_a_process_whose_pid_file_is_lost_is_ended_before_another_starts(
    sleeper: DetachedProcess, tmp_path: Path
) -> None:
    lost = sleeper.start(python(SLEEP, tmp_path))
    (tmp_path / "run" / "sleeper.pid").unlink()
    assert sleeper.running() is None
    assert sleeper.start(python(SLEEP, tmp_path)) != lost
    assert not lost.is_running()


def test_death_while_starting_is_told_at_once_with_the_log(
    sleeper: DetachedProcess, tmp_path: Path
) -> None:
    sleeper.start(python("raise SystemExit('the port is taken')", tmp_path))
    with pytest.raises(
        LocalError, match=r"ended while starting(.|\n)*the port is taken(.|\n)*next: "
    ):
        sleeper.wait_until(lambda: False, within=60)


def test_a_big_log_is_put_aside(
    sleeper: DetachedProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "LOG_LIMIT", 10)
    sleeper.log.parent.mkdir()
    sleeper.log.write_text("the log of last year\n")
    sleeper.start(python(SLEEP, tmp_path))
    awake(sleeper)
    assert sleeper.log.read_text() == "awake\n"
    assert sleeper.log.with_suffix(".log.1").read_text() == "the log of last year\n"


def test_the_polite_signal_can_be_another(sleeper: DetachedProcess, tmp_path: Path) -> None:
    sleeper.start(python(STUBBORN, tmp_path))
    awake(sleeper)
    assert sleeper.stop(interrupt=signal.SIGINT)
