"""`python -m checker RUN_FOLDER [--json]`: 0 when every promise was kept, 1 when one was broken or
left open, 2 when there is no run to judge.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from checker.judging import Report, UnknownFormat, judge
from checker.reading import MissingPart
from checker.verdicts import Decision

_MARKS = {Decision.HOLDS: "✓", Decision.VIOLATED: "✗", Decision.UNDECIDED: "?"}
_EXAMPLES = 5


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m checker", description=__doc__)
    parser.add_argument("run", type=Path, help="the folder of a saved run")
    parser.add_argument("--json", action="store_true", help="everything, for machines")
    wanted = parser.parse_args(arguments)
    try:
        report = judge(wanted.run)
    except (MissingPart, UnknownFormat) as error:
        sys.stderr.write(f"{wanted.run} cannot be judged: {error}\n")
        return 2
    told = json.dumps(report.as_json(), indent=2, ensure_ascii=False) if wanted.json else ""
    sys.stdout.write(told or "\n".join(lines(report)))
    sys.stdout.write("\n")
    return 0 if report.passed else 1


def lines(report: Report) -> Iterator[str]:
    """The report for people."""
    about = report.run
    yield f"seed {about.get('seed')}, commit {about.get('commit')}, {about.get('startedAt')}"
    yield f"{'':2}{'invariant':22}{'verdict':>10}{'checked':>10}{'violations':>12}"
    for name, verdict in report.verdicts.items():
        mark = _MARKS[verdict.verdict]
        figures = f"{verdict.checked:>10}{verdict.violations:>12}"
        yield f"{mark:2}{name:22}{verdict.verdict:>10}{figures}"
        yield from (f"    {example}" for example in verdict.examples[:_EXAMPLES])
        if len(verdict.examples) > _EXAMPLES:
            yield f"    … {len(verdict.examples) - _EXAMPLES} more examples with --json"
    counted = {name: count for name, count in report.counts.items() if name != "faults"}
    yield ", ".join(f"{name} {count}" for name, count in counted.items())
    yield "kept" if report.passed else "NOT KEPT"


if __name__ == "__main__":
    sys.exit(main())
