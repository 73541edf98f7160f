"""The consumer kit: from any Kafka record to a typed event, or to a clear refusal.

try:
    event = decode(record)          # anything with key, value and headers, such as aiokafka's
except UndecodableRecord as refusal:
    set_aside(record, refusal.reason)
"""

import re
from collections.abc import MutableMapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol

from pydantic import ValidationError

from motcua_contracts.attributes import (
    Attributes,
    content_of,
    malformed_json,
    subject_of,
    traceparent_of,
)
from motcua_contracts.envelope import Event, EventData
from motcua_contracts.refusals import (
    MalformedRecord,
    NewerMajor,
    Reason,
    UndecodableRecord,
    UnknownType,
)
from motcua_contracts.registry import EVENT_TYPES
from motcua_contracts.topics import TOPICS, Topic
from motcua_contracts.types import AGENCY_CODE_PATTERN, UUID_PATTERN

__all__ = [
    "AnyRecord",
    "MalformedRecord",
    "NewerMajor",
    "Order",
    "Reason",
    "UndecodableRecord",
    "UnknownType",
    "VersionOrder",
    "decode",
    "deduplication_key",
]


class AnyRecord(Protocol):
    """What a Kafka client hands over; aiokafka's ConsumerRecord fits as it is."""

    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]] | None: ...


def decode(record: AnyRecord, *, topic: Topic | None = None) -> Event[EventData]:
    """The event in a record of binary or structured CloudEvents.

    Give `topic` to refuse what its writer may not say there, too: a broker lets an agency write
    whatever it likes to its own topic, even a payment that never happened.

    Raises MalformedRecord, UnknownType or NewerMajor, all UndecodableRecord, and nothing else.
    """
    subject = subject_of(record.key)
    headers = record.headers or ()
    attributes, body = content_of(headers, record.value)
    _check_attributes(attributes)
    if attributes["subject"] != subject:
        raise MalformedRecord(Reason.KEY_NOT_SUBJECT, "the key must equal ce_subject")
    event_class = EVENT_TYPES.get(attributes["type"])
    if event_class is None:
        raise _unknown(attributes["type"])
    _check_origin(event_class, attributes["source"], topic)
    return Event(
        id=attributes["id"],
        source=attributes["source"],
        type=event_class.type,
        time=_time(attributes["time"]),
        subject=subject,
        sequence=int(attributes["sequence"]),
        correlation_id=attributes.get("correlationid", attributes["id"]),
        causation_id=attributes.get("causationid"),
        traceparent=traceparent_of(headers),
        data_schema=attributes["dataschema"],
        data=_facts(event_class, subject, body),
    )


def deduplication_key(event: Event[EventData]) -> tuple[str, str]:
    """Source and id: the same pair twice is the same event twice, whatever else differs."""
    return event.source, event.id


class Order(StrEnum):
    """How an event's sequence follows the one before it."""

    IN_ORDER = "in-order"
    REPEATED = "repeated"
    """This version or a later one was seen before."""
    GAP = "gap"
    """Earlier versions were not seen: read back, or fetch the state over HTTP."""


class VersionOrder:
    """Follows the sequence of every subject.

    Keep the last sequences in your own store to survive a restart: any mutable mapping will do.
    A first event with a sequence above 1 is a gap: the reader joined late.
    """

    def __init__(self, last: MutableMapping[tuple[str, str, str], int] | None = None) -> None:
        self._last: MutableMapping[tuple[str, str, str], int] = {} if last is None else last

    def observe(self, event: Event[EventData]) -> Order:
        """Compare with the last event of its topic, source and subject, and remember it."""
        topic = event.data.topic
        stream = (topic.name if topic else "", event.source, event.subject)
        last = self._last.get(stream, 0)
        if event.sequence <= last:
            return Order.REPEATED
        self._last[stream] = event.sequence
        return Order.IN_ORDER if event.sequence == last + 1 else Order.GAP


