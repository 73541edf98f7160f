"""Nothing published is ever broken: today's schemas against those of the last release.

    python -m gates.compatibility              fail on a change that a reader could notice
    python -m gates.compatibility --release    after a release: today's schemas are the baseline

A minor version may add optional fields and change words. Everything else breaks somebody: a removed
field its reader, a new required one every stored record, a wider list of values a reader that
knows them all. That is a new major: a new type on a new topic, beside the old one.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from gates.schemas import SCHEMAS, Json
from gates.sources import ROOT, Finding, report

FOLDER = SCHEMAS.relative_to(ROOT)
RELEASED = "released"

WORDS = frozenset({"title", "description", "examples", "x-enum-varnames"})
"""What only people read."""
STRUCTURE = frozenset({"$defs", "properties", "required", "items"})
"""What is compared member by member."""


@dataclass(frozen=True)
class Break:
    """One change that is not allowed; `field` is a path such as `papers[].sha256`."""

    field: str
    what: str


def check(root: Path = ROOT) -> int:
    """Compare every released schema with today's; gives the exit code."""
    released = _read(root / FOLDER / RELEASED)
    today = _read(root / FOLDER)
    if not released:
        what = "there is no baseline: run python -m gates.compatibility --release"
        missing = Finding(FOLDER / RELEASED, 1, "baseline", what)
        return report("compatibility", [missing], summary="nothing compared")
    findings = [
        _finding(event, found)
        for event, schema in released.items()
        for found in breaks(schema, today.get(event))
    ]
    return report("compatibility", findings, summary=f"{len(released)} released schemas")


def release(root: Path = ROOT) -> int:
    """Make today's schemas the baseline unless they break the old one; gives the exit code."""
    folder = root / FOLDER
    if (folder / RELEASED).exists() and check(root) != 0:
        return 1
    (folder / RELEASED).mkdir(parents=True, exist_ok=True)
    for path in sorted(folder.glob("*.json")):
        (folder / RELEASED / path.name).write_bytes(path.read_bytes())
    return report("compatibility", (), summary=f"baseline of {len(_read(folder))} schemas written")


def breaks(old: Json, new: Json | None) -> Iterator[Break]:
    """What readers or writers of the old schema could notice in the new one."""
    if new is None:
        yield Break("the event", "was published and is gone: keep its class, type and topic")
        return
    yield from _compare("", _inlined(old, old), _inlined(new, new))


def _compare(place: str, old: Json, new: Json) -> Iterator[Break]:
    for keyword in sorted((old.keys() | new.keys()) - WORDS - STRUCTURE):
        before, after = old.get(keyword), new.get(keyword)
        if before != after:
            yield Break(place or "the event", _changed(keyword, before, after))
    yield from _compare_properties(place, old, new)
    if "items" in old and "items" in new:
        yield from _compare(f"{place}[]", old["items"], new["items"])


def _compare_properties(place: str, old: Json, new: Json) -> Iterator[Break]:
    before, after = old.get("properties", {}), new.get("properties", {})
    wanted_before, wanted_after = set(old.get("required", ())), set(new.get("required", ()))
    for name in before | after:
        field = f"{place}.{name}".lstrip(".")
        if name not in after:
            yield Break(field, "was removed")
        elif name not in before:
            if name in wanted_after:
                yield Break(field, "is new and required: make it optional")
        else:
            if (name in wanted_before) != (name in wanted_after):
                yield Break(field, "became " + ("required" if name in wanted_after else "optional"))
            yield from _compare(field, before[name], after[name])


def _changed(keyword: str, before: object, after: object) -> str:
    if isinstance(before, list) and isinstance(after, list):
        old, new = cast("list[object]", before), cast("list[object]", after)
        gone = [value for value in old if value not in new]
        added = [value for value in new if value not in old]
        return f"{keyword} lost {_text(gone)} and gained {_text(added)}"
    return f"{keyword} was {_text(before)} and is {_text(after)}"


def _text(value: object) -> str:
    return "absent" if value is None else json.dumps(value, ensure_ascii=False)


def _inlined(schema: object, root: Json) -> Json:
    """The schema with every reference replaced by what it refers to; ours have no cycles."""
    members = cast("Json", schema)
    if "$ref" in members:
        target = root["$defs"][members["$ref"].rpartition("/")[2]]
        members = target | {name: value for name, value in members.items() if name != "$ref"}
    inlined = {name: value for name, value in members.items() if name != "$defs"}
    if "items" in inlined:
        inlined["items"] = _inlined(inlined["items"], root)
    if "properties" in inlined:
        fields = inlined["properties"].items()
        inlined["properties"] = {name: _inlined(field, root) for name, field in fields}
    return inlined


def _read(folder: Path) -> dict[str, Json]:
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.json"))
    }


def _finding(event: str, found: Break) -> Finding:
    name, _, major = event.rpartition(".v")
    successor = f"{name}.v{int(major) + 1}"
    remedy = f"Undo it, or publish {successor} on a topic of its own and keep v{major} for 6 months"
    return Finding(FOLDER / f"{event}.json", 1, found.field, f"{found.what}. {remedy}.")


def main(arguments: list[str]) -> int:
    """Check, or move the baseline with `--release`; gives the exit code."""
    match arguments:
        case []:
            return check()
        case ["--release"]:
            return release()
        case _:
            sys.stderr.write(f"{__doc__}\n")
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
