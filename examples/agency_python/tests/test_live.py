"""The whole system on a real Kafka, killed again and again: each dossier is decided once."""

import asyncio
import secrets
import sys
import uuid
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from motcua_contracts.consumer import decode
from motcua_contracts.dossier import DossierReceived
from motcua_contracts.envelope import Event, Record, encode
from motcua_contracts.topics import DOSSIER_EVENTS, INTAKE, agency_decisions
from motcua_contracts.types import DossierStatus
from motcua_local.engines import EngineEndpoints

DOSSIERS = 30
KILLS = 6
DEADLINE = 60


@pytest.fixture
def code() -> str:
    """An agency of this test alone, with its own topic and group on the shared broker."""
    return f"H99.{secrets.randbelow(1000)}.{secrets.randbelow(1000)}"


@pytest.fixture
def kafka(engines: EngineEndpoints) -> dict[str, Any]:
    return {
        "bootstrap_servers": engines.bootstrap,
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": engines.kafka_username,
        "sasl_plain_password": engines.kafka_password,
    }


@pytest.fixture
def environment(code: str, kafka: dict[str, Any], outside: str, tmp_path: Path) -> dict[str, str]:
    return {
        "AGENCY_CODE": code,
        "AGENCY_POLICY": "approve",
        "AGENCY_STORE": str(tmp_path / "store.sqlite"),
        "AGENCY_CLIENT_ID": "agency-H42.10",
        "AGENCY_CLIENT_SECRET": "secret",
        "INTAKE_URL": outside,
        "OIDC_ISSUER": outside,
        "KAFKA_BOOTSTRAP_SERVERS": kafka["bootstrap_servers"],
        "KAFKA_SECURITY_PROTOCOL": kafka["security_protocol"],
        "KAFKA_SASL_MECHANISM": kafka["sasl_mechanism"],
        "KAFKA_USERNAME": kafka["sasl_plain_username"],
        "KAFKA_PASSWORD": kafka["sasl_plain_password"],
    }


def received(code: str) -> Record:
    now = datetime.now(UTC)
    data = DossierReceived(
        dossier_id=str(uuid.uuid4()),
        code=f"{code}-261125-{secrets.randbelow(10**9):09}",
        procedure_code="2.000488",
        agency=code,
        status=DossierStatus.RECEIVED,
        received_at=now,
        due_at=now,
    )
    event = Event(
        id=str(uuid.uuid4()),
        source=INTAKE,
        type=data.type,
        time=now,
        subject=data.subject,
        sequence=2,
        correlation_id=str(uuid.uuid4()),
        data_schema=data.data_schema(),
        data=data,
    )
    return encode(event)


async def make_topics(kafka: dict[str, Any], *names: str) -> None:
    admin: Any = AIOKafkaAdminClient(**kafka)
    await admin.start()
    existing = await admin.list_topics()
    await admin.create_topics([NewTopic(name, 6, 1) for name in names if name not in existing])
    await admin.close()


async def publish(kafka: dict[str, Any], records: list[Record]) -> None:
    producer: Any = AIOKafkaProducer(**kafka)
    async with producer:
        for key, value, headers in records:
            await producer.send_and_wait(DOSSIER_EVENTS.name, value, key=key, headers=list(headers))


@asynccontextmanager
async def reading(kafka: dict[str, Any], topic: str) -> AsyncGenerator[Any]:
    consumer: Any = AIOKafkaConsumer(topic, auto_offset_reset="earliest", **kafka)
    async with consumer:
        yield consumer


async def take_until(consumer: Any, answers: list[Any], count: int) -> None:
    """Read on until so many different answers have been seen."""
    async with asyncio.timeout(DEADLINE):
        while len({dict(record.headers)["ce_id"] for record in answers}) < count:
            for records in (await consumer.getmany(timeout_ms=100)).values():
                answers.extend(records)


@asynccontextmanager
async def agency(environment: dict[str, str]) -> AsyncGenerator[None]:
    """The system as a process of its own; it is killed with SIGKILL at the end."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "agency", env=environment)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def test_killed_again_and_again_it_decides_each_dossier_once(
    code: str, kafka: dict[str, Any], environment: dict[str, str]
) -> None:
    topic = agency_decisions(code).name
    await make_topics(kafka, DOSSIER_EVENTS.name, topic)
    await publish(kafka, [received(code) for _ in range(DOSSIERS)])

    answers: list[Any] = []
    async with reading(kafka, topic) as consumer:
        for turn in range(KILLS):
            async with agency(environment):
                await take_until(consumer, answers, (turn + 1) * 2 * DOSSIERS // (KILLS + 1))
        async with agency(environment):
            await take_until(consumer, answers, 2 * DOSSIERS)

    told: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for record in answers:
        event = decode(record, topic=agency_decisions(code))
        told[event.subject][event.sequence].add(event.type)
    assert len(told) == DOSSIERS
    for facts in told.values():
        assert facts == {
            1: {"vn.motcua.agency.processing-started.v1"},
            2: {"vn.motcua.agency.decided.v1"},
        }
    assert len({(record.key, record.value) for record in answers}) == 2 * DOSSIERS
