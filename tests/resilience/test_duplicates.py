"""Records that come again change nothing: at least once on the way, exactly once in effect."""

import random
from collections.abc import Iterable
from typing import Any

import pytest
from confluent_kafka import Producer

from motcua_local.demo.story import Story
from motcua_local.stack import Stack
from tests.outside_reader import HIDDEN, OutsideRecord, login, read_all
from tests.quiet import everything, measured, until_quiet

WRITERS = {
    "motcua.dossier.events.v1": "intake",
    HIDDEN: "intake",
    "motcua.payment.events.v1": "payment",
    "motcua.certification.events.v1": "certification",
    "motcua.notification.events.v1": "notification",
    "motcua.agency.H42.10.decisions.v1": "agency-H42.10",
    "motcua.agency.H42.11.decisions.v1": "agency-H42.11",
}
CONSUMERS = {
    "intake": ("intake.payments", "intake.decisions", "intake.certified-copies"),
    "payment": ("payment.dossiers",),
    "certification": ("certification.dossiers",),
    "notification": ("notification.facts", "notification.recipients"),
}


@pytest.fixture(scope="module")
def records(
    stack: Stack, endpoints: dict[str, Any], undisturbed: dict[str, Story]
) -> list[OutsideRecord]:
    """All that was ever said about the dossiers, on every topic."""
    until_quiet(stack, endpoints)
    kafka = endpoints["kafka"]
    dossiers = {story.dossier_id.encode() for story in undisturbed.values()}
    said = [*read_all(kafka), *read_all(kafka, [HIDDEN], principal="notification")]
    return [record for record in said if record.key in dossiers]


@pytest.mark.parametrize("order", ["as they came", "shuffled"])
def test_each_record_sent_again_byte_for_byte_changes_nothing(
    order: str, *, records: list[OutsideRecord], stack: Stack, endpoints: dict[str, Any]
) -> None:
    assert {record.topic for record in records} == WRITERS.keys()
    before = everything(stack, endpoints)
    known = _duplicates(endpoints)

    again = records if order == "as they came" else random.sample(records, len(records))
    _send(endpoints["kafka"], again)
    until_quiet(stack, endpoints)

    assert everything(stack, endpoints) == before
    new = {name: count - known[name] for name, count in _duplicates(endpoints).items()}
    assert all(count > 0 for count in new.values()), new


def _duplicates(endpoints: dict[str, Any]) -> dict[str, float]:
    """How many duplicates each consumer has met."""
    return {
        name: measured(
            endpoints, service, "motcua_messages_total", consumer=name, outcome="duplicate"
        )
        for service, names in CONSUMERS.items()
        for name in names
    }


def _send(kafka: dict[str, Any], records: Iterable[OutsideRecord]) -> None:
    """To the partition where each came from, as its writer, in this order."""
    producers = {name: Producer(login(kafka, name)) for name in set(WRITERS.values())}
    for record in records:
        producers[WRITERS[record.topic]].produce(
            record.topic,
            record.value,
            key=record.key,
            partition=record.partition,
            headers=[*record.headers],
        )
    for producer in producers.values():
        assert producer.flush(20) == 0
