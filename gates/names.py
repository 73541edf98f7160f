"""The field's words: modules and classes may not hide behind names that say nothing."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from gates.sources import ROOT, Finding, Source, read_sources, report

BANNED = frozenset({"manager", "helper", "util", "common", "processor", "data", "info", "misc"})
ALLOWED = {
    "EventData": "CloudEvents calls the payload of an event its data",
}


def check(sources: tuple[Source, ...]) -> Iterator[Finding]:
    """Every module, folder of modules and class with a banned word in its name."""
    for source in sources:
        yield from _banned_paths(source)
        yield from _banned_classes(source)


def banned_word(name: str) -> str | None:
    """The banned word in a snake_case or CamelCase name, singular or plural, if there is one.

    A word counts as a whole: `metadata` and `Database` are fine.
    """
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)
    singular = (word.lower().removesuffix("s") for word in words)
    return next((word for word in singular if word in BANNED), None)


def _banned_paths(source: Source) -> Iterator[Finding]:
    for name in (*source.path.parts[:-1], source.path.stem):
        if banned_word(name):
            yield _finding(source, 1, name)


def _banned_classes(source: Source) -> Iterator[Finding]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef) and node.name not in ALLOWED and banned_word(node.name):
            yield _finding(source, node.lineno, node.name)


def _finding(source: Source, line: int, name: str) -> Finding:
    what = f"{banned_word(name)!r} says nothing about what it is, use the field's word"
    return Finding(source.path, line, name, what)


def main(root: Path = ROOT) -> int:
    """Check this tree; gives the exit code."""
    sources = read_sources(root)
    return report("names", check(sources), summary=f"{len(sources)} files")


if __name__ == "__main__":
    sys.exit(main())
