"""`docs/metrics.md`: every metric on one page, as `metrics.py` of the chassis and of each service
declares it.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gates.sources import ROOT

KINDS = frozenset({"Counter", "Gauge", "Histogram"})

HEAD = """\
# Metrics

Generated from each `metrics.py` by `python -m gates.documents`; change those, not this page. A
service tells its own and the chassis's at `/metrics`, in Prometheus' text format. No label holds a
dossier, a person or anything else without a bound. Which of them are alarms, and what to do, stands
in [silence](runbooks/silence.md).
"""


@dataclass(frozen=True)
class Metric:
    """One metric, as it is declared."""

    name: str
    kind: str
    about: str
    labels: tuple[str, ...]

    @property
    def row(self) -> str:
        labels = ", ".join(f"`{label}`" for label in self.labels)
        return f"| `{self.name}` | {self.kind.lower()} | {labels} | {self.about} |"


def page(root: Path = ROOT) -> str:
    """The whole page."""
    return "\n".join([HEAD, *_tables(root)]) + "\n"


def metrics(root: Path = ROOT) -> dict[str, list[Metric]]:
    """Every metric by the package that declares it."""
    return {package: [*_declared(root / path / "metrics.py")] for package, path in _packages(root)}


def _packages(root: Path) -> Iterator[tuple[str, Path]]:
    yield "chassis", Path("chassis/src/chassis")
    for service in sorted((root / "services").iterdir()):
        if service.is_dir():
            yield service.name, Path("services") / service.name / "src" / service.name


def _tables(root: Path) -> Iterator[str]:
    for package, declared in metrics(root).items():
        title = "Every service (chassis)" if package == "chassis" else package.capitalize()
        yield f"## {title}\n\n| metric | kind | labels | meaning |\n| --- | --- | --- | --- |"
        yield from (metric.row for metric in declared)
        yield ""


def _declared(path: Path) -> Iterator[Metric]:
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        match statement:
            case ast.Assign(
                value=ast.Call(func=ast.Name(id=kind), args=[name, about, *labels])
            ) if kind in KINDS:
                named = ast.literal_eval(labels[0]) if labels else ()
                yield Metric(ast.literal_eval(name), kind, ast.literal_eval(about), tuple(named))
            case _:
                pass
