"""From a record's key, headers and value to CloudEvents attributes, not yet interpreted."""

import re
from base64 import b64decode
from collections.abc import Iterable, Mapping
from typing import NamedTuple, cast

from pydantic_core import from_json, to_json

from motcua_contracts.refusals import MalformedRecord, Reason

MAX_BODY = 1_048_576
"""Largest value of a record in bytes: 1 MiB, Kafka's own default limit."""

_JSON = "application/json"
_STRUCTURED = "application/cloudevents+json"

_ATTRIBUTE_OF_HEADER: Mapping[str, str] = {
    "ce_specversion": "specversion",
    "ce_id": "id",
    "ce_source": "source",
    "ce_type": "type",
    "ce_time": "time",
    "ce_subject": "subject",
    "ce_dataschema": "dataschema",
    "ce_sequence": "sequence",
    "ce_correlationid": "correlationid",
    "ce_causationid": "causationid",
    "content-type": "datacontenttype",
}
_KEY = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

_TRACEPARENT = re.compile(rb"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

Attributes = dict[str, str]
Headers = Iterable[tuple[str, bytes | None]]


class Content(NamedTuple):
    """A record taken apart, whichever content mode it came in."""

    attributes: Attributes
    body: str


def subject_of(key: bytes | None) -> str:
    """The dossier's id, which every record has as its key."""
    if key is None:
        raise MalformedRecord(Reason.NULL_KEY, "the key is null: set it to the dossier's id")
    if _KEY.fullmatch(key):
        return key.decode("ascii")
    if not key:
        raise MalformedRecord(Reason.EMPTY_KEY, "the key is empty: set it to the dossier's id")
    try:
        key.decode()
    except UnicodeDecodeError:
        problem = "the key is not UTF-8: set it to the dossier's id as text"
        raise MalformedRecord(Reason.KEY_NOT_UTF8, problem) from None
    problem = "the key is not a UUID in lower case: set it to the dossier's id"
    raise MalformedRecord(Reason.KEY_NOT_UUID, problem)


def content_of(headers: Headers, value: bytes | None) -> Content:
    """Attributes and JSON text of the facts, from binary or structured mode."""
    attributes = _header_attributes(headers)
    body = _text_of(value)
    media_type = attributes.get("datacontenttype")
    if media_type is None:
        problem = f"the header content-type is missing: send {_JSON}"
        raise MalformedRecord(Reason.MISSING_HEADER, problem)
    if media_type == _JSON:
        return Content(attributes, body)
    match media_type.split(";", 1)[0].strip().lower():
        case "application/json":
            return Content(attributes, body)
        case "application/cloudevents+json":
            return _open_structured(body)
        case _:
            problem = f"the content type must be {_JSON} or {_STRUCTURED}"
            raise MalformedRecord(Reason.WRONG_CONTENT_TYPE, problem)


def traceparent_of(headers: Headers) -> str | None:
    """The W3C trace context. A damaged one begins a new trace, it loses no event.

    Tracing libraries add this header on their own, sometimes beside another; the last counts.
    """
    found = None
    for name, raw in headers:
        if name == "traceparent":
            found = raw
    if found is None or not _TRACEPARENT.fullmatch(found):
        return None
    return found.decode("ascii")


def _header_attributes(headers: Headers) -> Attributes:
    """Our headers as text; headers of others are none of our business, in whatever state."""
    attributes: Attributes = {}
    name = ""
    try:
        for name, raw in headers:
            attribute = _ATTRIBUTE_OF_HEADER.get(name)
            if attribute is None:
                continue
            if attribute in attributes:
                problem = f"the header {name} stands there twice: send it once"
                raise MalformedRecord(Reason.REPEATED_HEADER, problem)
            if raw is None:
                problem = f"the header {name} is null: leave it out or give it a value"
                raise MalformedRecord(Reason.NULL_HEADER, problem)
            attributes[attribute] = raw.decode()
    except UnicodeDecodeError:
        problem = f"the header {name} is not UTF-8: send text"
        raise MalformedRecord(Reason.HEADER_NOT_UTF8, problem) from None
    return attributes


def _text_of(value: bytes | None) -> str:
    if value is None:
        problem = "the value is null: events are never tombstones"
        raise MalformedRecord(Reason.NO_BODY, problem)
    if len(value) > MAX_BODY:
        problem = f"the value has {len(value)} bytes: the limit is {MAX_BODY}"
        raise MalformedRecord(Reason.TOO_LARGE, problem)
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        problem = f"the value is not UTF-8 at byte {error.start}: send JSON in UTF-8"
        raise MalformedRecord(Reason.BODY_NOT_UTF8, problem) from None


def _open_structured(body: str) -> Content:
    """Structured mode is for writers without headers; it costs a second pass over the JSON."""
    try:
        envelope: object = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise malformed_json(str(error)) from None
    if not isinstance(envelope, dict):
        problem = f"the value of {_STRUCTURED} must be a JSON object"
        raise MalformedRecord(Reason.BODY_NOT_JSON, problem)
    members = cast("dict[str, object]", envelope)
    attributes: Attributes = {}
    for name in _ATTRIBUTE_OF_HEADER.values():
        member = members.get(name)
        if member is not None:
            attributes[name] = _member_text(name, member)
    if attributes.get("datacontenttype", _JSON).split(";", 1)[0].strip().lower() != _JSON:
        problem = f"datacontenttype must be {_JSON}"
        raise MalformedRecord(Reason.WRONG_CONTENT_TYPE, problem)
    return Content(attributes, _structured_body(members))


def _member_text(name: str, member: object) -> str:
    if isinstance(member, str):
        return member
    if isinstance(member, int) and not isinstance(member, bool):
        return to_json(member).decode()
    raise MalformedRecord(Reason.BAD_HEADER, f"the attribute {name} must be a string")


def _structured_body(members: Mapping[str, object]) -> str:
    if "data" in members:
        return to_json(members["data"]).decode()
    encoded = members.get("data_base64")
    if encoded is None:
        raise MalformedRecord(Reason.NO_BODY, "the event has no data: put the facts into data")
    if not isinstance(encoded, str):
        raise MalformedRecord(Reason.BAD_DATA, "data_base64 must be a string")
    try:
        return _text_of(b64decode(encoded, validate=True))
    except ValueError:
        raise MalformedRecord(Reason.BAD_DATA, "data_base64 is not base64") from None


def malformed_json(problem: str) -> MalformedRecord:
    """The parser's own words say where; they never quote the text."""
    if "recursion limit" in problem:
        return MalformedRecord(
            Reason.TOO_DEEP, "the value is nested too deeply: events have 4 levels at most"
        )
    return MalformedRecord(Reason.BODY_NOT_JSON, f"the value is not JSON: {problem}")
