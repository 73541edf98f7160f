"""Reads the topics as a program of somebody else would: the address file, a Kafka client, no code
of ours.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

SECONDS = 20.0
HIDDEN = "motcua.dossier.recipients.v1"


@dataclass(frozen=True)
class OutsideRecord:
    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]

    def header(self, name: str) -> str:
        """The text of a header that must be there once."""
        [value] = [value for known, value in self.headers if known == name]
        return (value or b"").decode()

    @property
    def stream(self) -> tuple[str, str]:
        """Within which `ce_sequence` counts."""
        return (self.topic, self.header("ce_subject"))


def login(kafka: Mapping[str, Any], principal: str) -> dict[str, Any]:
    """How a principal of `endpoints.json` connects, in librdkafka's words."""
    known = kafka["principals"][principal]
    return {
        "bootstrap.servers": kafka["bootstrap"],
        "security.protocol": kafka["security_protocol"],
        "sasl.mechanism": kafka["sasl_mechanism"],
        "sasl.username": known["username"],
        "sasl.password": known["password"],
        "log_level": 0,  # a broker that is away is told by our own errors
    }


def read_all(
    kafka: Mapping[str, Any], topics: Sequence[str] | None = None, *, principal: str = "operator"
) -> list[OutsideRecord]:
    """Every record of the topics from beginning to end, in order within each partition."""
    consumer = _consumer(kafka, principal)
    try:
        return _read(consumer, topics or _open_topics(consumer))
    finally:
        consumer.close()


def refusal(kafka: Mapping[str, Any], topic: str, *, principal: str) -> int:
    """The code of the error that a principal gets who reads a topic that it may not read."""
    consumer = _consumer(kafka, principal)
    try:
        consumer.subscribe([topic])
        [answer] = consumer.consume(num_messages=1, timeout=SECONDS)
        error = answer.error()
        return error.code() if error else KafkaError.NO_ERROR
    finally:
        consumer.close()


def _consumer(kafka: Mapping[str, Any], principal: str) -> Consumer:
    # A group's name begins with its principal's, an agency's with its code: agency.H42.10.
    group = f"{principal.replace('agency-', 'agency.')}.outside-reader"
    settings = {"group.id": group, "enable.auto.commit": False, "enable.partition.eof": True}
    return Consumer(login(kafka, principal) | settings)


def _open_topics(consumer: Consumer) -> list[str]:
    known = consumer.list_topics(timeout=SECONDS).topics
    return [name for name in known if name.startswith("motcua.") and name != HIDDEN]


def _read(consumer: Consumer, topics: Sequence[str]) -> list[OutsideRecord]:
    known = consumer.list_topics(timeout=SECONDS).topics
    places = [(topic, number) for topic in topics for number in known[topic].partitions]
    consumer.assign([TopicPartition(*place, OFFSET_BEGINNING) for place in places])
    records: list[OutsideRecord] = []
    unfinished, deadline = set(places), time.monotonic() + SECONDS
    while unfinished:
        if time.monotonic() > deadline:
            raise TimeoutError(f"no end of {unfinished} within {SECONDS:.0f} s")
        messages = consumer.consume(num_messages=500, timeout=0.1)
        for message in messages:
            error = message.error()
            if error is None:
                records.append(_record(message))
            elif error.code() == KafkaError._PARTITION_EOF:
                unfinished.discard((message.topic(), message.partition()))
            else:
                raise KafkaException(error)
    return records


def _record(message: Any) -> OutsideRecord:
    return OutsideRecord(
        topic=message.topic(),
        partition=message.partition(),
        key=message.key(),
        value=message.value(),
        headers=tuple(message.headers() or ()),
    )


def murmur2(key: bytes) -> int:
    """The hash by which Kafka's own clients choose a partition (`Utils.murmur2`), not negative."""
    seed, factor, mask = 0x9747B28C, 0x5BD1E995, 0xFFFFFFFF
    value = seed ^ len(key)
    whole = len(key) - len(key) % 4
    for start in range(0, whole, 4):
        block = int.from_bytes(key[start : start + 4], "little") * factor & mask
        block = (block ^ (block >> 24)) * factor & mask
        value = (value * factor & mask) ^ block
    if rest := key[whole:]:
        value = (value ^ int.from_bytes(rest, "little")) * factor & mask
    value = (value ^ (value >> 13)) * factor & mask
    return (value ^ (value >> 15)) & 0x7FFFFFFF
