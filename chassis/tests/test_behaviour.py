"""The suite that services inherit, on the smallest service, and shown to fail on a broken one."""

import pytest

from chassis.clock import utc_now
from chassis.consumer import Consumer, Subscription
from chassis.testing.behaviour import Consumed, ConsumerBehaviour
from chassis.testing.dossiers import dossier_id, received
from chassis.testing.records import event
from motcua_contracts.dossier import DossierReceived
from motcua_contracts.envelope import Event
from motcua_contracts.topics import DOSSIER_EVENTS

from .conftest import Service, VisitWork


class TestVisits(ConsumerBehaviour):
    @pytest.fixture
    async def consumed(self, consumer: Consumer[VisitWork], service: Service) -> Consumed:
        sent = event(received(dossier_id()), source="/motcua/intake")
        return Consumed(consumer, service.database, sent, DOSSIER_EVENTS)


async def test_the_suite_notices_a_handler_without_effect(service: Service) -> None:
    async def do_nothing(_: Event[DossierReceived], __: VisitWork) -> None:
        return

    idle = Subscription("idle", (DOSSIER_EVENTS,), {DossierReceived: do_nothing})
    consumer = Consumer("test.idle", idle, transaction=service.transaction, clock=utc_now)
    sent = event(received(dossier_id()), source="/motcua/intake")
    consumed = Consumed(consumer, service.database, sent, DOSSIER_EVENTS)
    with pytest.raises(AssertionError):
        await ConsumerBehaviour().test_an_event_has_an_effect_and_none_when_it_comes_again(consumed)
