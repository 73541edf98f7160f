"""No subscriber is a silence, too: a service handles each event, or somebody said why not."""

from itertools import chain

import pytest

from certification import subscribers as certification
from chassis.consumer import Subscription
from intake import subscribers as intake
from motcua_contracts import dossier, notification, payment
from motcua_contracts.envelope import EventData
from motcua_contracts.registry import EVENTS
from motcua_contracts.topics import TOPICS
from notification import subscribers as notification_subscribers
from payment import subscribers as payment_subscribers

SUBSCRIPTIONS: dict[str, tuple[Subscription, ...]] = {
    "intake": (intake.PAYMENTS, intake.CERTIFIED_COPIES, intake.decisions(["H42.10"])),
    "payment": payment_subscribers.SUBSCRIPTIONS,
    "certification": certification.SUBSCRIPTIONS,
    "notification": notification_subscribers.SUBSCRIPTIONS,
}
FOR_OTHERS: dict[type[EventData], str] = {
    dossier.DossierProcessingStarted: "agencies, and whoever shows where a dossier stands",
    dossier.DossierPaperUnproven: "the officer of the agency that has the dossier",
    dossier.DossierDeadlineNear: "agencies; not published yet",
    payment.PaymentRequested: "agencies; the citizen hears of it by dossier.payment-required",
    payment.PaymentAttemptFailed: "agencies; the citizen sees it on the spot",
    payment.PaymentSuspended: "the treasury",
    notification.NotificationSent: "reporting",
    notification.NotificationFailed: "reporting",
    notification.NotificationOutcomeUnknown: "reporting",
}


def handled() -> set[type[EventData]]:
    subscriptions = chain.from_iterable(SUBSCRIPTIONS.values())
    return set(chain.from_iterable(subscription.handlers for subscription in subscriptions))


def test_every_event_is_handled_by_a_service_or_is_for_others() -> None:
    assert handled() | FOR_OTHERS.keys() == set(EVENTS)
    assert handled() & FOR_OTHERS.keys() == set()


@pytest.mark.parametrize("service", SUBSCRIPTIONS)
def test_a_service_reads_only_topics_that_name_it_as_their_reader(service: str) -> None:
    for subscription in SUBSCRIPTIONS[service]:
        assert all(service in topic.readers for topic in subscription.topics)
        homes = {event.topic for event in subscription.handlers if event.topic}
        assert homes <= set(subscription.topics), "a handler of what its topics never carry"


def test_every_topic_has_a_reader_of_ours_but_the_one_for_reporting() -> None:
    read = {t.name for s in chain.from_iterable(SUBSCRIPTIONS.values()) for t in s.topics}
    assert TOPICS.keys() - read == {"motcua.notification.events.v1"}
