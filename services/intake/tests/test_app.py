"""The service as a whole, wired as in production, on the real Kafka."""

import asyncio
from collections.abc import Awaitable, Callable

from chassis.kafka import producer
from chassis.testing.records import event
from motcua_contracts.envelope import EventData, encode
from motcua_contracts.topics import (
    CERTIFICATION_EVENTS,
    DOSSIER_EVENTS,
    PAYMENT_EVENTS,
    Topic,
    agency_decisions,
)

from .copies import Copy
from .scene import JUSTICE, LAN, Scene, denied


async def test_a_dossier_lives_by_what_comes_over_http_and_over_kafka(running_scene: Scene):
    scene = running_scene
    dossier = await scene.filed()
    await say(scene, await scene.payment(dossier), PAYMENT_EVENTS)
    await until(lambda: has_status(scene, dossier, 1))
    await scene.act(LAN, dossier, "receive")
    await say(scene, denied(dossier), agency_decisions(JUSTICE))
    await until(lambda: has_status(scene, dossier, 9))
    await until(lambda: is_empty(scene, "outbox"))
    assert await published(scene, dossier) == [
        "registered",
        "payment-required",
        "payment-settled",
        "received",
        "processing-started",
        "completed",
    ]
    ready = await scene.get(None, "/readyz")
    assert set(ready.json().values()) == {"ok"}
    metrics = (await scene.get(None, "/metrics")).text
    assert 'motcua_intake_facts_total{fact="completed",procedure="2.000488"}' in metrics
    assert 'motcua_messages_total{consumer="intake.decisions",outcome="handled"}' in metrics
    assert dossier not in metrics


async def test_a_copy_is_charged_paid_and_certified_over_kafka(running_scene: Scene):
    scene = running_scene
    copy = Copy(await scene.copy_asked())
    dossier = copy.about["dossier_id"]
    await say(scene, copy.requested(), CERTIFICATION_EVENTS)
    await until(lambda: has_status(scene, dossier, 6))
    await say(scene, await scene.payment(dossier), PAYMENT_EVENTS)
    await until(lambda: has_status(scene, dossier, 2))
    await say(scene, copy.certified(), CERTIFICATION_EVENTS)
    await until(lambda: has_status(scene, dossier, 10))
    assert await scene.held() == []


async def say(scene: Scene, fact: EventData, topic: Topic) -> None:
    """Publish it as its writer would."""
    sent = encode(event(fact, source=topic.writer))
    async with producer(scene.settings.kafka, client_id="test") as writer:
        await writer.send_and_wait(topic.name, sent.value, key=sent.key, headers=list(sent.headers))


async def published(scene: Scene, dossier: str) -> list[str]:
    """What Kafka has acknowledged about a dossier."""
    rows = await scene.rows(
        "SELECT headers ->> 'ce_type' FROM event_log WHERE subject = $1 AND topic = $2 "
        "ORDER BY position",
        dossier,
        DOSSIER_EVENTS.name,
    )
    return [kind.split(".")[3] for (kind,) in rows]


async def has_status(scene: Scene, dossier: str, status: int) -> bool:
    return await scene.status(dossier) == status


async def is_empty(scene: Scene, table: str) -> bool:
    return await scene.rows(f"SELECT count(*) FROM {table}") == [(0,)]


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Wait until it is true, half a minute at most."""
    for _ in range(600):
        if await true():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not become true in time")
