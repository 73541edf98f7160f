"""The plan of topics and ACLs, applied to a real broker."""

import subprocess
import sys
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, Producer

from motcua_contracts import topics as contracts
from motcua_local.engines import Engines
from motcua_local.errors import LocalError
from motcua_local.kafka_topics import Cluster, Connection, Plan, apply, read_plan
from motcua_local.kafka_topics.cluster import LoginRefusedError
from motcua_local.kafka_topics.plan import PrincipalPlan, TopicPlan
from motcua_local.surroundings import AGENCIES

RECIPIENTS = "motcua.dossier.recipients.v1"


def test_the_plan_says_what_the_contracts_say(plan: Plan) -> None:
    agencies = {contracts.agency_decisions(code).name: code for code in AGENCIES}
    promised = {
        **contracts.TOPICS,
        **{name: contracts.agency_decisions(code) for name, code in agencies.items()},
    }
    assert plan.topics.keys() == promised.keys()
    for name, topic in promised.items():
        planned = plan.topics[name]
        assert planned.partitions == topic.partitions
        assert planned.retention_days == (topic.retention.days if topic.retention else None)
        assert planned.cleanup == topic.cleanup_policy
        assert _who(plan, "READ", name) - {"operator"} == _readers(topic)
        assert _who(plan, "WRITE", name) == {_principal(topic.writer)}


def test_the_first_application_creates_and_the_second_changes_nothing(
    engines: Engines, plan: Plan, applied: list[str]
) -> None:
    assert f"topic {RECIPIENTS} created (12 partitions, compact)" in applied
    assert "user agency-H42.10 created" in applied
    assert engines.apply_topics(plan) == []


def test_a_change_of_the_plan_is_applied_and_said(engines: Engines) -> None:
    plan = Plan(
        topics={"changes": TopicPlan(partitions=1, retention_days=14)},
        principals={"reader": PrincipalPlan(reads=("changes",), groups=("reader.*",))},
    )
    engines.apply_topics(plan)
    changed = Plan(
        topics={"changes": TopicPlan(partitions=1, retention_days=7)},
        principals={"reader": PrincipalPlan(describes=("changes",), groups=("reader.*",))},
    )
    assert engines.apply_topics(changed) == [
        "topic changes: retention.ms 1209600000 -> 604800000",
        "granted: reader may DESCRIBE topic changes",
        "revoked: reader may READ topic changes",
    ]
    password = {"reader": "another password"}
    assert apply(changed.with_replication(1), engines.kafka.cluster(), password) == [
        "user reader has a new password"
    ]


def test_another_number_of_partitions_is_refused(engines: Engines) -> None:
    def plan(partitions: int) -> Plan:
        return Plan(topics={"width": TopicPlan(partitions=partitions)}, principals={})

    engines.apply_topics(plan(2))
    with pytest.raises(LocalError, match="width has 2 partitions, the plan says 3"):
        engines.apply_topics(plan(3))


@pytest.mark.usefixtures("applied")
class TestAnAgencysPrincipal:
    """What the justice department's own system may and may not do."""

    def test_reads_dossier_events_with_its_own_groups(self, engines: Engines) -> None:
        assert _read_error(engines, "motcua.dossier.events.v1") is None

    def test_is_refused_the_recipients(self, engines: Engines) -> None:
        assert _read_error(engines, RECIPIENTS) == KafkaError.TOPIC_AUTHORIZATION_FAILED

    def test_is_refused_another_agencys_topic(self, engines: Engines) -> None:
        theirs = "motcua.agency.H42.11.decisions.v1"
        assert _read_error(engines, theirs) == KafkaError.TOPIC_AUTHORIZATION_FAILED
        assert _write_error(engines, theirs) == KafkaError.TOPIC_AUTHORIZATION_FAILED

    def test_is_refused_the_groups_of_others(self, engines: Engines) -> None:
        error = _read_error(engines, "motcua.dossier.events.v1", group="agency.H42.11.desk")
        assert error == KafkaError.GROUP_AUTHORIZATION_FAILED

    def test_writes_its_decisions_and_nothing_else(self, engines: Engines) -> None:
        assert _write_error(engines, "motcua.agency.H42.10.decisions.v1") is None
        dossiers = "motcua.dossier.events.v1"
        assert _write_error(engines, dossiers) == KafkaError.TOPIC_AUTHORIZATION_FAILED

    def test_is_refused_with_a_wrong_password(self, engines: Engines) -> None:
        bootstrap = engines.endpoints().bootstrap
        with pytest.raises(LoginRefusedError):
            Cluster(Connection(bootstrap, "agency-H42.10", "wrong")).topic_names()


