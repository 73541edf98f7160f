"""The envelope of every event: CloudEvents 1.0 over Kafka, binary mode when we write.

A record is a key (the dossier's id), headers (`ce_*`, `content-type`, `traceparent`) and a JSON
value.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from motcua_contracts.topics import Topic
from motcua_contracts.types import DossierId

T_co = TypeVar("T_co", bound="EventData", covariant=True)

Headers = tuple[tuple[str, bytes | None], ...]


class Record(NamedTuple):
    """What Kafka carries: bytes, not yet believed."""

    key: bytes | None
    value: bytes | None
    headers: Headers


class EventData(BaseModel):
    """What happened, as plain facts: no name, number, address or text about a person.

    Written strictly (an unknown field is an error), read openly (`consumer.decode` ignores fields
    that a later minor version added).
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        use_attribute_docstrings=True,
    )

    type: ClassVar[str]
    """The `ce_type`: `vn.motcua.<aggregate>.<fact>.v<major>`."""
    topic: ClassVar[Topic | None]
    """Where it is published; None for an agency's events, whose topic carries the agency's code."""

    @property
    def subject(self) -> str:
        """What the event is about: the `ce_subject` and the record's key."""
        raise NotImplementedError

    @classmethod
    def data_schema(cls) -> str:
        """The `ce_dataschema`: the `$id` of the JSON Schema of these facts."""
        return f"urn:motcua:schema:{cls.type}"


class Part(BaseModel):
    """A part of an event's facts; written and read like the facts themselves."""

    model_config = EventData.model_config


class AboutDossier(EventData):
    """Facts about one dossier (hồ sơ)."""

    dossier_id: DossierId
    """Identity of the dossier."""

    @property
    def subject(self) -> str:
        """The dossier's id."""
        return self.dossier_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Generic[T_co]):
    """One fact in its envelope."""

    id: str
    """UUID, the same for ever: a record with an id already seen is a repetition."""
    source: str
    """Who says so, such as `/motcua/intake`."""
    type: str
    """What happened, such as `vn.motcua.dossier.received.v1`."""
    time: datetime
    """When it happened; aware."""
    subject: str
    """The dossier's id; the record's key."""
    sequence: int
    """1…n without gaps within one topic and subject."""
    correlation_id: str
    """Shared by everything that one request of the outside world set off."""
    causation_id: str | None = None
    """The id of the event or request that this one answers."""
    traceparent: str | None = None
    """W3C trace context, when the writer was traced."""
    data_schema: str
    """Identity of the JSON Schema of `data`."""
    data: T_co


_JSON = b"application/json"
_SPEC_VERSION = b"1.0"


def rfc3339(time: datetime) -> str:
    """`2026-03-02T01:30:00Z`: RFC 3339 in UTC; a time without a zone is an error."""
    if time.tzinfo is None:
        raise ValueError("the time of an event needs a zone: use datetime.now(UTC)")
    return time.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def encode(event: Event[EventData]) -> Record:
    """The event as a Kafka record in CloudEvents binary mode.

    Raises ValueError when the envelope contradicts the facts, before anything is published.
    """
    _check_envelope(event)
    headers: list[tuple[str, bytes | None]] = [
        ("ce_specversion", _SPEC_VERSION),
        ("ce_id", event.id.encode()),
        ("ce_source", event.source.encode()),
        ("ce_type", event.type.encode()),
        ("ce_time", rfc3339(event.time).encode()),
        ("ce_subject", event.subject.encode()),
        ("ce_dataschema", event.data_schema.encode()),
        ("content-type", _JSON),
        ("ce_sequence", str(event.sequence).encode()),
        ("ce_correlationid", event.correlation_id.encode()),
    ]
    if event.causation_id is not None:
        headers.append(("ce_causationid", event.causation_id.encode()))
    if event.traceparent is not None:
        headers.append(("traceparent", event.traceparent.encode()))
    return Record(event.subject.encode(), encode_data(event.data), tuple(headers))


def encode_data(data: EventData) -> bytes:
    """The facts alone, a record's value: camelCase JSON, absent fields left out."""
    return data.__pydantic_serializer__.to_json(data, by_alias=True, exclude_none=True)


def _check_envelope(event: Event[EventData]) -> None:
    if event.type != event.data.type:
        raise ValueError(f"type {event.type} does not fit facts of type {event.data.type}")
    if event.subject != event.data.subject:
        raise ValueError(f"{event.type}: the subject must be the id the facts are about")
    if event.sequence < 1:
        raise ValueError(f"{event.type}: the sequence starts at 1, not {event.sequence}")
