"""A saved run that never took place, for tests of the report: an hour in which all kinds of fault
strike, the backlog follows them, and the verdicts are given.
"""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

Json = Mapping[str, Any]

STARTED = datetime(2027, 3, 2, 1, 0, tzinfo=UTC)
KINDS = [
    "pause",
    "broker-kill",
    "database-kill",
    "backends-terminated",
    "insert-fails",
    "network-latency",
    "network-bandwidth",
    "network-reset",
    "network-half-open",
    "network-cut",
    "disk-full",
    "agency-away",
    "agency-slow",
    "ipn-duplicated",
    "ipn-late",
    "ipn-lost",
    "gateway-silent",
    "gateway-reset",
    "gateway-500",
    "poison",
    "future-schema",
    "clock-jump",
    "topic-rebuilt",
    "offsets-reset",
    "rebalance-storm",
    "trust-away",
    "trust-slow",
    "trust-wrong-time",
    "mail-unanswered",
    "mail-busy",
    "overload",
]
INVARIANTS = [
    "I1-nothing-lost",
    "I2-charged-once",
    "I3-certified-once",
    "I4-told-once",
    "I5-in-order",
    "I6-state-is-the-fold",
    "I7-nothing-invented",
    "I8-agreement",
    "I9-liveness",
    "I10-authority",
]


def saved(run: Path, *, minutes: int = 60) -> Path:
    """Write `run.json`, `history.jsonl` and `samples.jsonl` into `run`."""
    run.mkdir(parents=True, exist_ok=True)
    chance = random.Random(7)
    strokes = list(_strokes(chance, minutes * 60))
    _write(run / "history.jsonl", sorted(_history(strokes, minutes), key=lambda line: line["at"]))
    _write(run / "samples.jsonl", _samples(chance, strokes, minutes * 60))
    facts = {
        "format": 1,
        "seed": 42,
        "commit": "0123456789abcdef0123456789abcdef01234567",
        "startedAt": _at(0),
        "loadEndedAt": _at(minutes * 60 - 60),
        "quietAt": _at(minutes * 60),
        "recordedAt": _at(minutes * 60 + 5),
        "minutes": minutes,
        "dossiersAsked": 5000,
        "brokers": 3,
        "notRun": {"network-one-way": "nftables needs root, and this is not root"},
        "agencies": ["H42.10", "H42.11"],
    }
    (run / "run.json").write_text(json.dumps(facts), encoding="utf-8")
    return run


def judgement(**verdicts: str) -> Json:
    """All invariants hold, but for those that are named (by their short name)."""
    told = {name: _verdict(verdicts.get(name.split("-")[0], "holds")) for name in INVARIANTS}
    counts = {
        "dossiers": 5123,
        "lost": 0,
        "duplicated": 0,
        "reordered": 0,
        "stuck": 0,
        "unknown": 213,
    }
    return {"verdicts": told, "counts": counts}


def _verdict(verdict: str) -> Json:
    examples = ["dossier 018f: its receipt says 4 files, <3> lie in the store & one is missing"]
    return {
        "verdict": verdict,
        "checked": 0 if verdict == "undecided" else 5123,
        "violations": int(verdict == "violated"),
        "examples": examples if verdict == "violated" else [],
    }


def _strokes(chance: random.Random, seconds: int) -> Iterator[tuple[str, float, float, float]]:
    """Kind, second, how long, and how long until all went on."""
    at = 5.0
    while at < seconds - 70:
        yield "kill", at, chance.uniform(0.1, 1), chance.lognormvariate(1.2, 0.4)
        at += chance.uniform(6, 16)
    at = 15.0
    while at < seconds - 90:
        lasts = chance.uniform(5, 30)
        yield chance.choice(KINDS), at, lasts, chance.lognormvariate(1.5, 0.7)
        at += lasts + chance.uniform(8, 20)


def _history(strokes: Sequence[tuple[str, float, float, float]], minutes: int) -> Iterator[Json]:
    for n, (kind, at, lasts, recovered) in enumerate(strokes):
        yield {"at": _at(at), "kind": "fault", "faultId": n, "fault": kind, "target": "payment"}
        heal = {"at": _at(at + lasts + recovered), "kind": "heal", "faultId": n}
        yield heal | {"recoveredSeconds": round(recovered, 2)}
    filed = {"kind": "invoke", "command": "file", "by": "citizen-1", "key": "k1"}
    yield {"at": _at(20), "commandId": "a", **filed}
    yield {"at": _at(21), "commandId": "b", **filed}
    yield {"at": _at(22), "kind": "invoke", "commandId": "c", "command": "forged-ipn", "by": "x"}
    cut = {"command": "upload", "by": "citizen-2", "cut": True}
    yield {"at": _at(23), "kind": "invoke", "commandId": "d", **cut}
    yield {"at": _at(minutes * 60), "kind": "note", "note": "journey-ended"}


def _samples(
    chance: random.Random, strokes: Sequence[tuple[str, float, float, float]], seconds: int
) -> Iterator[Json]:
    filed = ended = published = outbox = lag = 0.0
    for second in range(seconds + 1):
        broken = [kind for kind, at, lasts, _ in strokes if at <= second < at + lasts]
        works = not {"broker-kill", "network-cut", "topic-rebuilt"} & set(broken)
        filed += chance.uniform(0.5, 2.5) if second < seconds - 60 else 0
        ended += min(filed - ended, chance.uniform(0.5, 3)) if works else 0
        made = chance.uniform(10, 25)
        outbox = max(0.0, outbox * 0.3 if works else outbox + made)
        lag = lag * 0.7 + (made if works else 0)
        published += made if works else 0
        away = "database-kill" in broken
        yield {
            "at": _at(second),
            "filed": int(filed),
            "ended": int(ended),
            "open": int(filed - ended),
            "published": None if away else int(published),
            "outbox": None if away else int(outbox),
            "lag": int(lag),
            "heldWaiting": None if away else len(broken),
            "heldParked": None if away else second // 600,
            "openMails": 3,
            "http429": 0,
            "http503": 0,
        }


def _at(second: float) -> str:
    at = STARTED + timedelta(seconds=second)
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _write(path: Path, lines: Iterator[Json] | Sequence[Json]) -> None:
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