def test_nobody_is_let_in_on_the_controllers_port(engines: Engines) -> None:
    port = engines.ports.remembered()["kafka-controller"]
    anonymous = {"security.protocol": "PLAINTEXT"}
    stranger = Cluster(Connection(f"127.0.0.1:{port}", "", "", anonymous))
    with pytest.raises(TimeoutError):
        stranger.topic_names(within=1)


def test_the_command_of_production_applies_a_plan(engines: Engines, tmp_path: Path) -> None:
    admin = engines.endpoints()
    properties = tmp_path / "admin.properties"
    properties.write_text(
        f"# the administrator\nsasl.username = {admin.kafka_username}\n"
        f"sasl.password={admin.kafka_password}\nsecurity.protocol=SASL_PLAINTEXT\n"
    )
    topics = tmp_path / "topics.yaml"
    topics.write_text("topics: {by-command: {partitions: 1}}\nprincipals: {}\n")
    command = ("kafka", "apply", "--bootstrap", admin.bootstrap, "--replication", "1")
    files = ("--topics", str(topics), "--command-config", str(properties))
    argv = (sys.executable, "-m", "motcua_local", *command, *files)
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert done.stdout == "topic by-command created (1 partitions, delete)\n"


def test_a_mistake_in_the_plan_is_named_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "topics.yaml"
    file.write_text("topics: {a: {partitions: 0}}\nprincipals: {b: {raeds: [a]}}\n")
    with pytest.raises(LocalError, match=r"topics\.a\.partitions: .*; principals\.b\.raeds: "):
        read_plan(file)


def test_a_broker_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("motcua_local.kafka_topics.cluster._TIMEOUT", 0.5)
    nowhere = Cluster(Connection("127.0.0.1:1", "broker", "secret"))
    with pytest.raises(LocalError, match=r"no answer from Kafka at 127\.0\.0\.1:1"):
        apply(Plan(topics={}, principals={}), nowhere, {})


def _who(plan: Plan, operation: str, topic: str) -> set[str]:
    grants = (grant for grant in plan.grants() if grant.operation == operation)
    return {grant.principal for grant in grants if grant.covers(topic)}


def _readers(topic: contracts.Topic) -> set[str]:
    agencies = {f"agency-{code}" for code in AGENCIES}
    return {one for who in topic.readers for one in (agencies if who == "agencies" else {who})}


def _principal(source: str) -> str:
    return source.removeprefix("/motcua/").replace("/agencies/", "agency-")


def _justice(engines: Engines) -> dict[str, str | int | float | bool]:
    password = engines.principal_password("agency-H42.10")
    return Connection(engines.endpoints().bootstrap, "agency-H42.10", password).settings()


def _read_error(engines: Engines, topic: str, group: str = "agency.H42.10.desk") -> int | None:
    """The error code of reading a topic, None if it may be read."""
    settings = {"group.id": group, "enable.partition.eof": True, "auto.offset.reset": "earliest"}
    consumer = Consumer(_justice(engines) | settings)
    consumer.subscribe([topic])
    try:
        record = consumer.poll(20)
        assert record is not None, "neither a record nor an error"
        error = record.error()
        return None if error is None or error.code() == KafkaError._PARTITION_EOF else error.code()
    finally:
        consumer.close()


def _write_error(engines: Engines, topic: str) -> int | None:
    """The error code of writing to a topic, None if it may be written."""
    failures: list[KafkaError | None] = []
    producer = Producer(_justice(engines) | {"enable.idempotence": True})
    producer.produce(topic, b"", on_delivery=lambda error, _: failures.append(error))
    producer.flush(20)
    return failures[0].code() if failures[0] else None
