"""Conventions that every event keeps."""

import re
from typing import Any

import pytest

from motcua_contracts.envelope import EventData
from motcua_contracts.payment import PaymentExpired
from motcua_contracts.registry import EVENT_TYPES, EVENTS
from motcua_contracts.topics import TOPICS

PERSONAL = frozenset(
    {
        *("name", "phone", "mobile", "email", "mail", "address", "birth", "birthday", "gender"),
        *("sex", "passport", "identity", "tax", "account", "contact", "person", "citizen"),
        *("text", "note", "message", "content", "comment"),
    }
)
REFERENCES = {"noteId": "fetched over HTTP by who may", "messageId": "of a message, not its text"}


def every_subclass(base: type[EventData]) -> set[type[EventData]]:
    return {base, *(leaf for child in base.__subclasses__() for leaf in every_subclass(child))}


def fields_of(event: type[EventData]) -> list[tuple[str, dict[str, Any]]]:
    schema = event.model_json_schema()
    objects = [schema, *(part for part in schema.get("$defs", {}).values() if "properties" in part)]
    return [field for part in objects for field in part["properties"].items()]


def test_every_event_class_is_registered_under_its_own_type() -> None:
    published = {event for event in every_subclass(EventData) if "type" in vars(event)}

    assert published == set(EVENTS)
    assert len(EVENT_TYPES) == len(EVENTS)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_class_type_and_topic_bear_the_same_name(event: type[EventData]) -> None:
    parts = re.fullmatch(r"vn\.motcua\.([a-z]+)\.([a-z-]+)\.v([0-9]+)", event.type)

    assert parts is not None
    aggregate, fact, major = parts.groups()
    assert event.__name__ == aggregate.title() + fact.title().replace("-", "")
    if event.topic is None:
        assert aggregate == "agency"
    else:
        assert event.topic.name in TOPICS
        assert event.topic.name.startswith(f"motcua.{aggregate}.")
        assert event.topic.name.endswith(f".v{major}")


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_every_event_and_every_field_is_described(event: type[EventData]) -> None:
    assert event.__doc__ is not None
    assert event.__doc__ != event.__mro__[1].__doc__
    undescribed = [name for name, schema in fields_of(event) if not schema.get("description")]
    assert undescribed == []


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_no_field_is_made_for_personal_data(event: type[EventData]) -> None:
    names = {name for name, _ in fields_of(event)} - REFERENCES.keys()
    words = {name: {word.lower() for word in re.findall("[A-Z]?[a-z]+", name)} for name in names}
    suspicious = [name for name in names if words[name] & PERSONAL]

    assert suspicious == []


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_no_string_is_free_text(event: type[EventData]) -> None:
    free = [
        name for name, schema in fields_of(event) for text in strings_in(schema) if is_free(text)
    ]

    assert free == []


def strings_in(schema: dict[str, Any]) -> list[dict[str, Any]]:
    if schema.get("type") == "string":
        return [schema]
    inner = [*schema.get("anyOf", []), *([schema["items"]] if "items" in schema else [])]
    return [text for part in inner for text in strings_in(part)]


def is_free(text: dict[str, Any]) -> bool:
    return not {"pattern", "enum", "format"} & text.keys()


def test_a_writer_cannot_add_a_field_of_its_own() -> None:
    identity = "0195a5b1-4c00-7001-8000-000100000001"
    expired = {"dossier_id": identity, "order_id": identity, "dossier_code": "H42-20260302-0001"}

    assert PaymentExpired.model_validate(expired)
    with pytest.raises(ValueError, match="Extra inputs are not permitted"):
        PaymentExpired.model_validate({**expired, "payer": "somebody"})
