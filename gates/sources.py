"""The Python files that the gates read, and what a gate says about one of them."""

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = (
    "contracts", "chassis", "documents", "operations", "services", "deploy", "simulators",
    "examples", "gates", "tests", "benchmarks", "checker", "chaos",
)  # fmt: skip
LEFT_OUT = frozenset({".venv", "__pycache__", "var", "build", "dist"})


@dataclass(frozen=True)
class Source:
    """One file; `path` is relative to the root that is checked."""

    path: Path
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed file."""
        return ast.parse(self.text, filename=str(self.path))

    @property
    def is_test(self) -> bool:
        """Tests stand in a folder named `tests`; everything else is product code."""
        return "tests" in self.path.parts

    def within(self, *folder: str) -> bool:
        """True if the file lies under this folder of the root."""
        return self.path.parts[: len(folder)] == folder


@dataclass(frozen=True)
class Finding:
    """One place that breaks a convention."""

    path: Path
    line: int
    name: str
    what: str

    def __str__(self) -> str:
        """`path:line name: what`, which editors turn into a link."""
        return f"{self.path}:{self.line} {self.name}: {self.what}"


def read_sources(root: Path = ROOT) -> tuple[Source, ...]:
    """Every Python file under the folders that hold code, in a stable order."""
    return tuple(
        Source(path.relative_to(root), path.read_text(encoding="utf-8")) for path in _files(root)
    )


def _files(root: Path) -> Iterator[Path]:
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            if not LEFT_OUT.intersection(path.relative_to(root).parts):
                yield path


def report(gate: str, findings: Iterable[Finding], *, summary: str) -> int:
    """Print the findings and one closing line; gives the exit code."""
    lines = [str(finding) for finding in findings]
    verdict = f"{len(lines)} to mend" if lines else "ok"
    sys.stdout.write("\n".join([*lines, f"{gate}: {verdict} ({summary})", ""]))
    return 1 if lines else 0
