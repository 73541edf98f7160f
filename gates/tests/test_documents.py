"""Generated documents are complete, and a stale one is found."""

import json
import re
from pathlib import Path
from typing import Any, cast

import pytest

from gates import documents, event_pages
from gates.asyncapi import asyncapi
from gates.schemas import schema_of
from motcua_contracts.registry import EVENTS

RECEIVED = "contracts/schemas/vn.motcua.dossier.received.v1.json"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree whose documents are up to date."""
    assert documents.write(tmp_path) == 0
    assert documents.check(tmp_path) == 0
    return tmp_path


@pytest.mark.parametrize("path", [RECEIVED, "contracts/asyncapi.json", "docs/events.md"])
def test_a_stale_document_fails_with_a_difference_and_what_to_do(
    tree: Path, capsys: pytest.CaptureFixture[str], path: str
) -> None:
    text = (tree / path).read_text(encoding="utf-8")
    (tree / path).write_text(text.replace("legal clock", "clock"), encoding="utf-8")

    assert documents.check(tree) == 1

    said = capsys.readouterr().out
    assert f"{path}:1 stale: run `make fix` and commit" in said
    assert re.search(r"\n    -.* clock starts.*\n    \+.*legal clock starts", said)


def test_a_missing_document_fails(tree: Path) -> None:
    (tree / RECEIVED).unlink()

    assert documents.check(tree) == 1


def test_a_schema_without_an_event_fails_and_is_removed_on_writing(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    left_over = tree / "contracts/schemas/vn.motcua.dossier.misplaced.v1.json"
    left_over.write_text("{}")

    assert documents.check(tree) == 1
    assert "misplaced.v1.json:1 left over" in capsys.readouterr().out
    assert documents.write(tree) == 0
    assert not left_over.exists()


def test_an_unknown_option_explains_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert documents.main(["--chek"]) == 2
    assert "--check" in capsys.readouterr().err


def test_what_is_checked_in_is_up_to_date() -> None:
    assert documents.main(["--check"]) == 0


def test_every_event_is_in_every_document() -> None:
    page = event_pages.page()
    messages = asyncapi()["components"]["messages"]

    for event in EVENTS:
        assert f"`{event.type}`" in page
        assert messages[event.__name__]["name"] == event.type
        assert Path(f"contracts/schemas/{event.type}.json") in documents.documents()


def test_published_schemas_are_open_and_never_ask_for_null() -> None:
    for event in EVENTS:
        text = json.dumps(schema_of(event))
        assert "additionalProperties" not in text
        assert '"null"' not in text
        assert '"default"' not in text


def test_asyncapi_tells_other_languages_all_they_need() -> None:
    document = asyncapi()
    channels = document["channels"].values()
    messages = document["components"]["messages"].values()

    assert document["asyncapi"] == "3.0.0"
    assert {channel["x-partitioner"] for channel in channels} == {"murmur2"}
    for channel in channels:
        assert {"topic", "partitions", "topicConfiguration"} <= channel["bindings"]["kafka"].keys()
    for message in messages:
        assert message["bindings"]["kafka"]["key"]["pattern"]
        assert message["headers"]["allOf"][1]["properties"]["ce_type"]["const"] == message["name"]
        (example,) = message["examples"]
        assert {"headers", "payload"} <= example.keys()
    assert "no retry topics and no dead-letter topic" in document["info"]["description"]


def test_every_message_belongs_to_one_channel() -> None:
    channels = asyncapi()["channels"].values()
    placed = [name for channel in channels for name in channel["messages"]]

    assert sorted(placed) == sorted(event.__name__ for event in EVENTS)


def test_every_reference_in_asyncapi_leads_somewhere() -> None:
    document = asyncapi()

    for reference in references_in(document):
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
        assert place


def references_in(node: object) -> list[str]:
    if isinstance(node, dict):
        members = cast("dict[str, object]", node)
        own = [str(value) for name, value in members.items() if name == "$ref"]
        return own + [found for value in members.values() for found in references_in(value)]
    if isinstance(node, list):
        return [found for item in cast("list[object]", node) for found in references_in(item)]
    return []
