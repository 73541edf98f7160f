"""A replay that is stopped says how far it came, and goes on from there without a gap."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable

import asyncpg
import pytest
from pydantic import SecretStr

from chassis.database import Database
from chassis.kafka import within
from chassis.settings import KafkaSettings
from chassis.testing.dossiers import dossier_id
from chassis.testing.kafka import fresh_topic, make_topics, read
from motcua_local.engines import Engines
from motcua_local.kafka import ADMIN
from motcua_local.kafka_topics import Plan
from motcua_local.kafka_topics.plan import PrincipalPlan, TopicPlan
from operations import event_log
from operations.event_log import EventLog, Selection

from .publishing import Answer, Operator, publish
from .topics import limit_records, sequences, size

Interruption = Callable[[], Awaitable[object]]


@pytest.fixture
def after_the_first_page(monkeypatch: pytest.MonkeyPatch) -> Callable[[Interruption], None]:
    """Plans something that happens once the first page of a replay is published."""
    monkeypatch.setattr(event_log, "_PAGE", event_log._PAGE.replace("LIMIT 500", "LIMIT 50"))
    unhindered = EventLog.pages

    def plan(interruption: Interruption) -> None:
        planned = [interruption]

        async def pages(
            log: EventLog, selection: Selection
        ) -> AsyncGenerator[list[asyncpg.Record]]:
            async for rows in unhindered(log, selection):
                yield rows
                while planned:
                    await planned.pop()()

        monkeypatch.setattr(EventLog, "pages", pages)

    return plan


def next_position(stopped: Answer) -> str:
    """Where the command says to go on."""
    assert stopped.code == 1
    found = re.search(r"next: the same command with --from (\d+)$", stopped.err.strip())
    assert found, stopped.err
    return found[1]


async def test_a_record_that_the_broker_refuses_is_overtaken_by_none_and_named(
    database: Database, kafka_settings: KafkaSettings, topic: str, operator: Operator
) -> None:
    dossiers = [dossier_id() for _ in range(3)]
    await publish(database, kafka_settings, topic, dossiers * 4)
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE event_log SET value = value || repeat(' ', 5000)::bytea WHERE position = 7"
        )
    async with fresh_topic(kafka_settings) as copy:
        await limit_records(kafka_settings, copy, 4_000)
        stopped = await operator.ask("replay", "--topic", topic, "--to", copy)
        assert "Kafka did not take it: [Error 10] MessageSizeTooLargeError" in stopped.err
        await limit_records(kafka_settings, copy, 1_000_000)
        begin = next_position(stopped)
        assert int(begin) <= 7
        answer = await operator.ask("replay", "--topic", topic, "--to", copy, "--from", begin)
        assert answer.code == 0, answer
        met = sequences(await read(kafka_settings, copy, await size(kafka_settings, copy)))
    assert met == {dossier.encode(): [1, 2, 3, 4] for dossier in dossiers}


async def test_a_session_that_ends_takes_the_replay_with_it(
    database: Database,
    kafka_settings: KafkaSettings,
    topic: str,
    operator: Operator,
    after_the_first_page: Callable[[Interruption], None],
) -> None:
    """Without its session it has no lease, and the relay may publish."""
    await publish(database, kafka_settings, topic, [dossier_id() for _ in range(200)])

    async def end_the_session() -> None:
        async with database.engine.begin() as connection:
            await connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND application_name = 'motcua replay'"
            )

    after_the_first_page(end_the_session)
    stopped = await operator.ask("replay", "--topic", topic)
    assert "stopped after 50 events: the session with the database ended" in stopped.err
    assert next_position(stopped) == "51"
    assert await size(kafka_settings, topic) == 250


@pytest.fixture(scope="module")
async def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Engines]:
    """A broker that nobody else needs."""
    engines = Engines(tmp_path_factory.mktemp("kafka"), short_lived=True)
    await asyncio.to_thread(engines.start, ["kafka"])
    yield engines
    await asyncio.to_thread(engines.stop, ["kafka"])


def settings_for(engines: Engines, principal: str, password: str) -> KafkaSettings:
    return KafkaSettings(
        bootstrap_servers=engines.kafka.bootstrap,
        security_protocol="SASL_PLAINTEXT",
        username=principal,
        password=SecretStr(password),
    )


async def test_a_broker_that_dies_in_the_middle_costs_nothing_but_the_command_again(
    database: Database,
    own_kafka: Engines,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    after_the_first_page: Callable[[Interruption], None],
) -> None:
    settings = settings_for(own_kafka, ADMIN, own_kafka.kafka.password)
    operator = Operator(database.url, settings, capsys)
    await make_topics(settings, "source", "copy")
    dossiers = [dossier_id() for _ in range(40)]
    await publish(database, settings, "source", dossiers * 10)
    monkeypatch.setattr("chassis.relay.DEADLINE_SECONDS", 2.0)

    async def kill() -> None:
        assert await asyncio.to_thread(own_kafka.kafka.kill_broker, 1)

    after_the_first_page(kill)
    stopped = await within(operator.ask("replay", "--topic", "source", "--to", "copy"), 60)
    assert "stopped after 50 events: Kafka did not take it" in stopped.err
    assert next_position(stopped) == "51"
    await asyncio.to_thread(own_kafka.start, ["kafka"])
    answer = await operator.ask("replay", "--topic", "source", "--to", "copy", "--from", "51")
    assert answer.code == 0, answer
    records = await read(settings, "copy", await size(settings, "copy"))
    assert sequences(records) == {dossier.encode(): list(range(1, 11)) for dossier in dossiers}


async def test_a_principal_without_the_grant_is_told_what_it_lacks(
    database: Database, own_kafka: Engines, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = Plan(
        topics={name: TopicPlan(partitions=3) for name in ("of.trial", "readable", "hidden")},
        principals={"trial": PrincipalPlan(writes=("of.trial",), reads=("readable",))},
    )
    await asyncio.to_thread(own_kafka.apply_topics, plan)
    settings = settings_for(own_kafka, "trial", own_kafka.principal_password("trial"))
    await publish(database, settings, "of.trial", [dossier_id()])
    operator = Operator(database.url, settings, capsys)
    for other in ("readable", "hidden"):
        answer = await operator.ask("replay", "--topic", "of.trial", "--to", other)
        assert answer.code == 1
        assert "trial may not write there: grant it in topics.yaml" in answer.err
