"""The whole service on real Kafka, PostgreSQL and SMTP."""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from chassis import kafka
from chassis.clock import uuid7
from chassis.settings import KafkaSettings, load
from chassis.testing.kafka import make_topics
from motcua_contracts.dossier import DossierRecipients
from motcua_contracts.envelope import EventData, encode
from motcua_contracts.topics import TOPICS
from notification.domain import State
from notification.settings import Settings

from .mail_sink import MailSink
from .samples import recipient, registered
from .whole import Notification, fact, topic_of


@asynccontextmanager
async def serving(notification: Notification) -> AsyncGenerator[None]:
    http = notification.service.http
    async with http.router.lifespan_context(http):
        yield


async def publish(settings: KafkaSettings, *facts: EventData) -> None:
    producer = kafka.producer(settings, client_id="outside")
    await producer.start()
    for data in facts:
        sent = encode(fact(data))
        headers = [(name, text or b"") for name, text in sent.headers]
        await producer.send_and_wait(topic_of(data).name, sent.value, sent.key, headers=headers)
    await producer.stop()


async def test_a_fact_on_kafka_becomes_a_mail_and_is_announced_on_kafka(
    notification: Notification, kafka_settings: KafkaSettings, mail_sink: MailSink
) -> None:
    await make_topics(kafka_settings, *TOPICS, partitions=12)
    dossier = str(uuid7())
    contact = recipient(dossier=dossier)
    about_recipient = DossierRecipients(
        **contact.model_dump(include={"dossier_id", "recipient_id", "ciphertext", "key_id"})
    )
    async with serving(notification):
        await publish(kafka_settings, registered(dossier_id=dossier), about_recipient)
        published = await until_published(notification, dossier)
    assert published == [("motcua.notification.events.v1", 1)]
    assert len(mail_sink.mails()) == 1


async def until_published(notification: Notification, dossier: str) -> list[tuple[str, int]]:
    query = f"SELECT topic, sequence FROM event_log WHERE subject = '{dossier}'"
    async with asyncio.timeout(30):
        while not (rows := await notification.rows(query)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return [(topic, sequence) for topic, sequence in rows]


async def test_what_is_reserved_when_the_service_stops_is_sent_after_the_restart(
    notification: Notification, settings: Settings, mail_sink: MailSink
) -> None:
    await notification.hear(fact(registered()))
    await notification.meet()
    await notification.service.database.close()
    restarted = Notification(settings)
    async with serving(restarted):
        async with asyncio.timeout(20):
            while (await restarted.message()).state != State.SENT:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    assert len(mail_sink.mails()) == 1


def test_missing_and_wrong_settings_are_all_named_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in os.environ:
        if name.startswith(("NOTIFICATION_", "KAFKA_", "OIDC_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("NOTIFICATION_SENDER", "nobody")
    monkeypatch.setenv("NOTIFICATION_RECIPIENTS_KEYS", "secret-but-wrong")
    with pytest.raises(SystemExit):
        load(Settings)
    said = capsys.readouterr().err
    for name in (
        "DATABASE_URL",
        "HTTP_PORT",
        "SMTP_HOST",
        "SMTP_PORT",
        "SENDER",
        "RECIPIENTS_KEYS",
    ):
        assert f"NOTIFICATION_{name}: " in said
    assert "must hold an e-mail address" in said
    assert "secret-but-wrong" not in said
