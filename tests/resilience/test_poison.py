"""What an agency's topic should never hold is parked and told; everything else flows on."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from confluent_kafka import Producer

from motcua_contracts.agency import AgencyProcessingStarted
from motcua_contracts.envelope import Event, Record, encode
from motcua_contracts.topics import agency_decisions, agency_source
from motcua_contracts.writer import uuid7
from motcua_local.demo.story import Step, Story
from motcua_local.stack import Stack
from tests.endings import PLANTED, endings_of
from tests.eventually import eventually
from tests.operators_desk import discard, held, listed
from tests.outside_reader import login
from tests.quiet import measured
from tests.storytelling import told_at_once

JUSTICE, PLANNING = "H42.10", "H42.11"
CONSUMER = "intake.decisions"
VICTIM, NEIGHBOUR = 0, 1
Kafka = dict[str, Any]


def _header(record: Record, name: str, value: bytes | None) -> Record:
    changed = {**dict(record.headers), name: value}
    return record._replace(headers=tuple(changed.items()))


def _without_header(record: Record, name: str) -> Record:
    return record._replace(headers=tuple(pair for pair in record.headers if pair[0] != name))


# By the reason for which each is parked.
POISON: Mapping[str, Callable[[Record], Record]] = {
    "null-key": lambda r: r._replace(key=None),
    "key-not-utf8": lambda r: r._replace(key=b"\xff\xfe"),
    "key-not-subject": lambda r: r._replace(key=str(uuid4()).encode()),
    "missing-header": lambda r: _without_header(r, "ce_type"),
    "header-not-utf8": lambda r: _header(r, "ce_id", b"\xff"),
    "null-header": lambda r: _header(r, "ce_source", None),
    "bad-header": lambda r: _header(r, "ce_sequence", b"first"),
    "wrong-origin": lambda r: _header(r, "ce_source", b"/agencies/H42.11"),
    "wrong-content-type": lambda r: _header(r, "content-type", b"text/plain"),
    "unknown-type": lambda r: _header(r, "ce_type", b"vn.motcua.agency.slept-on.v1"),
    "newer-major": lambda r: _header(r, "ce_type", b"vn.motcua.agency.processing-started.v2"),
    "no-body": lambda r: r._replace(value=None),
    "body-not-utf8": lambda r: r._replace(value=b'{"dossierId": "\xff"}'),
    "bad-data": lambda r: r._replace(value=b"{}"),
}


REASONS = {*POISON, "body-not-json", "another-agency"}


def test_poison_is_parked_and_told_while_every_other_dossier_flows_on(
    stack: Stack, endpoints: dict[str, Any], undisturbed: dict[str, Story]
) -> None:
    counted = _parked(endpoints)

    def poison(place: int, story: Story, step: Step) -> None:
        if place == VICTIM and step.event == "dossier.registered":
            fine = [_started(str(uuid4()), agency=JUSTICE) for _ in POISON]
            bad = [spoil(record) for spoil, record in zip(POISON.values(), fine, strict=True)]
            bad.append(_started(story.dossier_id, agency=JUSTICE)._replace(value=b"{"))
            _send(endpoints["kafka"], bad, agency=JUSTICE)
            not_theirs = _started(story.dossier_id, agency=PLANNING)
            _send(endpoints["kafka"], [not_theirs], agency=PLANNING)

    with told_at_once(stack, "aa", listener=poison) as telling:
        telling.endings[NEIGHBOUR].result()
        victim = telling.stories[VICTIM].dossier_id
        eventually(lambda: _behind(endpoints, victim), what="the victim's decision")
        assert not telling.endings[VICTIM].done()

        parked = [each for each in listed(stack, "intake") if each["state"] == "parked"]
        assert sorted(message["reason"] for message in parked) == sorted(REASONS)
        assert {message["consumer"] for message in parked} == {CONSUMER}
        about_victim = {each["reason"] for each in parked if each["key"] == victim}
        assert about_victim == {"body-not-json", "another-agency"}
        now = {reason: counted.get(reason, 0) + 1 for reason in REASONS}
        assert _parked(endpoints) == counted | now
        eventually(lambda: _parked_now(endpoints) == len(parked), what="the gauge")

        discard(stack, "intake", [message["id"] for message in parked], why="no agency sent it")
        stories = telling.all_ended_well()

    expected, *ended = endings_of([undisturbed["a"], *stories], endpoints)
    assert ended == [expected, expected]
    assert held(endpoints, "intake") == []


def _started(dossier_id: str, *, agency: str) -> Record:
    """What the agency's own system would say first, but marked as planted."""
    now = datetime.now(UTC)
    data = AgencyProcessingStarted(dossier_id=dossier_id, agency_reference="1/2026")
    event = Event(
        id=uuid7(now),
        source=agency_source(agency),
        type=data.type,
        time=now,
        subject=dossier_id,
        sequence=1,
        correlation_id=str(uuid4()),
        data_schema=data.data_schema(),
        data=data,
    )
    return _header(encode(event), PLANTED, b"1")


def _send(kafka: Kafka, records: list[Record], *, agency: str) -> None:
    settings = login(kafka, f"agency-{agency}") | {"partitioner": "murmur2_random"}
    producer = Producer(settings)
    topic = agency_decisions(agency).name
    for record in records:
        headers: list[tuple[str, str | bytes | None]] = [*record.headers]
        producer.produce(topic, record.value, key=record.key, headers=headers)
    assert producer.flush(20) == 0


def _behind(endpoints: dict[str, Any], dossier_id: str) -> bool:
    """Whether all that the agency says of the dossier waits behind the poison."""
    messages = [each for each in held(endpoints, "intake") if each["key"] == dossier_id]
    waiting = [each["type"] for each in messages if each["reason"] == "queued-behind"]
    said = ("processing-started", "decided")
    return waiting == [f"vn.motcua.agency.{fact}.v1" for fact in said]


def _parked(endpoints: dict[str, Any]) -> dict[str, float]:
    """How many were ever parked, by reason."""
    name = "motcua_held_total"
    counts = {r: measured(endpoints, "intake", name, consumer=CONSUMER, reason=r) for r in REASONS}
    return {reason: count for reason, count in counts.items() if count}


def _parked_now(endpoints: dict[str, Any]) -> float:
    return measured(endpoints, "intake", "motcua_held_messages", consumer=CONSUMER, state="parked")
