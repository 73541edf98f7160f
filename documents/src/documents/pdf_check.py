"""Check one PDF in a process of its own: `python -m documents.pdf_check <file> <cpu seconds>`.

A parser is where a hostile file attacks, so it runs apart: little memory and time, no secrets in
its environment, no way to write a file. Prints one line, the verdict as JSON. Imports next to
nothing, for each upload waits for it.
"""

import json
import resource
import sys

MEMORY = 1024 * 1024 * 1024


def main(path: str, cpu_seconds: str) -> None:
    """Print what `pdf_inspection.inspect_pdf` finds."""
    seconds = int(cpu_seconds)
    for kind, most in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    try:
        # Imported within the limits.
        from documents.pdf_inspection import inspect_pdf  # noqa: PLC0415

        verdict = inspect_pdf(path)
    except MemoryError:
        verdict = {"verdict": "damaged", "why": "it needs too much memory"}
    sys.stdout.write(json.dumps(verdict) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