_REQUIRED = frozenset(
    {"specversion", "id", "source", "type", "time", "subject", "dataschema", "sequence"}
)
_TIME = (
    "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_TRACE = "[A-Za-z0-9._:-]{1,128}"
# Subject, type and source are not here: they are compared with what they must equal.
_SHAPES = tuple(
    (attribute, re.compile(pattern).fullmatch, advice)
    for attribute, pattern, advice in (
        ("specversion", "1[.]0", "must be 1.0"),
        ("id", UUID_PATTERN, "must be a UUID in lower case"),
        ("time", _TIME, "must be RFC 3339 with a zone, such as 2026-03-02T01:30:00Z"),
        ("dataschema", "[!-~]{1,255}", "must be the $id of a JSON Schema"),
        ("sequence", "[1-9][0-9]{0,17}", "must be a decimal number from 1"),
        ("correlationid", _TRACE, "must be 1 to 128 letters, digits or ._:-"),
        ("causationid", _TRACE, "must be 1 to 128 letters, digits or ._:-"),
    )
)


def _check_attributes(attributes: Attributes) -> None:
    if not attributes.keys() >= _REQUIRED:
        missing = min(_REQUIRED - attributes.keys())
        problem = f"the attribute {missing} (header ce_{missing}) is missing"
        raise MalformedRecord(Reason.MISSING_HEADER, problem)
    for attribute, fits, advice in _SHAPES:
        text = attributes.get(attribute)
        if text is not None and not fits(text):
            problem = f"the attribute {attribute} (header ce_{attribute}) {advice}"
            raise MalformedRecord(Reason.BAD_HEADER, problem)


_MAJOR = re.compile(r"(vn\.motcua\.[a-z]{1,32}\.[a-z-]{1,64}\.v)([1-9][0-9]{0,3})")


def _unknown(event_type: str) -> UndecodableRecord:
    parts = _MAJOR.fullmatch(event_type)
    if parts is None:
        return UnknownType(Reason.UNKNOWN_TYPE, "the type is not of the form vn.motcua.*.*.v<n>")
    if any(known.startswith(parts[1]) for known in EVENT_TYPES):
        problem = f"{event_type} is a major version unknown here: upgrade motcua-contracts"
        return NewerMajor(Reason.NEWER_MAJOR, problem)
    return UnknownType(
        Reason.UNKNOWN_TYPE, f"{event_type} is unknown here: upgrade motcua-contracts"
    )


_AGENCY_SOURCE = re.compile("/agencies/" + AGENCY_CODE_PATTERN.strip("^$"))


def _check_origin(event_class: type[EventData], source: str, topic: Topic | None) -> None:
    """Only its one writer says a thing, and only on its own topic."""
    home = event_class.topic
    if home is None:
        right = bool(_AGENCY_SOURCE.fullmatch(source)) and (
            topic is None or (topic.writer == source and topic.name not in TOPICS)
        )
    else:
        right = source == home.writer and (topic is None or topic.name == home.name)
    if not right:
        problem = f"{event_class.type} may not come from this source on this topic"
        raise MalformedRecord(Reason.WRONG_ORIGIN, problem)


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        problem = "the attribute time (header ce_time) is no date and time of the calendar"
        raise MalformedRecord(Reason.BAD_HEADER, problem) from None


def _facts(event_class: type[EventData], subject: str, body: str) -> EventData:
    try:
        facts = event_class.model_validate_json(
            body, strict=True, extra="ignore", by_alias=True, by_name=False
        )
    except ValidationError as error:
        raise _bad_facts(event_class, error) from None
    if facts.subject != subject:
        problem = f"the facts of {event_class.type} are about another id than ce_subject"
        raise MalformedRecord(Reason.WRONG_SUBJECT, problem)
    return facts


def _bad_facts(event_class: type[EventData], error: ValidationError) -> MalformedRecord:
    problems = error.errors(include_input=False, include_url=False, include_context=False)
    if problems[0]["type"] == "json_invalid":
        return malformed_json(problems[0]["msg"])
    places = "; ".join(
        f"{'.'.join(str(step) for step in problem['loc']) or 'value'}: {problem['msg']}"
        for problem in problems[:3]
    )
    return MalformedRecord(Reason.BAD_DATA, f"the facts of {event_class.type} are wrong: {places}")
