"""One AsyncAPI 3.0 document for developers in any language: what FastStream's lacks, ours has.

Headers, keys, partitioner, topic settings, examples and the rule for what cannot be handled.
"""

import tomllib
from typing import cast

from gates.schemas import AGENCY_TOPIC, Json, newest_golden, schema_of, topic_of
from gates.sources import ROOT
from motcua_contracts.envelope import EventData
from motcua_contracts.registry import EVENTS
from motcua_contracts.topics import PARTITIONER, TOPICS, Topic
from motcua_contracts.types import AGENCY_CODE_PATTERN, UUID_PATTERN

BINDING = "0.5.0"
DELIVERY = """\
Delivered at least once, in order per key. A repetition has the same `ce_source` and `ce_id`: do its
work once. `ce_sequence` counts 1…n without gaps within one topic and key."""
RETRY = """\
There are no retry topics and no dead-letter topic: they would break the order of a dossier. Hold
what you cannot handle in your own store, let later records of the same key queue behind it, and let
every other key flow on. Unknown types, newer majors and malformed records are held too, never
skipped in silence. Intake does the same with the events of agencies."""
PARTITIONING = f"""\
The key is the dossier's id on every topic, so a dossier's events stay in order and topics of one
width share their partitions. The partitioner is {PARTITIONER}: the default of Java clients and
aiokafka; librdkafka needs `partitioner=murmur2_random`."""
COMPATIBILITY = """\
A minor version only adds optional fields: ignore what you do not know. Anything else is a new type
on a new topic, and the old one is kept for at least 6 months. No string holds personal data."""
RULES = {"delivery": DELIVERY, "retry": RETRY, "key": PARTITIONING, "compatibility": COMPATIBILITY}


def asyncapi() -> Json:
    """The whole document."""
    topics = (*TOPICS.values(), AGENCY_TOPIC)
    return {
        "asyncapi": "3.0.0",
        "id": "urn:motcua:events",
        "info": {
            "title": "motcua events",
            "version": contracts_version(),
            "description": "\n\n".join(_unwrapped(rule) for rule in RULES.values()),
        },
        "defaultContentType": "application/json",
        "servers": {"kafka": _server()},
        "channels": {channel_name(topic): _channel(topic) for topic in topics},
        "operations": dict(_operation(topic) for topic in topics),
        "components": {
            "messages": {event.__name__: _message(event) for event in EVENTS},
            "schemas": {"CloudEventHeaders": headers_schema(), **_payload_schemas()},
            "securitySchemes": {
                "scram": {"type": "scramSha512", "description": "One principal per agency."}
            },
        },
    }


def contracts_version() -> str:
    """The version that the wheel will carry."""
    project = tomllib.loads((ROOT / "contracts" / "pyproject.toml").read_text(encoding="utf-8"))
    return project["project"]["version"]


def channel_name(topic: Topic) -> str:
    """A topic's name as an identifier: `dossierEvents`, `agencyDecisions`."""
    words = [word for word in topic.name.split(".")[1:-1] if not word.startswith("{")]
    return words[0] + "".join(word.title() for word in words[1:])


def headers_schema() -> Json:
    """What stands in the headers of every record, all of it as UTF-8 text."""
    text = {"type": "string"}
    uuid = {"type": "string", "pattern": UUID_PATTERN}
    described = {
        "ce_specversion": ({"const": "1.0"}, "Version of CloudEvents."),
        "ce_id": (uuid, "Identity of the event, the same for ever; UUIDv7 when we write."),
        "ce_source": (text, "Who says so; one writer per topic."),
        "ce_type": (text, "What happened: `vn.motcua.<aggregate>.<fact>.v<major>`."),
        "ce_time": ({"type": "string", "format": "date-time"}, "When it happened, in UTC."),
        "ce_subject": (uuid, "What it is about: the dossier's id, equal to the record's key."),
        "ce_dataschema": (text, "`$id` of the JSON Schema of the value."),
        "ce_sequence": (
            {"type": "string", "pattern": "^[1-9][0-9]{0,17}$"},
            "Decimal number, 1…n without gaps within one topic and key.",
        ),
        "ce_correlationid": (text, "Shared by all that one request of the outside world set off."),
        "ce_causationid": (text, "Id of the event or request that this one answers."),
        "content-type": ({"const": "application/json"}, "Media type of the value."),
        "traceparent": (text, "W3C trace context."),
    }
    optional = {"ce_correlationid", "ce_causationid", "traceparent"}
    return {
        "type": "object",
        "properties": {n: {**s, "description": about} for n, (s, about) in described.items()},
        "required": [name for name in described if name not in optional],
    }


