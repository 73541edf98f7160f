"""Every relative link in a Markdown page leads to a file or folder that exists."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from gates.sources import LEFT_OUT, ROOT, Finding, report

LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
ELSEWHERE = re.compile("[a-z]+:|#")
"""Other schemes, and places within the same page."""


def pages(root: Path) -> list[Path]:
    """Every Markdown page of the tree."""
    found = (path.relative_to(root) for path in root.rglob("*.md"))
    return sorted(path for path in found if not _left_out(path))


def _left_out(path: Path) -> bool:
    return any(part in LEFT_OUT or part.startswith(".") for part in path.parts)


def check(root: Path, paths: list[Path]) -> Iterator[Finding]:
    """Every link that leads nowhere."""
    for path in paths:
        lines = (root / path).read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines, start=1):
            for link in LINK.finditer(line):
                if not _leads_somewhere(root / path, link["target"]):
                    yield Finding(path, number, link["target"], "no such file")


def _leads_somewhere(page: Path, target: str) -> bool:
    file = unquote(target.partition("#")[0])
    return ELSEWHERE.match(target) is not None or (page.parent / file).exists()


def main(root: Path = ROOT) -> int:
    """Check this tree; gives the exit code."""
    found = pages(root)
    return report("links", check(root, found), summary=f"{len(found)} pages")


if __name__ == "__main__":
    sys.exit(main())
