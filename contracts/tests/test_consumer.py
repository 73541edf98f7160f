"""The kit reads what keeps the contract and refuses the rest with a reason of its own."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from motcua_contracts.consumer import (
    MalformedRecord,
    NewerMajor,
    Order,
    Reason,
    UndecodableRecord,
    UnknownType,
    VersionOrder,
    decode,
    deduplication_key,
)
from motcua_contracts.dossier import DossierReceived
from motcua_contracts.envelope import Record
from motcua_contracts.topics import DOSSIER_EVENTS, PAYMENT_EVENTS, agency_decisions

OTHER = b"0195a5b1-4c00-7001-8000-0001000000ff"
MIB = 1_048_576

Change = Callable[[Record], Record]


def key(value: bytes | None) -> Change:
    return lambda record: record._replace(key=value)


def body(value: bytes | None) -> Change:
    return lambda record: record._replace(value=value)


def header(name: str, value: bytes | None) -> Change:
    return lambda record: record._replace(
        headers=tuple((n, value if n == name else v) for n, v in record.headers)
    )


def without(name: str) -> Change:
    return lambda record: record._replace(
        headers=tuple(pair for pair in record.headers if pair[0] != name)
    )


def twice(name: str) -> Change:
    return lambda record: record._replace(
        headers=(*record.headers, *(pair for pair in record.headers if pair[0] == name))
    )


def beside(name: str, value: bytes | None) -> Change:
    return lambda record: record._replace(headers=(*record.headers, (name, value)))


def fields(**changed: object) -> Change:
    return lambda record: record._replace(value=json.dumps(facts_of(record) | changed).encode())


def facts_of(record: Record) -> dict[str, Any]:
    return json.loads(record.value or b"")


def structured(record: Record, **changed: object) -> Record:
    """The same event with everything in its value."""
    attributes = {
        name.removeprefix("ce_"): (value or b"").decode()
        for name, value in record.headers
        if name.startswith("ce_")
    }
    event: dict[str, object] = {**attributes, "data": facts_of(record), **changed}
    present = {name: value for name, value in event.items() if value is not ...}
    value = json.dumps(present).encode()
    return Record(record.key, value, (("content-type", b"application/cloudevents+json"),))


def test_a_sound_record_becomes_a_typed_event(record: Record) -> None:
    event = decode(record, topic=DOSSIER_EVENTS)

    assert isinstance(event.data, DossierReceived)
    assert event.data.due_at == datetime(2026, 3, 16, 10, tzinfo=UTC)
    assert (event.source, event.sequence) == ("/motcua/intake", 4)
    assert event.time == datetime(2026, 3, 2, 2, tzinfo=UTC)


REQUIRED = (
    "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_subject", "ce_dataschema",
    "ce_sequence", "content-type",
)  # fmt: skip
DEEP = b'{"later":' + b"[" * 10_000 + b"]" * 10_000 + b"}"

REFUSED: dict[str, tuple[Reason, Change]] = {
    "null key": (Reason.NULL_KEY, key(None)),
    "empty key": (Reason.EMPTY_KEY, key(b"")),
    "key not UTF-8": (Reason.KEY_NOT_UTF8, key(b"\xff" * 36)),
    "key not a UUID": (Reason.KEY_NOT_UUID, key(b"H42.01-20260302-0000017")),
    "key in upper case": (Reason.KEY_NOT_UUID, key(OTHER.upper())),
    "key of another dossier": (Reason.KEY_NOT_SUBJECT, key(OTHER)),
    **{f"no {name}": (Reason.MISSING_HEADER, without(name)) for name in REQUIRED},
    **{f"two {name}": (Reason.REPEATED_HEADER, twice(name)) for name in REQUIRED},
    **{f"null {name}": (Reason.NULL_HEADER, header(name, None)) for name in REQUIRED},
    **{f"{name} not UTF-8": (Reason.HEADER_NOT_UTF8, header(name, b"a\xff")) for name in REQUIRED},
    "null causation": (Reason.NULL_HEADER, header("ce_causationid", None)),
    "CloudEvents 0.3": (Reason.BAD_HEADER, header("ce_specversion", b"0.3")),
    "id not a UUID": (Reason.BAD_HEADER, header("ce_id", b"42")),
    "empty id": (Reason.BAD_HEADER, header("ce_id", b"")),
    "time without a zone": (Reason.BAD_HEADER, header("ce_time", b"2026-03-02T01:30:00")),
    "time of day alone": (Reason.BAD_HEADER, header("ce_time", b"01:30:00Z")),
    "30 February": (Reason.BAD_HEADER, header("ce_time", b"2026-02-30T01:30:00Z")),
    "time before year 1": (Reason.BAD_HEADER, header("ce_time", b"0001-01-01T00:00:00+23:00")),
    "sequence 0": (Reason.BAD_HEADER, header("ce_sequence", b"0")),
    "sequence in other digits": (Reason.BAD_HEADER, header("ce_sequence", "٣".encode())),
    "sequence too long": (Reason.BAD_HEADER, header("ce_sequence", b"9" * 5000)),
    "empty schema": (Reason.BAD_HEADER, header("ce_dataschema", b"")),
    "correlation with a space": (Reason.BAD_HEADER, header("ce_correlationid", b"Dao Nguyen")),
    "causation too long": (Reason.BAD_HEADER, header("ce_causationid", b"c" * 129)),
    "wrong content type": (Reason.WRONG_CONTENT_TYPE, header("content-type", b"text/plain")),
    "batched events": (
        Reason.WRONG_CONTENT_TYPE,
        header("content-type", b"application/cloudevents-batch+json"),
    ),
    "source of another service": (Reason.WRONG_ORIGIN, header("ce_source", b"/motcua/payment")),
    "source of an agency": (Reason.WRONG_ORIGIN, header("ce_source", b"/agencies/H42.10")),
    "null value": (Reason.NO_BODY, body(None)),
    "empty value": (Reason.BODY_NOT_JSON, body(b"")),
    "value not UTF-8": (Reason.BODY_NOT_UTF8, body(b'{"later":"\xff"}')),
    "value not JSON": (Reason.BODY_NOT_JSON, body(b"{'a': 1}")),
    "value cut short": (Reason.BODY_NOT_JSON, lambda r: r._replace(value=(r.value or b"")[:-1])),
    "lone surrogate": (Reason.BODY_NOT_JSON, body(b'{"later":"\\ud800"}')),
    "value with a byte order mark": (Reason.BODY_NOT_JSON, body(b"\xef\xbb\xbf{}")),
    "value over 1 MiB": (Reason.TOO_LARGE, body(b" " * (MIB + 1))),
    "10,000 levels": (Reason.TOO_DEEP, body(DEEP)),
    "value not an object": (Reason.BAD_DATA, body(b"[]")),
    "missing field": (Reason.BAD_DATA, body(b"{}")),
    "null for a required field": (Reason.BAD_DATA, fields(dueAt=None)),
    "number in a string": (Reason.BAD_DATA, fields(status="2")),
    "status 11": (Reason.BAD_DATA, fields(status=11)),
    "number for a time": (Reason.BAD_DATA, fields(dueAt=1_772_500_000)),
    "time without zone in the facts": (Reason.BAD_DATA, fields(dueAt="2026-03-16T17:00:00")),
    "facts of another dossier": (Reason.WRONG_SUBJECT, fields(dossierId=OTHER.decode())),
    "unknown type": (
        Reason.UNKNOWN_TYPE,
        header("ce_type", b"vn.motcua.dossier.misplaced.v1"),
    ),
    "type of somebody else": (Reason.UNKNOWN_TYPE, header("ce_type", b"com.example.thing")),
    "empty type": (Reason.UNKNOWN_TYPE, header("ce_type", b"")),
    "newer major": (Reason.NEWER_MAJOR, header("ce_type", b"vn.motcua.dossier.received.v2")),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_each_fault_is_refused_with_its_own_reason(record: Record, fault: str) -> None:
    reason, spoil = REFUSED[fault]

    with pytest.raises(UndecodableRecord) as refusal:
        decode(spoil(record))

    assert refusal.value.reason is reason
    assert len(str(refusal.value)) > 20


def test_every_reason_is_shown_by_a_fault() -> None:
    assert {reason for reason, _ in REFUSED.values()} == set(Reason)


def test_unknown_newer_and_malformed_can_be_told_apart(record: Record) -> None:
    with pytest.raises(UnknownType, match=r"misplaced\.v1 is unknown here: upgrade"):
        decode(header("ce_type", b"vn.motcua.dossier.misplaced.v1")(record))
    with pytest.raises(NewerMajor, match="upgrade motcua-contracts"):
        decode(header("ce_type", b"vn.motcua.dossier.received.v2")(record))
    with pytest.raises(MalformedRecord, match="header ce_time"):
        decode(header("ce_time", b"yesterday")(record))


def test_the_message_names_the_fields_that_are_wrong(record: Record) -> None:
    with pytest.raises(MalformedRecord, match=r"status: .*; dueAt: "):
        decode(fields(dueAt=None, status=11)(record))


CANARY = "Nguyen.Thi.Canary"


@pytest.mark.parametrize(
    "spoil",
    [
        key(CANARY.encode()),
        header("ce_type", CANARY.encode()),
        header("ce_id", CANARY.encode()),
        header("ce_source", CANARY.encode()),
        header("ce_correlationid", f"{CANARY} !".encode()),
        header("content-type", CANARY.encode()),
        body(CANARY.encode()),
        body(f'{{"{CANARY}": '.encode()),
        fields(code=CANARY),
        fields(dueAt=CANARY),
        fields(status={CANARY: CANARY}),
    ],
)
def test_a_refusal_never_repeats_what_stood_in_the_record(record: Record, spoil: Change) -> None:
    with pytest.raises(UndecodableRecord) as refusal:
        decode(spoil(record))

    assert CANARY not in str(refusal.value)
    assert CANARY not in repr(refusal.value.__cause__)
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None


@pytest.mark.parametrize(
    "change",
    [
        fields(addedLater={"deep": [1, 2, 3]}),
        header("content-type", b"Application/JSON; charset=utf-8"),
        without("ce_causationid"),
        header("ce_time", b"2026-03-02T09:00:00.123456789+07:00"),
        beside("theirs", b"\xff"),
        beside("theirs", None),
    ],
)
def test_what_a_reader_need_not_mind_is_read(record: Record, change: Change) -> None:
    assert isinstance(decode(change(record)).data, DossierReceived)


def test_snake_case_is_not_the_wire(record: Record) -> None:
    renamed = {"due_at" if name == "dueAt" else name: v for name, v in facts_of(record).items()}

    with pytest.raises(MalformedRecord, match="dueAt: Field required"):
        decode(body(json.dumps(renamed).encode())(record))


def test_an_event_without_a_correlation_begins_its_own(record: Record) -> None:
    event = decode(without("ce_correlationid")(record))

    assert event.correlation_id == event.id


@pytest.mark.parametrize("damaged", [None, b"\xff", b"", b"00-0-0-0"])
def test_a_damaged_trace_begins_a_new_one_and_loses_no_event(
    record: Record, damaged: bytes | None
) -> None:
    assert decode(record).traceparent is not None
    assert decode(header("traceparent", damaged)(record)).traceparent is None


def test_of_two_trace_contexts_the_last_counts(record: Record) -> None:
    later = b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01"

    assert decode(beside("traceparent", later)(record)).traceparent == later.decode()


def test_structured_mode_gives_the_same_event(record: Record) -> None:
    expected = replace(decode(record), traceparent=None)
    encoded = base64.b64encode(record.value or b"").decode()

    assert decode(structured(record)) == expected
    assert decode(structured(record, sequence=4)) == expected
    assert decode(structured(record, data=..., data_base64=encoded)) == expected
    assert decode(structured(record, datacontenttype="application/json")) == expected


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"id": ...}, Reason.MISSING_HEADER),
        ({"id": None}, Reason.MISSING_HEADER),
        ({"id": 42}, Reason.BAD_HEADER),
        ({"id": True}, Reason.BAD_HEADER),
        ({"sequence": 10**400}, Reason.BAD_HEADER),
        ({"data": ...}, Reason.NO_BODY),
        ({"data": None}, Reason.BAD_DATA),
        ({"data": ..., "data_base64": "%%"}, Reason.BAD_DATA),
        ({"data": ..., "data_base64": "ễ"}, Reason.BAD_DATA),
        ({"data": ..., "data_base64": 7}, Reason.BAD_DATA),
        ({"data": ..., "data_base64": "/w=="}, Reason.BODY_NOT_UTF8),
        ({"datacontenttype": "text/xml"}, Reason.WRONG_CONTENT_TYPE),
        ({"subject": OTHER.decode()}, Reason.KEY_NOT_SUBJECT),
    ],
)
def test_structured_mode_is_checked_as_strictly(
    record: Record, changed: dict[str, object], reason: Reason
) -> None:
    with pytest.raises(MalformedRecord) as refusal:
        decode(structured(record, **changed))

    assert refusal.value.reason is reason


@pytest.mark.parametrize(
    ("value", "reason"),
    [(b"[]", Reason.BODY_NOT_JSON), (b"{", Reason.BODY_NOT_JSON), (DEEP, Reason.TOO_DEEP)],
)
def test_a_structured_value_must_be_an_object(record: Record, value: bytes, reason: Reason) -> None:
    with pytest.raises(MalformedRecord) as refusal:
        decode(structured(record)._replace(value=value))

    assert refusal.value.reason is reason


def test_an_agency_cannot_say_what_is_not_its_to_say(record: Record) -> None:
    own_topic = agency_decisions("H42.10")

    with pytest.raises(MalformedRecord) as refusal:
        decode(record, topic=own_topic)
    assert refusal.value.reason is Reason.WRONG_ORIGIN
    with pytest.raises(MalformedRecord, match="may not come from this source on this topic"):
        decode(record, topic=PAYMENT_EVENTS)


def test_deliveries_of_one_event_have_one_deduplication_key(record: Record) -> None:
    first, again = decode(record), decode(header("ce_time", b"2026-03-03T00:00:00Z")(record))

    assert deduplication_key(first) == deduplication_key(again)


def test_the_order_of_versions_is_followed_per_subject(record: Record) -> None:
    event, order = decode(record), VersionOrder()

    def seen(sequence: int, subject: str = event.subject) -> Order:
        return order.observe(replace(event, sequence=sequence, subject=subject))

    assert seen(1) is Order.IN_ORDER
    assert seen(2) is Order.IN_ORDER
    assert seen(2) is Order.REPEATED
    assert seen(4) is Order.GAP
    assert seen(3) is Order.REPEATED
    assert seen(5) is Order.IN_ORDER
    assert seen(1, subject=OTHER.decode()) is Order.IN_ORDER


def test_the_order_survives_a_restart_in_the_readers_own_store(record: Record) -> None:
    store: dict[tuple[str, str, str], int] = {}
    event = replace(decode(record), sequence=1)

    assert VersionOrder(store).observe(event) is Order.IN_ORDER
    assert VersionOrder(store).observe(event) is Order.REPEATED
