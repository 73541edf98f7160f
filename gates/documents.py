"""Write what is generated from the code, or check that what is checked in is up to date.

python -m gates.documents            write JSON Schemas, AsyncAPI, docs/events.md, docs/metrics.md
python -m gates.documents --check    fail when one of them is stale, and show where
"""

import sys
from collections.abc import Iterator
from difflib import unified_diff
from itertools import islice
from pathlib import Path

from gates import event_pages, metric_pages
from gates.asyncapi import asyncapi
from gates.schemas import SCHEMAS, as_text, schema_documents
from gates.sources import ROOT, Finding, report

SHOWN = 12
"""Lines of a difference that are shown: enough to see what it is about."""


def documents() -> dict[Path, str]:
    """Every generated document by its path relative to the root."""
    return {
        **schema_documents(),
        Path("contracts/asyncapi.json"): as_text(asyncapi()),
        Path("docs/events.md"): event_pages.page(),
        Path("docs/metrics.md"): metric_pages.page(),
    }


def write(root: Path = ROOT) -> int:
    """Write every document and remove schemas of events that are no more; gives the exit code."""
    fresh = documents()
    for path, text in fresh.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    for path in _left_over(root, fresh):
        (root / path).unlink()
    return report("documents", (), summary=f"{len(fresh)} written")


def check(root: Path = ROOT) -> int:
    """Compare every document with what is checked in; gives the exit code."""
    fresh = documents()
    return report("documents", _stale(root, fresh), summary=f"{len(fresh)} compared")


def _stale(root: Path, fresh: dict[Path, str]) -> Iterator[Finding]:
    for path, text in fresh.items():
        target = root / path
        found = target.read_text(encoding="utf-8") if target.exists() else ""
        if found != text:
            yield Finding(
                path, 1, "stale", f"run `make fix` and commit\n{_difference(found, text)}"
            )
    for path in _left_over(root, fresh):
        yield Finding(path, 1, "left over", "no event has this type: run `make fix` and commit")


def _left_over(root: Path, fresh: dict[Path, str]) -> list[Path]:
    folder = SCHEMAS.relative_to(ROOT)
    found = {path.relative_to(root) for path in (root / folder).glob("*.json")}
    return sorted(found - fresh.keys())


def _difference(found: str, text: str) -> str:
    """The first lines that differ: - is checked in, + is what the models say."""
    lines = unified_diff(found.splitlines(), text.splitlines(), "checked in", "generated", n=1)
    return "\n".join(f"    {line.rstrip()}" for line in islice(lines, SHOWN))


def main(arguments: list[str]) -> int:
    """Write, or check with `--check`; gives the exit code."""
    match arguments:
        case []:
            return write()
        case ["--check"]:
            return check()
        case _:
            sys.stderr.write(f"{__doc__}\n")
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
