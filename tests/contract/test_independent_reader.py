"""What a program of somebody else sees on Kafka, with SCRAM and CloudEvents and nothing of ours."""

import ast
import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer

from motcua_local.demo.story import Story
from tests import outside_reader
from tests.endings import assert_no_gaps
from tests.outside_reader import HIDDEN, OutsideRecord, login, murmur2, read_all, refusal

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
TYPE = re.compile(r"vn\.motcua\.[a-z]+\.[a-z]+(-[a-z]+)*\.v[1-9]\d*")
TRACE = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
HEADERS: dict[str, Callable[[str], object]] = {
    "ce_specversion": "1.0".__eq__,
    "ce_id": UUID.fullmatch,
    "ce_source": re.compile(r"/[A-Za-z0-9./-]+").fullmatch,
    "ce_type": TYPE.fullmatch,
    "ce_time": TIME.fullmatch,
    "ce_subject": UUID.fullmatch,
    "ce_dataschema": re.compile(r"\S+").fullmatch,
    "ce_sequence": re.compile(r"[1-9]\d*").fullmatch,
    "ce_correlationid": re.compile(r"[A-Za-z0-9._-]+").fullmatch,
    "content-type": "application/json".__eq__,
}
WRITERS = {
    "motcua.dossier.events.v1": "/motcua/intake",
    "motcua.dossier.recipients.v1": "/motcua/intake",
    "motcua.payment.events.v1": "/motcua/payment",
    "motcua.certification.events.v1": "/motcua/certification",
    "motcua.notification.events.v1": "/motcua/notification",
    "motcua.agency.H42.10.decisions.v1": "/agencies/H42.10",
    "motcua.agency.H42.11.decisions.v1": "/agencies/H42.11",
}
PARTITIONS = {topic: 6 if topic.startswith("motcua.agency") else 12 for topic in WRITERS}
Kafka = dict[str, Any]


@pytest.fixture(scope="module")
def kafka(endpoints: dict[str, Any]) -> Kafka:
    return endpoints["kafka"]


@pytest.fixture(scope="module")
def records(kafka: Kafka, undisturbed: dict[str, Story]) -> list[OutsideRecord]:
    """Everything on every topic, the encrypted one too, after the stories."""
    assert all(story.passed for story in undisturbed.values())
    return [*read_all(kafka), *read_all(kafka, [HIDDEN], principal="notification")]


def test_the_reader_has_no_code_of_ours() -> None:
    tree = ast.parse(Path(outside_reader.__file__).read_text())
    froms = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    plain = {
        each.name for node in ast.walk(tree) if isinstance(node, ast.Import) for each in node.names
    }
    foreign = {str(name).partition(".")[0] for name in froms | plain} - sys.stdlib_module_names
    assert foreign == {"confluent_kafka"}


def test_every_topic_speaks(records: list[OutsideRecord]) -> None:
    assert {record.topic for record in records} == WRITERS.keys()


def test_every_record_is_a_cloud_event_in_binary_mode(records: list[OutsideRecord]) -> None:
    for record in records:
        wrong = {name for name, fits in HEADERS.items() if not fits(record.header(name))}
        assert not wrong, record
        optional = dict(record.headers)
        if cause := optional.get("ce_causationid"):
            assert UUID.fullmatch(cause.decode())
        if trace := optional.get("traceparent"):
            assert TRACE.fullmatch(trace.decode())
        assert isinstance(json.loads(record.value or b""), dict)


def test_the_source_is_the_one_writer_of_the_topic(records: list[OutsideRecord]) -> None:
    assert {(r.topic, r.header("ce_source")) for r in records} == set(WRITERS.items())


def test_the_key_is_the_dossier_that_the_event_is_about(records: list[OutsideRecord]) -> None:
    for record in records:
        subject = record.header("ce_subject")
        assert record.key == subject.encode()
        assert json.loads(record.value or b"")["dossierId"] == subject


def test_a_dossier_is_on_the_partition_that_any_client_would_choose(
    records: list[OutsideRecord],
) -> None:
    # Values of Kafka's own UtilsTest.
    assert [murmur2(key) for key in (b"21", b"foobar", b"a-little-bit-long-string")] == [
        number & 0x7FFFFFFF for number in (-973932308, -790332482, -985981536)
    ]
    for record in records:
        assert record.partition == murmur2(record.key or b"") % PARTITIONS[record.topic]


def test_the_facts_about_a_dossier_are_numbered_without_gaps(records: list[OutsideRecord]) -> None:
    assert_no_gaps(records)


def test_an_effect_names_its_cause_and_shares_its_correlation(
    records: list[OutsideRecord],
) -> None:
    by_id = {record.header("ce_id"): record for record in records}
    caused = [record for record in records if "ce_causationid" in dict(record.headers)]
    assert caused
    for record in caused:
        cause = by_id[record.header("ce_causationid")]
        assert record.header("ce_correlationid") == cause.header("ce_correlationid")


@pytest.mark.parametrize(
    "topic", ["motcua.agency.H42.11.decisions.v1", HIDDEN, "motcua.notification.events.v1"]
)
def test_an_agency_may_not_read_what_is_not_for_it(kafka: Kafka, topic: str) -> None:
    refused = refusal(kafka, topic, principal="agency-H42.10")
    assert refused == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_an_agency_reads_what_is_for_it(kafka: Kafka, records: list[OutsideRecord]) -> None:
    topic = "motcua.dossier.events.v1"
    seen = read_all(kafka, [topic], principal="agency-H42.10")
    assert len(seen) == sum(record.topic == topic for record in records)


@pytest.mark.parametrize(
    "topic", ["motcua.agency.H42.11.decisions.v1", HIDDEN, "motcua.dossier.events.v1"]
)
def test_an_agency_may_not_write_but_on_its_own_topic(kafka: Kafka, topic: str) -> None:
    assert _write(login(kafka, "agency-H42.10"), topic) == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_the_operator_may_not_read_contacts(kafka: Kafka) -> None:
    refused = refusal(kafka, HIDDEN, principal="operator")
    assert refused == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_a_wrong_password_is_refused(kafka: Kafka) -> None:
    wrong = login(kafka, "intake") | {"sasl.password": "not this one"}
    assert KafkaError._AUTHENTICATION in _errors_of(wrong)


def test_another_principals_password_is_refused(kafka: Kafka) -> None:
    wrong = login(kafka, "intake") | {"sasl.username": "notification"}
    assert KafkaError._AUTHENTICATION in _errors_of(wrong)


def test_nobody_gets_in_without_a_name(kafka: Kafka) -> None:
    nobody = {"bootstrap.servers": kafka["bootstrap"], "security.protocol": "PLAINTEXT"}
    assert _errors_of(nobody)


def _write(settings: Kafka, topic: str) -> int | None:
    """The error code of one record offered to a topic, None if it was taken."""
    codes: list[int | None] = []

    def note(error: Any, _message: object) -> None:
        codes.append(error and error.code())

    producer = Producer(settings | {"message.timeout.ms": 10_000})
    producer.produce(topic, b"{}", key=b"nobody", on_delivery=note)
    producer.flush(20)
    return codes[0]


def _errors_of(settings: Kafka) -> set[int]:
    """The errors of a client that asks for the topics, and is never told."""
    errors: set[int] = set()

    def note(error: Any) -> None:
        errors.add(error.code())

    client = Producer(settings | {"error_cb": note})
    deadline = time.monotonic() + 20
    while not errors and time.monotonic() < deadline:
        client.poll(0.1)
    with pytest.raises(KafkaException):
        client.list_topics(timeout=0.5)
    return errors
