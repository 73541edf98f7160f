"""Whatever bytes come, decode gives an event or a refusal, and never anything else."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from motcua_contracts.consumer import UndecodableRecord, decode
from motcua_contracts.envelope import EventData, Record, encode
from motcua_contracts.registry import EVENT_TYPES, EVENTS

DOSSIER = "0195a5b1-4c00-7001-8000-000100000001"

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
bodies = st.none() | st.binary() | json_values.map(lambda value: json.dumps(value).encode())
names = st.sampled_from(
    [
        *("ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_subject"),
        *("ce_dataschema", "ce_sequence", "ce_correlationid", "content-type", "traceparent"),
    ]
)
header_values = (
    st.none()
    | st.binary(max_size=60)
    | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
headers = st.lists(st.tuples(names | st.text(max_size=10), header_values), max_size=14).map(tuple)
keys = st.none() | st.binary(max_size=40) | st.just(DOSSIER.encode())


def sound_headers(event_type: str) -> dict[str, bytes | None]:
    event = EVENT_TYPES[event_type]
    return {
        "ce_specversion": b"1.0",
        "ce_id": DOSSIER.encode(),
        "ce_source": (event.topic.writer if event.topic else "/agencies/H42.10").encode(),
        "ce_type": event_type.encode(),
        "ce_time": b"2026-03-02T01:30:00Z",
        "ce_subject": DOSSIER.encode(),
        "ce_dataschema": event.data_schema().encode(),
        "ce_sequence": b"1",
        "content-type": b"application/json",
    }


@given(keys, bodies, headers)
def test_no_record_makes_decode_raise_anything_but_a_refusal(
    key: bytes | None, value: bytes | None, given_headers: tuple[tuple[str, bytes | None], ...]
) -> None:
    with suppress(UndecodableRecord):
        decode(Record(key, value, given_headers))


@given(
    event_type=st.sampled_from(sorted(EVENT_TYPES)),
    changes=st.dictionaries(names, header_values, max_size=2),
    value=bodies,
    structured=st.booleans(),
)
def test_no_damage_to_a_sound_record_makes_it_raise_anything_else(
    event_type: str, changes: dict[str, bytes | None], value: bytes | None, *, structured: bool
) -> None:
    media = b"application/cloudevents+json" if structured else b"application/json"
    sound = sound_headers(event_type) | {"content-type": media} | changes

    with suppress(UndecodableRecord):
        decode(Record(DOSSIER.encode(), value, tuple(sound.items())))


@given(attributes=st.dictionaries(st.sampled_from(
    ["specversion", "id", "source", "type", "time", "subject", "sequence", "data", "data_base64",
     "dataschema", "datacontenttype", "correlationid"]), json_values))  # fmt: skip
def test_no_structured_event_makes_it_raise_anything_else(attributes: dict[str, Any]) -> None:
    sound = {
        name.removeprefix("ce_"): (value or b"").decode()
        for name, value in sound_headers("vn.motcua.payment.expired.v1").items()
    }
    value = json.dumps(sound | attributes).encode()

    with suppress(UndecodableRecord):
        decode(
            Record(DOSSIER.encode(), value, (("content-type", b"application/cloudevents+json"),))
        )


Schema = dict[str, Any]


def fitting(schema: Schema, definitions: Schema) -> st.SearchStrategy[Any]:
    """Values that fit a JSON Schema, as far as our schemas go."""
    if "$ref" in schema:
        return fitting(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        return st.one_of([fitting(option, definitions) for option in schema["anyOf"]])
    if schema["type"] == "object":
        return fitting_object(schema, definitions)
    if schema["type"] == "array":
        items = fitting(schema["items"], definitions)
        return st.lists(items, min_size=schema.get("minItems", 0), max_size=3)
    return FITTING_SCALARS[schema.get("format", schema["type"])](schema)


def fitting_object(schema: Schema, definitions: Schema) -> st.SearchStrategy[Any]:
    fields = {name: fitting(field, definitions) for name, field in schema["properties"].items()}
    required = {name: fields.pop(name) for name in schema["required"]}
    return st.fixed_dictionaries(required, optional=fields)


def fitting_integer(schema: Schema) -> st.SearchStrategy[int]:
    least = schema.get("exclusiveMinimum", schema.get("minimum", 0) - 1) + 1
    return st.integers(least, schema.get("maximum", 10**15))


def fitting_string(schema: Schema) -> st.SearchStrategy[str]:
    def short_enough(text: str) -> bool:
        return len(text) <= schema.get("maxLength", 300)

    return st.from_regex(schema["pattern"], fullmatch=True).filter(short_enough)


FITTING_SCALARS: dict[str, Callable[[Schema], st.SearchStrategy[Any]]] = {
    "null": lambda _: st.none(),
    "integer": fitting_integer,
    "string": fitting_string,
    "date-time": lambda _: st.datetimes().map(lambda time: time.isoformat() + "Z"),
}
FITTING = {
    event: fitting(event.model_json_schema(), event.model_json_schema().get("$defs", {}))
    for event in EVENTS
}


@given(event=st.sampled_from(EVENTS), draw=st.data())
@settings(max_examples=60, deadline=None)
def test_what_fits_the_schema_is_read_and_written_back_alike(
    event: type[EventData], draw: st.DataObject
) -> None:
    facts = draw.draw(FITTING[event]) | {"dossierId": DOSSIER}
    value = json.dumps(facts).encode()

    decoded = decode(Record(DOSSIER.encode(), value, tuple(sound_headers(event.type).items())))

    assert decode(encode(decoded)) == decoded