def _server() -> Json:
    return {
        "host": "{bootstrap}",
        "protocol": "kafka-secure",
        "description": "The province's Kafka cluster.",
        "variables": {"bootstrap": {"description": "Host and port of a broker."}},
        "security": [{"$ref": "#/components/securitySchemes/scram"}],
    }


def _channel(topic: Topic) -> Json:
    channel: Json = {
        "address": topic.name,
        "description": f"Written by `{topic.writer}` alone; read by {', '.join(topic.readers)}.",
        "messages": {
            event.__name__: {"$ref": f"#/components/messages/{event.__name__}"}
            for event in EVENTS
            if topic_of(event) == topic
        },
        "bindings": {"kafka": _topic_settings(topic)},
        "x-partitioner": PARTITIONER,
    }
    if topic == AGENCY_TOPIC:
        about = f"Code of the agency, such as `H42.10`; `{AGENCY_CODE_PATTERN}`."
        channel["parameters"] = {"agency": {"description": about, "examples": ["H42.10"]}}
    return channel


def _topic_settings(topic: Topic) -> Json:
    configuration: Json = {"cleanup.policy": [topic.cleanup_policy.value]}
    if topic.retention is not None:
        configuration["retention.ms"] = int(topic.retention.total_seconds() * 1000)
    return {
        "topic": topic.name,
        "partitions": topic.partitions,
        "topicConfiguration": configuration,
        "bindingVersion": BINDING,
    }


def _operation(topic: Topic) -> tuple[str, Json]:
    """Told from motcua's side: it sends its own topics and receives those of agencies."""
    channel = channel_name(topic)
    action = "receive" if topic == AGENCY_TOPIC else "send"
    operation = {"action": action, "channel": {"$ref": f"#/channels/{channel}"}}
    return f"{action}{channel[0].upper()}{channel[1:]}", operation


def _message(event: type[EventData]) -> Json:
    golden = newest_golden(event)
    schema = schema_of(event)
    topic = topic_of(event)
    about = {
        "ce_type": {"const": event.type},
        "ce_dataschema": {"const": event.data_schema()},
        "ce_source": {"pattern": _source_pattern(topic)},
    }
    return {
        "name": event.type,
        "title": event.__name__,
        "summary": schema["description"].splitlines()[0],
        "description": schema["description"],
        "contentType": "application/json",
        "headers": {
            "allOf": [
                {"$ref": "#/components/schemas/CloudEventHeaders"},
                {"type": "object", "properties": about},
            ]
        },
        "payload": {"$ref": f"#/components/schemas/{event.__name__}"},
        "correlationId": {"location": "$message.header#/ce_correlationid"},
        "bindings": {"kafka": {"key": _key(event), "bindingVersion": BINDING}},
        "examples": [
            {"name": "golden", "headers": golden["headers"], "payload": schema["examples"][0]}
        ],
    }


def _source_pattern(topic: Topic) -> str:
    agency = AGENCY_CODE_PATTERN.strip("^$")
    return f"^{topic.writer.replace('{agency}', agency)}$"


def _key(event: type[EventData]) -> Json:
    about = "The dossier's id"
    if "dossier_id" not in event.model_fields or not event.model_fields["dossier_id"].is_required():
        about += " when it is known, else the id of the entry itself"
    return {"type": "string", "pattern": UUID_PATTERN, "description": f"{about}, as UTF-8 text."}


def _payload_schemas() -> Json:
    """Payloads and their parts side by side: here no schema has a base of its own."""
    schemas: Json = {}
    for event in EVENTS:
        payload = schema_of(event)
        schemas |= cast("Json", _rebased(payload.get("$defs", {})))
        left_out = {"$schema", "$id", "$defs", "examples"}
        payload = {name: value for name, value in payload.items() if name not in left_out}
        schemas[event.__name__] = _rebased(payload)
    return dict(sorted(schemas.items()))


def _rebased(schema: object) -> object:
    """The same schema with references into the document instead of into itself."""
    if isinstance(schema, dict):
        members = cast("Json", schema)
        return {
            name: value.replace("#/$defs/", "#/components/schemas/")
            if name == "$ref"
            else _rebased(value)
            for name, value in members.items()
        }
    if isinstance(schema, list):
        return [_rebased(item) for item in cast("list[object]", schema)]
    return schema


def _unwrapped(text: str) -> str:
    return text.replace("\n", " ")
