"""Run what reads hostile files in a process of its own, from where little harm can be done.

A job is a module, run as `python -I -m <job>`: with an empty environment, so that it knows no
secret; with limits of processor, memory and bytes written that it sets itself before it looks at
anything (`job.py`); killed when its time is over. It answers with one line of JSON. Whoever has
taken it over can answer what they like, so an answer is believed no further than its types (see
`verdicts.py`).
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, cast

Verdict: TypeAlias = Mapping[str, object]

_LONGEST_ANSWER = 64 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What one job may take. `seconds` are those of the clock, `written_bytes` counts per file."""

    cpu_seconds: int = 5
    seconds: float = 15
    memory_bytes: int = 1024 * 1024 * 1024
    written_bytes: int = 0


async def run(job: str, *arguments: str | Path, limits: Limits) -> Verdict:
    """The verdict of a job, named as a module: `damaged` if it was killed by a limit or answered
    nonsense, since what it read is to blame. Raises RuntimeError if it does not run here at all.
    """
    child = await _start(job, arguments, limits)
    output = cast("asyncio.StreamReader", child.stdout)
    try:
        async with asyncio.timeout(limits.seconds):
            answer = await output.readline()
            await child.wait()
    except TimeoutError:
        return _damaged(f"it takes more than {limits.seconds:g} seconds")
    except ValueError:  # a line without end
        return _damaged("the answer is too long")
    finally:
        await _end(child, output)
    if child.returncode and child.returncode > 0:
        raise RuntimeError(f"{job} does not run here: exit code {child.returncode}")
    return _read(answer) if child.returncode == 0 else _damaged("it was killed by a limit")


async def _start(
    job: str, arguments: tuple[str | Path, ...], limits: Limits
) -> asyncio.subprocess.Process:
    bounds = limits.cpu_seconds, limits.memory_bytes, limits.written_bytes
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-I", "-m", job),
        *map(str, bounds),
        *map(str, arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
        limit=_LONGEST_ANSWER,
    )


async def _end(child: asyncio.subprocess.Process, output: asyncio.StreamReader) -> None:
    if child.returncode is None:
        child.kill()
    while await output.read(_LONGEST_ANSWER):  # unread, it would keep the pipe open, and us waiting
        pass
    await child.wait()


def _read(answer: bytes) -> Verdict:
    try:
        verdict: object = json.loads(answer)
    except (ValueError, RecursionError):
        verdict = None
    if isinstance(verdict, dict):
        return cast("Verdict", verdict)
    return _damaged("the answer cannot be read")


def _damaged(why: str) -> Verdict:
    return {"verdict": "damaged", "why": why}
