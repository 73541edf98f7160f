"""The whole service on real Kafka and PostgreSQL, with its routes, consumer, relay and sweeps."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from certification.domain import CopyState
from chassis import kafka
from chassis.clock import uuid7
from chassis.settings import KafkaSettings
from chassis.testing.kafka import make_topics
from chassis.testing.records import event
from motcua_contracts.envelope import EventData, encode
from motcua_contracts.topics import DOSSIER_EVENTS, TOPICS

from .samples import payment_settled, received, registered
from .scene import Scene


@asynccontextmanager
async def serving(scene: Scene) -> AsyncGenerator[None]:
    async with scene.service.http.router.lifespan_context(scene.service.http):
        yield


async def publish(settings: KafkaSettings, *facts: EventData) -> None:
    producer = kafka.producer(settings, client_id="outside")
    await producer.start()
    for sequence, fact in enumerate(facts, 1):
        sent = encode(event(fact, source="/motcua/intake", sequence=sequence))
        headers = [(name, text or b"") for name, text in sent.headers]
        await producer.send_and_wait(DOSSIER_EVENTS.name, sent.value, sent.key, headers=headers)
    await producer.stop()


async def test_a_dossier_on_kafka_becomes_a_certified_copy_that_is_announced_on_kafka(
    scene: Scene, kafka_settings: KafkaSettings
):
    await make_topics(kafka_settings, *TOPICS, partitions=12)
    dossier = str(uuid7())
    async with serving(scene):
        await publish(kafka_settings, registered(dossier))
        async with asyncio.timeout(60):
            while (answer := await scene.bring(dossier)).status_code == 404:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            copy_id = answer.json()["copyId"]
            await publish(kafka_settings, payment_settled(dossier), received(dossier))
            while (await scene.approve(copy_id)).status_code == 409:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            while len(published := await announced(scene, dossier)) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    assert published == ["copy-requested", "copy-certified"]
    assert (await scene.copy(copy_id)).state is CopyState.CERTIFIED


async def announced(scene: Scene, dossier: str) -> list[str]:
    """What the relay has published about a dossier."""
    query = "SELECT headers ->> 'ce_type' FROM event_log WHERE subject = $1 ORDER BY sequence"
    rows = await scene.rows(query, dossier)
    return [kind.split(".")[3] for (kind,) in rows]


async def test_a_copy_that_is_being_signed_when_the_service_stops_is_signed_before_it_ends(
    scene: Scene,
):
    copy_id = await scene.approved()
    scene.signer.seconds = 0.5
    async with serving(scene):
        async with asyncio.timeout(10):
            while not scene.signer.at_once:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.01)
    [(state,)] = await rows_of(scene, copy_id)
    assert state == "certified"


async def test_a_signer_that_hangs_does_not_hold_the_stop_up(scene: Scene):
    copy_id = await scene.approved()
    scene.service.settings.grace_seconds = 2
    scene.signer.gate = asyncio.Event()
    async with asyncio.timeout(10), serving(scene):
        while not scene.signer.at_once:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)
    [(state,)] = await rows_of(scene, copy_id)
    assert state == "signing"
    assert scene.signer.signed == []


async def rows_of(scene: Scene, copy_id: str) -> list[tuple[str]]:
    return [
        (state,) for (state,) in await scene.rows("SELECT state FROM copies WHERE id = $1", copy_id)
    ]
