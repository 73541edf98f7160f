"""Money without progress and progress without money: found, named, counted, sent again."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
import structlog
from aiokafka import AIOKafkaConsumer
from prometheus_client import REGISTRY

from chassis import kafka
from chassis.relay import Relay
from chassis.settings import KafkaSettings
from chassis.testing.kafka import make_topics
from motcua_contracts.dossier import DossierStopped, DossierWithdrawn
from motcua_contracts.topics import PAYMENT_EVENTS
from payment.advancement import REDRIVES
from payment.redrives import Redrives

from .scene import Scene, ended, obligation, settled

GRACE = timedelta(minutes=10)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def redrives(scene: Scene) -> Redrives:
    return Redrives(scene.service)


async def found(redrives: Redrives) -> dict[str, float]:
    """The gauges of what is found now, without those at 0; ages, which grow, in whole minutes."""
    await redrives.measure()
    prefix = "motcua_payment_"
    samples = {
        "".join([sample.name.removeprefix(prefix), *sample.labels.values()]): sample.value
        for family in REGISTRY.collect()
        for sample in family.samples
        if sample.name.startswith((f"{prefix}money_without", f"{prefix}progress_without"))
        and sample.value
    }
    return {
        name.replace("_seconds", "_minutes"): value // 60 if "_seconds" in name else value
        for name, value in samples.items()
    }


async def paid(scene: Scene) -> tuple[str, str, str]:
    """A dossier that was paid: its id, the order's, the obligation's."""
    due = obligation()
    dossier = await scene.owe(due)
    return dossier, await scene.pay(dossier), due.obligation_id


async def published(scene: Scene) -> None:
    """Let the relay publish what is announced."""
    relay = Relay(scene.service.settings.database_url, scene.service._producer)
    relay.stop()
    await asyncio.wait_for(relay.run(), 30)


class Listener:
    """Who reads payment's events, from when it began to listen."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._client = AIOKafkaConsumer(
            PAYMENT_EVENTS.name, auto_offset_reset="earliest", **kafka.connection(settings)
        )
        self._heard: list[tuple[Any, Any, Any]] = []

    async def __aenter__(self) -> "Listener":
        await self._client.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.stop()

    async def hear(self, dossier: str, count: int) -> list[tuple[bytes, Any]]:
        """The first `count` records of the dossier: values and headers."""
        async with asyncio.timeout(30):
            while len(heard := self._of(dossier)) < count:
                for batch in (await self._client.getmany(timeout_ms=100)).values():
                    self._heard += [(each.key, each.value, each.headers) for each in batch]
        return heard

    def _of(self, dossier: str) -> list[tuple[bytes, Any]]:
        return [(value, headers) for key, value, headers in self._heard if key == dossier.encode()]


@pytest.fixture
async def listener(kafka_settings: KafkaSettings) -> AsyncGenerator[Listener]:
    await make_topics(kafka_settings, PAYMENT_EVENTS.name, partitions=12)
    async with Listener(kafka_settings) as listener:
        yield listener


async def test_a_dossier_that_goes_on_in_time_is_nobodys_concern(scene: Scene, redrives: Redrives):
    dossier, order, due = await paid(scene)
    scene.clock.pass_by(GRACE - MINUTE)
    assert await redrives.redrive_due() == 0
    assert await found(redrives) == {}
    await scene.consume(settled(dossier, order, due))
    scene.clock.pass_by(timedelta(days=300))
    assert await redrives.redrive_due() == 0
    assert await found(redrives) == {}


@pytest.mark.usefixtures("listener")
async def test_what_was_paid_and_does_not_go_on_is_counted_with_its_age(
    scene: Scene, redrives: Redrives
):
    await paid(scene)
    dossier, order, due = await paid(scene)
    await published(scene)
    scene.clock.pass_by(GRACE + MINUTE)
    assert await found(redrives) == {
        "money_without_progress_ordersrepeated": 2,
        "money_without_progress_minutes": 11,
    }
    assert await redrives.redrive_due() == 2
    await scene.consume(settled(dossier, order, due))
    assert await found(redrives) == {
        "money_without_progress_ordersrepeated": 1,
        "money_without_progress_minutes": 11,
    }


