"""Reads topics as anybody's program would, for the saved run: bytes as they are."""

import json
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as KafkaMessage

SECONDS = 60.0
"""A cluster that was just disturbed may need long for its first answer."""


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


def record_topics(
    kafka: Mapping[str, Any], topics: Sequence[str], folder: Path, *, principal: str
) -> None:
    """Write every record of `topics` as `principal` reads it, one file for each topic. Raises
    TimeoutError, KafkaException.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # A group's name begins with its principal's, an agency's with its code: agency.H42.10.
    group = f"{principal.replace('agency-', 'agency.')}.recorder"
    settings = {"group.id": group, "enable.auto.commit": False, "enable.partition.eof": True}
    with closing(Consumer(login(kafka, principal) | settings)) as consumer:
        for topic in topics:
            records = sorted(_read(consumer, topic), key=_place)
            lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in records)
            (folder / f"{topic}.jsonl").write_text("".join(lines), "utf-8")


def _place(record: Mapping[str, Any]) -> tuple[int, int]:
    return record["partition"], record["offset"]


def _read(consumer: Consumer, topic: str) -> Iterator[dict[str, Any]]:
    """Every record from beginning to end, in order within each partition."""
    known = consumer.list_topics(topic, timeout=SECONDS).topics[topic]
    if known.error:
        raise KafkaException(known.error)
    unfinished = set(known.partitions)
    consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in unfinished])
    deadline = time.monotonic() + SECONDS
    while unfinished:
        if time.monotonic() > deadline:
            raise TimeoutError(f"no end of {topic} {unfinished} within {SECONDS:.0f} s")
        for message in consumer.consume(num_messages=500, timeout=0.2):
            error = message.error()
            if error is None:
                deadline = time.monotonic() + SECONDS
                yield _record(message)
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's own name
                unfinished.discard(message.partition() or 0)
            elif not error.retriable():
                raise KafkaException(error)


def _record(message: KafkaMessage) -> dict[str, Any]:
    return {
        "topic": message.topic(),
        "partition": message.partition(),
        "offset": message.offset(),
        "timestamp": message.timestamp()[1],
        "key": _text(message.key()),
        "headers": [[name, _text(value)] for name, value in message.headers() or ()],
        "value": _text(message.value()),
    }


def _text(content: bytes | str | None) -> str | None:
    if content is None:
        return None
    return b64encode(content.encode() if isinstance(content, str) else content).decode()
