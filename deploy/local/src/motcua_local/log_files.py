"""The logs of every program, read as one."""

import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from motcua_local.processes import DetachedProcess, last_lines


def show_logs(processes: Sequence[DetachedProcess], lines: int, out: Console) -> None:
    """The last lines of each log."""
    for process in processes:
        if process.log.exists():
            out.rule(f"{process.name}: {process.log}", align="left")
            out.print(last_lines(process.log, lines), markup=False, soft_wrap=True)


def follow_logs(processes: Sequence[DetachedProcess], out: Console) -> None:
    """Print what is appended, each line with the name of its program, until interrupted."""
    places = {process.name: _size(process.log) for process in processes}
    while True:
        for process in processes:
            places[process.name] = _print_new(process, places[process.name], out)
        time.sleep(0.2)


def _print_new(process: DetachedProcess, start: int, out: Console) -> int:
    """Print whole lines from `start` on; gives where the next ones begin."""
    size = _size(process.log)
    if size < start:  # the log was rotated
        start = 0
    if size == start:
        return start
    with process.log.open("rb") as file:
        file.seek(start)
        text = file.read()
    whole = text[: text.rfind(b"\n") + 1]
    for line in whole.decode("utf-8", "replace").splitlines():
        out.print(f"{process.name}: {line}", markup=False, soft_wrap=True)
    return start + len(whole)


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0
