"""A change that a reader or writer could notice is refused, with event, field and remedy."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gates import compatibility

Json = dict[str, Any]
EVENT = "vn.motcua.dossier.completed.v1"
PUBLISHED: Json = {
    "$id": f"urn:motcua:schema:{EVENT}",
    "x-event-type": EVENT,
    "x-topic": "motcua.dossier.events.v1",
    "x-partitions": 12,
    "description": "It is done.",
    "type": "object",
    "properties": {
        "status": {"$ref": "#/$defs/Status", "description": "Status after it."},
        "days": {"type": "integer", "minimum": 0, "maximum": 99},
        "code": {"type": "string", "pattern": "^[a-z]+$"},
        "unit": {"type": "string", "pattern": "^[a-z]+$"},
        "papers": {"type": "array", "items": {"$ref": "#/$defs/Paper"}},
    },
    "required": ["status", "days", "code", "papers"],
    "$defs": {
        "Status": {"type": "integer", "enum": [8, 9]},
        "Paper": {
            "type": "object",
            "properties": {"sha256": {"type": "string"}, "kind": {"type": "string"}},
            "required": ["sha256"],
        },
    },
}

Change = Callable[[Json], object]


@pytest.fixture
def publish(tmp_path: Path) -> Callable[[Json | None], int]:
    """Makes the tree with the published baseline and today's schema; gives the gate's exit code."""

    def check(today: Json | None) -> int:
        folder = tmp_path / "contracts" / "schemas"
        (folder / "released").mkdir(parents=True)
        (folder / "released" / f"{EVENT}.json").write_text(json.dumps(PUBLISHED))
        if today is not None:
            (folder / f"{EVENT}.json").write_text(json.dumps(today))
        return compatibility.check(tmp_path)

    return check


def changed(change: Change) -> Json:
    schema = copy.deepcopy(PUBLISHED)
    change(schema)
    return schema


def field(name: str, **keywords: object) -> Change:
    return lambda schema: schema["properties"][name].update(keywords)


def paper(schema: Json) -> Json:
    return schema["$defs"]["Paper"]


ALLOWED: dict[str, Change] = {
    "nothing": lambda _: None,
    "an optional field": lambda s: s["properties"].update(later={"type": "string"}),
    "an optional field of a part": lambda s: paper(s)["properties"].update(
        pages={"type": "integer"}
    ),
    "other words": lambda s: s.update(description="It is finished.", title="Completed"),
    "other words for a field": field("days", description="Working days.", examples=[3]),
    "names for the values of a list": lambda s: s["$defs"]["Status"].update(
        {"x-enum-varnames": ["STOPPED", "COMPLETED"]}
    ),
    "a part under another name": lambda s: (
        s["$defs"].update(ResultPaper=s["$defs"].pop("Paper")),
        s["properties"]["papers"].update(items={"$ref": "#/$defs/ResultPaper"}),
    ),
}

BREAKING: dict[str, tuple[str, Change]] = {
    "a removed field": ("code: was removed", lambda s: s["properties"].pop("code")),
    "a removed optional field": ("unit: was removed", lambda s: s["properties"].pop("unit")),
    "a removed field of a part": (
        "papers[].kind: was removed",
        lambda s: paper(s)["properties"].pop("kind"),
    ),
    "a new required field": (
        "later: is new and required: make it optional",
        lambda s: (s["properties"].update(later={"type": "string"}), s["required"].append("later")),
    ),
    "an optional field made required": (
        "unit: became required",
        lambda s: s["required"].append("unit"),
    ),
    "a required field made optional": (
        "code: became optional",
        lambda s: s["required"].remove("code"),
    ),
    "a required field of a part made optional": (
        "papers[].sha256: became optional",
        lambda s: paper(s)["required"].clear(),
    ),
    "another type": (
        'days: type was "integer" and is "string"',
        field("days", type="string"),
    ),
    "a lower maximum": ("days: maximum was 99 and is 9", field("days", maximum=9)),
    "a higher minimum": ("days: minimum was 0 and is 1", field("days", minimum=1)),
    "a bound that was not there": (
        "unit: maxLength was absent and is 8",
        field("unit", maxLength=8),
    ),
    "another pattern": ('code: pattern was "^[a-z]+$"', field("code", pattern="^[a-f]+$")),
    "a value less in a list": (
        "status: enum lost [8] and gained []",
        lambda s: s["$defs"]["Status"].update(enum=[9]),
    ),
    "a value more in a list": (
        "status: enum lost [] and gained [10]",
        lambda s: s["$defs"]["Status"].update(enum=[8, 9, 10]),
    ),
    "another topic": (
        'the event: x-topic was "motcua.dossier.events.v1" and is "motcua.dossiers.v1"',
        lambda s: s.update({"x-topic": "motcua.dossiers.v1"}),
    ),
    "another width of the topic": (
        "the event: x-partitions was 12 and is 24",
        lambda s: s.update({"x-partitions": 24}),
    ),
    "another type of the event": (
        "the event: x-event-type was",
        lambda s: s.update({"x-event-type": "vn.motcua.dossier.done.v1"}),
    ),
}


@pytest.mark.parametrize("change", ALLOWED)
def test_a_minor_change_passes(publish: Callable[[Json | None], int], change: str) -> None:
    assert publish(changed(ALLOWED[change])) == 0


@pytest.mark.parametrize("change", BREAKING)
def test_a_breaking_change_names_event_field_and_remedy(
    publish: Callable[[Json | None], int], capsys: pytest.CaptureFixture[str], change: str
) -> None:
    problem, make = BREAKING[change]

    assert publish(changed(make)) == 1

    said = capsys.readouterr().out
    assert f"contracts/schemas/{EVENT}.json:1 {problem}" in said
    assert "publish vn.motcua.dossier.completed.v2 on a topic of its own and keep v1" in said


def test_an_event_that_is_gone_is_a_breaking_change(
    publish: Callable[[Json | None], int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish(None) == 1
    assert "the event: was published and is gone" in capsys.readouterr().out


def test_a_missing_baseline_does_not_pass(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compatibility.check(tmp_path) == 1
    assert "there is no baseline" in capsys.readouterr().out


def test_a_release_moves_the_baseline_but_never_over_a_break(
    publish: Callable[[Json | None], int], tmp_path: Path
) -> None:
    later = changed(ALLOWED["an optional field"])
    assert publish(later) == 0
    assert compatibility.release(tmp_path) == 0

    (tmp_path / "contracts" / "schemas" / f"{EVENT}.json").write_text(json.dumps(PUBLISHED))

    assert compatibility.check(tmp_path) == 1, "the field of the release is gone again"
    assert compatibility.release(tmp_path) == 1


def test_todays_contracts_keep_what_was_released() -> None:
    assert compatibility.main([]) == 0
