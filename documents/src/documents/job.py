"""The first thing that a confined job does: give up what it does not need, for good.

`python -I -m <job> <cpu seconds> <memory bytes> <written bytes> <arguments>`. Imports
next to nothing, for each upload waits for it; a job imports its parser within the limits.
"""

import json
import resource
import sys
from collections.abc import Callable, Mapping
from pathlib import Path


def run(job: Callable[..., Mapping[str, object]]) -> None:
    """Do the job with the arguments of the command line, and print its verdict and `peakBytes`, the
    most memory that was ever in use.
    """
    cpu_seconds, memory_bytes, written_bytes, *arguments = sys.argv[1:]
    _give_up(int(cpu_seconds), int(memory_bytes), int(written_bytes))
    try:
        verdict = job(*arguments)
    except MemoryError:
        verdict = {"verdict": "damaged", "why": "it needs too much memory"}
    sys.stdout.write(json.dumps({**verdict, "peakBytes": _peak_bytes()}) + "\n")


def _give_up(cpu_seconds: int, memory_bytes: int, written_bytes: int) -> None:
    for kind, most in (
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, written_bytes),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))


def _peak_bytes() -> int:
    """Of this program alone: `getrusage` counts what the parent had in use before the exec."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    [peak] = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(peak) * 1024
