"""What notification consumes: each subscription behaves as every consumer must."""

import pytest

from chassis.testing.behaviour import Consumed, ConsumerBehaviour
from motcua_contracts.dossier import DossierRecipients
from motcua_contracts.topics import (
    CERTIFICATION_EVENTS,
    DOSSIER_EVENTS,
    DOSSIER_RECIPIENTS,
    PAYMENT_EVENTS,
)
from notification.subscribers import SUBSCRIPTIONS

from .samples import FACTS, recipient, registered
from .whole import Notification, fact


class TestDossierFacts(ConsumerBehaviour):
    @pytest.fixture
    def consumed(self, notification: Notification) -> Consumed:
        return notification.consumed("facts", fact(registered()), DOSSIER_EVENTS)


class TestPaymentFacts(ConsumerBehaviour):
    @pytest.fixture
    def consumed(self, notification: Notification) -> Consumed:
        return notification.consumed("facts", fact(FACTS["receipt-issued"]), PAYMENT_EVENTS)


class TestCertificationFacts(ConsumerBehaviour):
    @pytest.fixture
    def consumed(self, notification: Notification) -> Consumed:
        return notification.consumed("facts", fact(FACTS["copy-revoked"]), CERTIFICATION_EVENTS)


class TestRecipients(ConsumerBehaviour):
    @pytest.fixture
    def consumed(self, notification: Notification) -> Consumed:
        contact = recipient()
        data = DossierRecipients(
            dossier_id=contact.dossier_id,
            recipient_id=contact.recipient_id,
            ciphertext=contact.ciphertext,
            key_id=contact.key_id,
        )
        return notification.consumed("recipients", fact(data), DOSSIER_RECIPIENTS)


def test_every_topic_that_is_consumed_is_tried_here() -> None:
    topics = {(s.purpose, topic) for s in SUBSCRIPTIONS for topic in s.topics}
    assert topics == {
        ("facts", DOSSIER_EVENTS),
        ("facts", PAYMENT_EVENTS),
        ("facts", CERTIFICATION_EVENTS),
        ("recipients", DOSSIER_RECIPIENTS),
    }
