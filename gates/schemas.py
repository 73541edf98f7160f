"""JSON Schemas of the events as they stand on the wire: open for readers, absent, never null."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from gates.sources import ROOT
from motcua_contracts.envelope import EventData
from motcua_contracts.registry import EVENTS
from motcua_contracts.topics import Topic

GOLDEN = ROOT / "contracts" / "golden"
SCHEMAS = ROOT / "contracts" / "schemas"
AGENCY_TOPIC = Topic(
    name="motcua.agency.{agency}.decisions.v1",
    writer="/agencies/{agency}",
    readers=("intake",),
    partitions=6,
)
"""Every agency's topic, with its code left open."""

Json = dict[str, Any]


class WireSchema(GenerateJsonSchema):
    """Pydantic's schemas without what is not so on the wire."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """We leave an absent field out and never write null."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """The only default is absence."""
        return self.generate_inner(schema["schema"])

    def field_title_should_be_set(self, schema: object) -> bool:
        """A title that repeats the field's name tells nothing."""
        return False

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Writers forbid unknown fields, readers ignore them: the schema is the reader's."""
        json_schema = super().model_schema(schema)
        json_schema.pop("additionalProperties", None)
        return json_schema

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        """Numbers get their names, for people and for code generators."""
        json_schema = super().enum_schema(schema)
        if json_schema.get("type") == "integer":
            json_schema["x-enum-varnames"] = [member.name for member in schema["members"]]
        return json_schema


def topic_of(event: type[EventData]) -> Topic:
    """The event's topic; for an agency's event the one with the code left open."""
    return event.topic or AGENCY_TOPIC


@cache
def schema_of(event: type[EventData]) -> Json:
    """The published JSON Schema (2020-12) of an event's facts; shared, so not to be changed."""
    topic = topic_of(event)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": event.data_schema(),
        "x-event-type": event.type,
        "x-topic": topic.name,
        "x-partitions": topic.partitions,
        **event.model_json_schema(schema_generator=WireSchema),
        "examples": [json.loads(newest_golden(event)["value"])],
    }


def newest_golden(event: type[EventData], golden: Path = GOLDEN) -> Json:
    """Key, headers and value of the example that shows every field."""

    def version(path: Path) -> tuple[int, ...]:
        return tuple(int(part) for part in path.stem.split("."))

    newest = max((golden / event.type).glob("*.json"), key=version)
    return json.loads(newest.read_text(encoding="utf-8"))


def schema_documents() -> dict[Path, str]:
    """Every schema by the path it is checked in at, relative to the root."""
    folder = SCHEMAS.relative_to(ROOT)
    return {folder / f"{event.type}.json": as_text(schema_of(event)) for event in EVENTS}


def as_text(document: Json) -> str:
    """JSON for people to read and for git to compare."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