async def test_the_facts_of_the_dossier_are_sent_again_as_they_were_and_in_their_order(
    scene: Scene, redrives: Redrives, listener: Listener
):
    """As when a reader passed over the event: here it has the same one again."""
    dossier, order, _ = await paid(scene)
    await published(scene)
    once = await listener.hear(dossier, 3)
    scene.clock.pass_by(GRACE)
    assert await redrives.redrive_due() == 1
    assert await listener.hear(dossier, 6) == once * 2
    assert await scene.announced(dossier) == []
    ((events, streams),) = await scene.rows(
        "SELECT count(*), (SELECT max(version) FROM streams) FROM event_log"
    )
    assert (events, streams) == (3, 3), "no second sequence, and the chain as it was"
    assert f'"orderId":"{order}"' in once[1][0].decode()


@pytest.mark.usefixtures("listener")
async def test_it_is_sent_ever_more_seldom_then_given_up_and_told(scene: Scene, redrives: Redrives):
    dossier, order, due = await paid(scene)
    await published(scene)
    sent_at: list[timedelta] = []
    with structlog.testing.capture_logs() as lines:
        for looks in range(24 * 12):
            if await redrives.redrive_due():
                sent_at.append(looks * 5 * MINUTE)
            scene.clock.pass_by(5 * MINUTE)
    pauses = [later - sooner for sooner, later in pairwise(sent_at)]
    assert sent_at[0] == GRACE
    assert pauses == [GRACE * 2**n for n in range(1, REDRIVES)]
    told = [line for line in lines if "money without progress" in line["event"]]
    assert [line["log_level"] for line in told] == ["warning"] * REDRIVES + ["error"]
    assert {(line["dossier_id"], line["order_id"]) for line in told} == {(dossier, order)}
    assert (await found(redrives))["money_without_progress_ordersgiven-up"] == 1
    await scene.consume(settled(dossier, order, due))
    assert await found(redrives) == {}


@pytest.mark.parametrize("end", [DossierWithdrawn, DossierStopped])
async def test_who_ended_the_dossier_has_the_money_back_and_waits_for_nothing(
    scene: Scene, redrives: Redrives, end: type[DossierWithdrawn]
):
    dossier, _, _ = await paid(scene)
    await scene.consume(ended(dossier, end))
    scene.clock.pass_by(timedelta(days=1))
    assert await redrives.redrive_due() == 0
    assert await found(redrives) == {}


async def test_a_dossier_that_went_on_unpaid_is_named_and_counted_until_it_is_paid(
    scene: Scene, redrives: Redrives
):
    due = obligation()
    dossier = await scene.owe(due)
    order = (await scene.order(dossier))["orderId"]
    with structlog.testing.capture_logs() as lines:
        await scene.consume(settled(dossier, order, due.obligation_id))
    assert [line for line in lines if line["event"] == "progress without money"] == [
        {
            "event": "progress without money",
            "log_level": "error",
            "dossier_id": dossier,
            "order_id": order,
            "obligation_id": due.obligation_id,
        }
    ]
    scene.clock.pass_by(MINUTE)
    assert await found(redrives) == {
        "progress_without_money_obligations": 1,
        "progress_without_money_minutes": 1,
    }
    await scene.pay(dossier)
    assert await found(redrives) == {}


async def test_a_dossier_that_we_never_heard_of_went_on_unpaid(scene: Scene, redrives: Redrives):
    """As after a restore of our database to an earlier time."""
    dossier = str(uuid4())
    await scene.consume(settled(dossier, str(uuid4()), str(uuid4()), str(uuid4())))
    assert (await found(redrives))["progress_without_money_obligations"] == 2


async def test_a_dossier_that_went_on_unpaid_and_ended_owes_nothing_any_more(
    scene: Scene, redrives: Redrives
):
    due = obligation()
    dossier = await scene.owe(due)
    await scene.consume(settled(dossier, str(uuid4()), due.obligation_id))
    await scene.consume(ended(dossier, DossierWithdrawn))
    assert await found(redrives) == {}


async def test_two_replicas_do_not_send_the_same_twice(
    scene: Scene, redrives: Redrives, listener: Listener
):
    dossier, _, _ = await paid(scene)
    await published(scene)
    scene.clock.pass_by(GRACE)
    sent = await asyncio.gather(redrives.redrive_due(), Redrives(scene.service).redrive_due())
    assert sum(sent) == 1
    await listener.hear(dossier, 6)
