"""What certification consumes: as every consumer must, and nothing that nobody subscribed to."""

from operator import attrgetter
from uuid import uuid4

import pytest

from certification.handlers import ENDED
from certification.subscribers import SUBSCRIPTIONS
from chassis.testing.behaviour import Consumed, ConsumerBehaviour
from chassis.testing.records import event
from motcua_contracts.dossier import (
    DossierCompleted,
    DossierPaymentRequired,
    DossierPaymentSettled,
    DossierReceived,
    DossierRegistered,
)
from motcua_contracts.envelope import EventData
from motcua_contracts.topics import DOSSIER_EVENTS

from .samples import (
    completed,
    ended,
    payment_required,
    payment_settled,
    received,
    registered,
)
from .scene import Scene

MOVES = {
    DossierPaymentRequired: payment_required,
    DossierPaymentSettled: payment_settled,
    DossierReceived: received,
    DossierCompleted: completed,
}


def consumed_by(scene: Scene, fact: EventData) -> Consumed:
    sent = event(fact, source="/motcua/intake", sequence=9)
    return Consumed(scene.consumer, scene.service.database, sent, DOSSIER_EVENTS)


class TestDossierRegistered(ConsumerBehaviour):
    @pytest.fixture
    async def consumed(self, scene: Scene) -> Consumed:
        return consumed_by(scene, registered(str(uuid4())))


class TestDossierMoved(ConsumerBehaviour):
    @pytest.fixture(params=list(MOVES), ids=attrgetter("type"))
    async def consumed(self, scene: Scene, request: pytest.FixtureRequest) -> Consumed:
        dossier = await scene.open()
        if request.param is DossierPaymentSettled:
            await scene.consume(payment_required(dossier))
        return consumed_by(scene, MOVES[request.param](dossier))


class TestDossierEnded(ConsumerBehaviour):
    @pytest.fixture(params=ENDED, ids=attrgetter("type"))
    async def consumed(self, scene: Scene, request: pytest.FixtureRequest) -> Consumed:
        copy = await scene.copy(await scene.requested())
        return consumed_by(scene, ended(copy.dossier_id, request.param))


def test_every_fact_that_is_consumed_is_tried_here():
    tried = {DossierRegistered, *MOVES, *ENDED}
    assert {kind for s in SUBSCRIPTIONS for kind in s.handlers} == tried
