"""What payment consumes: as every consumer must, and nothing that nobody subscribed to."""

from operator import attrgetter
from uuid import uuid4

import pytest

from chassis.testing.behaviour import Consumed, ConsumerBehaviour
from chassis.testing.records import event
from motcua_contracts.dossier import DossierPaymentRequired, DossierPaymentSettled
from motcua_contracts.topics import DOSSIER_EVENTS
from payment.handlers import ENDED
from payment.subscribers import SUBSCRIPTIONS

from .scene import Scene, ended, obligation, required, settled


class TestPaymentRequired(ConsumerBehaviour):
    @pytest.fixture
    async def consumed(self, scene: Scene) -> Consumed:
        sent = event(required(str(uuid4()), obligation()), source="/motcua/intake")
        return Consumed(scene.consumer, scene.service.database, sent, DOSSIER_EVENTS)


class TestDossierEnded(ConsumerBehaviour):
    @pytest.fixture(params=list(ENDED), ids=attrgetter("type"))
    async def consumed(self, scene: Scene, request: pytest.FixtureRequest) -> Consumed:
        dossier = await scene.owe()
        sent = event(ended(dossier, request.param), source="/motcua/intake", sequence=2)
        return Consumed(scene.consumer, scene.service.database, sent, DOSSIER_EVENTS)


class TestPaymentSettled(ConsumerBehaviour):
    @pytest.fixture
    async def consumed(self, scene: Scene) -> Consumed:
        due = obligation()
        dossier = await scene.owe(due)
        fact = settled(dossier, await scene.pay(dossier), due.obligation_id)
        sent = event(fact, source="/motcua/intake", sequence=2)
        return Consumed(scene.consumer, scene.service.database, sent, DOSSIER_EVENTS)


def test_every_fact_that_is_consumed_is_tried_here():
    assert {kind for s in SUBSCRIPTIONS for kind in s.handlers} == {
        DossierPaymentRequired,
        DossierPaymentSettled,
        *ENDED,
    }
