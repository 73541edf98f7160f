"""Intake passes over a payment as if it had never come: payment finds it and sends it again.

No fault that we know of loses an event; so it is taken away, by moving intake's offsets past it.
The grace until payment wonders is minutes long: it is brought forward in its database.
"""

from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition

from motcua_local.databases import query
from motcua_local.stack import Stack
from tests.applicants import Applicant, Doors
from tests.eventually import eventually
from tests.outside_reader import SECONDS, login

REGISTERED, PAYMENT_REQUIRED = 1, 6
PAYMENTS = "motcua.payment.events.v1"
_PUBLISHED = """
SELECT position FROM event_log
WHERE subject = $1 AND headers ->> 'ce_type' = 'vn.motcua.payment.succeeded.v1'
"""
_GRACE_IS_OVER = """
UPDATE orders SET next_redrive_at = now() WHERE dossier_id = $1 AND awaited_since IS NOT NULL
RETURNING id
"""
_AWAITED = "SELECT id FROM orders WHERE dossier_id = $1 AND awaited_since IS NOT NULL"
_REDRIVES = "SELECT redrives FROM orders WHERE dossier_id = $1"


@pytest.fixture(scope="module")
def applicant(endpoints: dict[str, Any]) -> Applicant:
    doors = Doors(endpoints)
    return Applicant(doors, doors.citizen())


def test_a_dossier_whose_payment_was_passed_over_goes_on_all_the_same(
    applicant: Applicant, stack: Stack, endpoints: dict[str, Any]
) -> None:
    payment = endpoints["postgres"]["payment"]
    dossier = applicant.file(applicant.certificate())["dossierId"]
    applicant.order(dossier)
    stack.down(["intake"])
    applicant.pay(dossier)
    eventually(lambda: query(payment, _PUBLISHED, dossier), what="the published payment")
    _pass_over(endpoints["kafka"], group="intake.payments", topic=PAYMENTS)
    stack.up(["intake"])
    assert applicant.read(dossier)["status"] == PAYMENT_REQUIRED
    assert query(payment, _REDRIVES, dossier) == [{"redrives": 0}]

    assert len(query(payment, _GRACE_IS_OVER, dossier)) == 1
    applicant.wait_for_status(dossier, REGISTERED)
    eventually(lambda: not query(payment, _AWAITED, dossier), what="the word of intake")
    assert query(payment, _REDRIVES, dossier) == [{"redrives": 1}]


def _pass_over(kafka: dict[str, Any], *, group: str, topic: str) -> None:
    """Commit for a group without members that it has read everything there is."""
    consumer = Consumer(login(kafka, "intake") | {"group.id": group, "enable.auto.commit": False})
    try:
        partitions = consumer.list_topics(topic, timeout=SECONDS).topics[topic].partitions
        ends = [
            TopicPartition(topic, number, consumer.get_watermark_offsets(place, SECONDS)[1])
            for number in partitions
            if (place := TopicPartition(topic, number))
        ]
        consumer.commit(offsets=ends, asynchronous=False)
    finally:
        consumer.close()
