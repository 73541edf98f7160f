"""What we write is CloudEvents 1.0 in binary mode, or an error before anything is published."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from motcua_contracts.consumer import decode
from motcua_contracts.envelope import Event, EventData, Record, encode
from motcua_contracts.payment import PaymentSuspended

ENTRY = "0195a5b3-4c00-7005-8000-000300000005"
DOSSIER = "0195a5b1-4c00-7001-8000-000100000001"


@pytest.fixture
def event(record: Record) -> Event[EventData]:
    return decode(record)


def test_a_record_carries_key_headers_and_compact_camel_case_json(
    event: Event[EventData],
) -> None:
    written = encode(replace(event, causation_id=None, traceparent=None))

    assert written.key == event.subject.encode()
    assert [name for name, _ in written.headers] == [
        "ce_specversion",
        "ce_id",
        "ce_source",
        "ce_type",
        "ce_time",
        "ce_subject",
        "ce_dataschema",
        "content-type",
        "ce_sequence",
        "ce_correlationid",
    ]
    assert written.value is not None
    assert json.loads(written.value)["receivedAt"] == "2026-03-02T02:00:00Z"
    assert b": " not in written.value


def test_absent_fields_are_left_out_of_the_value(event: Event[EventData]) -> None:
    without_unit = event.data.model_copy(update={"unit": None})

    assert b"unit" not in (encode(replace(event, data=without_unit)).value or b"")


def test_the_time_is_written_in_utc(event: Event[EventData]) -> None:
    hanoi = datetime(2026, 3, 2, 8, 30, tzinfo=timezone(timedelta(hours=7)))

    assert ("ce_time", b"2026-03-02T01:30:00Z") in encode(replace(event, time=hanoi)).headers


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"type": "vn.motcua.dossier.refused.v1"}, "does not fit facts of type"),
        ({"subject": ENTRY}, "subject must be the id"),
        ({"sequence": 0}, "starts at 1"),
        ({"time": datetime(2026, 3, 2)}, "needs a zone"),  # noqa: DTZ001 - the fault in question
    ],
)
def test_an_envelope_that_contradicts_its_facts_is_not_written(
    event: Event[EventData], change: dict[str, object], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        encode(replace(event, **change))


def test_money_without_a_dossier_is_about_its_suspense_entry() -> None:
    unknown = PaymentSuspended(
        suspense_id=ENTRY,
        gateway="vnpay",
        gateway_transaction_id="14422575",
        amount=150_000,
        reason_code="unknown-order",
    )

    assert unknown.subject == ENTRY
    assert unknown.model_copy(update={"dossier_id": DOSSIER}).subject == DOSSIER


def test_an_event_cannot_be_changed(event: Event[EventData]) -> None:
    with pytest.raises(AttributeError):
        event.sequence = 2  # pyright: ignore[reportAttributeAccessIssue] - the fault in question
    with pytest.raises(ValueError, match="frozen"):
        event.data.dossier_id = ENTRY  # pyright: ignore[reportAttributeAccessIssue] - likewise


def test_times_of_events_round_trip(event: Event[EventData]) -> None:
    precise = replace(event, time=datetime(2026, 3, 2, 1, 30, 0, 123456, tzinfo=UTC))

    assert decode(encode(precise)) == precise
