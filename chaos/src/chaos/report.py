"""What a run came to, from the saved run and its verdicts: `report.json` for machines, and
`report.html` for people, one file that needs no network.
"""

import json
import os
import platform
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
from jinja2 import Environment, PackageLoader, StrictUndefined

from chaos import charts
from chaos.schedule import SECONDS
from chaos.timeline import Struck, buckets, read_faults, read_samples

Json = Mapping[str, Any]

KILLS = ("kill", "broker-kill", "database-kill")
"""The kinds of fault that are a SIGKILL of a process of the system."""

_COUNTS = ("dossiers", "lost", "duplicated", "reordered", "stuck", "unknown")
_TABLE_ROWS = 40


@dataclass(frozen=True, slots=True)
class SavedRun:
    """What the report needs of a run's folder."""

    facts: Json
    """`run.json`"""
    struck: Sequence[Struck]
    by_load: Mapping[str, int]
    """What the load did itself to break things, and how often."""
    samples: Sequence[Json]
    seconds: float
    """From the start to the last line of the history."""

    @classmethod
    def read(cls, run: Path) -> "SavedRun":
        facts: Json = json.loads((run / "run.json").read_text(encoding="utf-8"))
        history = list(_lines(run / "history.jsonl"))
        started = datetime.fromisoformat(facts["startedAt"])
        samples = read_samples(_lines(run / "samples.jsonl"), started=started)
        struck, seconds = read_faults(history, started=started)
        return cls(facts, struck, _broken_by_load(history), samples, seconds)

    @property
    def faults(self) -> dict[str, int]:
        counted = Counter(fault.kind for fault in self.struck) + Counter(self.by_load)
        return dict(sorted(counted.items()))

    @property
    def recoveries(self) -> dict[str, list[float]]:
        """How long it took each time until all went on, by kind of fault, in seconds."""
        found: defaultdict[str, list[float]] = defaultdict(list)
        for fault in self.struck:
            if fault.recovered is not None:
                found[fault.kind].append(fault.recovered)
        return dict(sorted(found.items()))


def write(run: Path, judgement: Json, *, folder: Path) -> Json:
    """Write `report.json` and `report.html` into `folder`; gives back what the former says.

    `judgement` is the checker's: `verdicts` by invariant and `counts`.
    """
    saved = SavedRun.read(run)
    report = summary(saved, judgement)
    folder.mkdir(parents=True, exist_ok=True)
    told = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
    (folder / "report.json").write_text(told, encoding="utf-8")
    (folder / "report.html").write_text(page(saved, judgement, report), encoding="utf-8")
    return report


def summary(saved: SavedRun, judgement: Json) -> Json:
    """What `report.json` says."""
    facts, counts, faults = saved.facts, judgement["counts"], saved.faults
    return {
        "seed": facts["seed"],
        "commit": facts["commit"],
        "minutes": facts["minutes"],
        "dossiers": counts["dossiers"],
        "kills": sum(faults.get(kind, 0) for kind in KILLS),
        "faults": faults,
        **{name: counts[name] for name in _COUNTS[1:]},
        "recovery_seconds": {
            kind: {"p50": round(statistics.median(took), 1), "max": round(max(took), 1)}
            for kind, took in saved.recoveries.items()
        },
        "invariants": {name: told["verdict"] for name, told in judgement["verdicts"].items()},
        "startedAt": facts["startedAt"],
        "quietAt": facts["quietAt"],
        "brokers": facts["brokers"],
        "machine": machine(),
        "notRun": facts["notRun"],
        "notReached": sorted({"kill", *SECONDS} - faults.keys() - facts["notRun"].keys()),
        "again": again(facts),
    }


def again(facts: Json) -> str:
    """What to type for the same plan."""
    wishes = {
        "SEED": facts["seed"],
        "MINUTES": facts["minutes"],
        "DOSSIERS": facts.get("dossiersAsked"),
        "BROKERS": facts["brokers"] if facts["brokers"] > 1 else None,
    }
    said = (f"{name}={_plain(value)}" for name, value in wishes.items() if value is not None)
    return " ".join(["make chaos", *said])


def _plain(value: float) -> str:
    """Without a fraction that is none."""
    return str(int(value) if value == int(value) else value)


def machine() -> Json:
    """Where it ran: figures of another machine are other figures."""
    return {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "cores": len(os.sched_getaffinity(0)),
        "memoryGiB": round(psutil.virtual_memory().total / 2**30, 1),
    }


def page(saved: SavedRun, judgement: Json, report: Json) -> str:
    """The report for people."""
    pages = Environment(
        loader=PackageLoader("chaos"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters["number"] = _number
    step = max(5.0, saved.seconds / _TABLE_ROWS)
    return pages.get_template("report.html").render(
        report=report,
        verdicts=judgement["verdicts"],
        headline=headline(report),
        timeline=charts.timeline(saved.samples, saved.struck, seconds=saved.seconds),
        recovery=charts.recovery(saved.recoveries) if saved.recoveries else None,
        rows=buckets(saved.samples, saved.struck, step=step),
        recoveries=saved.recoveries,
        families=charts.families(report["faults"]),
    )


def headline(report: Json) -> str:
    """The outcome in one sentence."""
    verdicts: Mapping[str, str] = report["invariants"]
    broken = [name for name, verdict in verdicts.items() if verdict == "violated"]
    undecided = [name for name, verdict in verdicts.items() if verdict == "undecided"]
    if broken:
        return f"Not kept: {', '.join(broken)}"
    if undecided:
        return f"Nothing found broken, but nothing was there to decide {', '.join(undecided)}"
    return f"All {len(verdicts)} invariants hold"


def _broken_by_load(history: Sequence[Json]) -> dict[str, int]:
    """The load forges notifications, submits twice, breaks uploads off: all that is commands."""
    keys: set[str] = set()
    found: Counter[str] = Counter()
    for line in history:
        if line["kind"] != "invoke":
            continue
        found["forged-ipn"] += line["command"] == "forged-ipn"
        found["upload-cut"] += line.get("cut", False)
        key = line.get("key")
        found["double-submit"] += key in keys
        keys.update([key] if key else [])
    return dict(+found)


def _lines(path: Path) -> Iterator[Json]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _number(value: float | None) -> str:
    """With a thin space between thousands, and a dash for what nobody could see."""
    if value is None:
        return "–"
    digits = 0 if value >= 100 or value == int(value) else 1
    return f"{value:,.{digits}f}".replace(",", "\u202f")
