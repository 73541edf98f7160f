"""A hostile job stands in for a parser that was taken over."""

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from documents import confined
from documents.confined import Limits, Verdict

MEGABYTE = 1024 * 1024


class Stage:
    """Where jobs are written down and run as a job would be."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._monkeypatch = monkeypatch

    async def run(
        self, body: str, limits: Limits | None = None, *, lawless: bool = False
    ) -> Verdict:
        """`body` is the job's; `lawless` it runs at once, without giving anything up."""
        lines = [f"#!{self._python()} -I", "import sys, os, time", "sys.argv[1:] = sys.argv[4:]"]
        if lawless:
            lines += body.splitlines()
        else:
            lines += ["from documents import job", "def work(*arguments):"]
            lines += [f"    {line}" for line in body.splitlines()]
            lines += ["job.run(work)"]
        script = self.folder / "job"
        script.write_text("\n".join(lines))
        script.chmod(0o700)
        with self._monkeypatch.context() as patch:
            patch.setattr(sys, "executable", str(script))
            return await confined.run("a.job", self.folder, limits=limits or Limits())

    def _python(self) -> Path:
        """This interpreter, by a path without a space: `#!` takes no other."""
        environment = self.folder / "environment"
        if not environment.exists():
            environment.symlink_to(sys.prefix)
        return environment / "bin" / "python"


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(tmp_path, monkeypatch)


async def test_a_job_answers_with_its_verdict_and_its_memory(stage: Stage) -> None:
    ballast = bytearray(os.urandom(1024)) * (300 * 1024)  # ours, and not to be counted as the job's
    verdict = await stage.run("return {'verdict': 'clean', 'pages': len(arguments)}")
    peak = verdict["peakBytes"]
    assert verdict == {"verdict": "clean", "pages": 1, "peakBytes": peak}
    assert isinstance(peak, int)
    assert MEGABYTE < peak < len(ballast)


async def test_a_job_knows_nothing_of_its_surroundings(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTAKE_ENCRYPTION_KEYS", "secret")
    verdict = await stage.run("return dict(os.environ)")
    assert verdict.keys() <= {"peakBytes", "LC_CTYPE"}


WRITING = """
with open(arguments[0] + "/written", "wb", buffering=0) as file:
    try:
        return {"written": [file.write(bytes(6000)), file.write(bytes(6000))]}
    except OSError as error:
        return {"error": error.strerror}
"""


async def test_a_job_writes_nothing_or_as_much_as_it_may(stage: Stage) -> None:
    assert (await stage.run(WRITING))["error"] == "File too large"
    assert (stage.folder / "written").stat().st_size == 0
    assert (await stage.run(WRITING, Limits(written_bytes=8_000)))["written"] == [6_000, 2_000]
    assert (await stage.run(WRITING, Limits(written_bytes=20_000)))["written"] == [6_000, 6_000]


async def test_a_job_starts_no_other_program(stage: Stage) -> None:
    body = (
        # The limit does not hold for root, which no service runs as; who is not may not be able to
        # read the Python of root, so what is needed later is imported before.
        "import encodings.ascii\nif os.geteuid() == 0:\n    os.setuid(65534)\n"
        "try:\n    os.fork()\nexcept OSError as error:\n    return {'error': type(error).__name__}"
    )
    assert (await stage.run(body))["error"] == "BlockingIOError"


@pytest.mark.parametrize(
    ("body", "limits", "why"),
    [
        ("bytearray(600_000_000)", Limits(memory_bytes=500_000_000), "too much memory"),
        ("while True: pass", Limits(cpu_seconds=1), "killed by a limit"),
        ("time.sleep(60)", Limits(seconds=0.5), "more than 0.5 seconds"),
    ],
)
async def test_a_job_that_takes_too_much_is_ended_and_the_file_is_to_blame(
    stage: Stage, body: str, limits: Limits, why: str
) -> None:
    started = time.monotonic()
    verdict = await stage.run(body, limits)
    assert verdict["verdict"] == "damaged"
    assert why in str(verdict["why"])
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    "body",
    [
        "",
        "print('clean')",
        "print('[' * 60_000)",
        "print('[1, 2]')",
        "print('[' * 70_000)",
        "while True: sys.stdout.write('x' * 100_000)",
        "print('{}', flush=True)\nwhile True: sys.stdout.write('x' * 100_000)",
        'print(\'{"verdict": "clean", "pages": 1}\', flush=True)\nos.abort()',
        "sys.stdout.buffer.write(bytes(range(256)))",
    ],
)
async def test_a_job_that_was_taken_over_is_not_believed(stage: Stage, body: str) -> None:
    verdict = await stage.run(body, Limits(seconds=2), lawless=True)
    assert verdict["verdict"] == "damaged"


async def test_a_job_that_does_not_run_here_is_our_bug_and_not_the_file(stage: Stage) -> None:
    with pytest.raises(RuntimeError, match="exit code 3"):
        await stage.run("sys.exit(3)")


async def test_nobody_waiting_means_no_job(stage: Stage) -> None:
    body = "open(arguments[0] + '/started', 'x').close()\ntime.sleep(60)"
    waiting = asyncio.create_task(stage.run(body, Limits(seconds=60)))
    while not (stage.folder / "started").exists():
        assert not waiting.done()
        await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not [name for name in _commands() if str(stage.folder / "job") in name]


def _commands() -> list[str]:
    """What runs on this machine."""
    found: list[str] = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_text(encoding="utf-8", errors="replace"))
        except OSError:  # it ended meanwhile
            continue
    return found
