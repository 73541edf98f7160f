"""The witness: reads every topic as the operator and remembers what was said of each dossier."""

import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from confluent_kafka import OFFSET_END, Consumer, Message, TopicPartition

from motcua_contracts.consumer import UndecodableRecord, decode
from motcua_contracts.envelope import Event, EventData, Record
from motcua_local.errors import LocalError

PREFIX = "vn.motcua."


def short(event_type: str) -> str:
    """`vn.motcua.dossier.received.v1` as people say it: `dossier.received`."""
    return event_type.removeprefix(PREFIX).rpartition(".v")[0]


@dataclass
class Witness:
    """Events by dossier, in the order in which they were seen, from now on."""

    consumer: Consumer
    events: dict[str, list[Event[EventData]]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def at(cls, kafka: Mapping[str, Any], topics: list[str]) -> Self:
        """Start reading at the end of `topics`; `kafka` is that part of `endpoints.json`."""
        login = kafka["principals"]["operator"]
        consumer = Consumer(
            {
                "bootstrap.servers": kafka["bootstrap"],
                "security.protocol": kafka["security_protocol"],
                "sasl.mechanism": kafka["sasl_mechanism"],
                "sasl.username": login["username"],
                "sasl.password": login["password"],
                "group.id": f"operator.demo-{secrets.token_hex(4)}",
                "enable.auto.commit": False,
                # A broker that is away is nothing to write about here, and soon back.
                "log_level": 0,
                "reconnect.backoff.max.ms": 1000,
            }
        )
        consumer.assign([_end(consumer, place) for place in _partitions(consumer, topics)])
        return cls(consumer)

    def wait(
        self,
        dossier_id: str,
        such_that: Callable[[Event[EventData]], bool],
        *,
        what: str,
        seconds: float,
    ) -> Event[EventData]:
        """The first such event about the dossier, at the latest after `seconds`."""

        def found() -> Event[EventData] | None:
            return next(filter(such_that, self.events[dossier_id]), None)

        return self._until(found, f"{what} of {dossier_id}", seconds)

    def _until(
        self, found: Callable[[], Event[EventData] | None], what: str, seconds: float
    ) -> Event[EventData]:
        deadline = time.monotonic() + seconds
        while (event := found()) is None:
            if time.monotonic() > deadline:
                raise LocalError(
                    f"{what} was not seen within {seconds:.0f} s", next_step="motcua status"
                )
            self._read(0.2)
        return event

    def _read(self, seconds: float) -> None:
        """Take note of what is there; where there is nothing yet, wait so long for the first."""
        first = self.consumer.poll(seconds)
        arrived = [first, *self.consumer.consume(num_messages=100, timeout=0)] if first else []
        for message in arrived:
            if message.error() is None:
                self._note(_record(message))

    def _note(self, record: Record) -> None:
        # What cannot be read is no part of a story; who consumes it parks it and tells.
        with suppress(UndecodableRecord):
            event = decode(record)
            self.events[event.subject].append(event)

    def close(self) -> None:
        self.consumer.close()


def _record(message: Message) -> Record:
    headers = message.headers() or []
    return Record(message.key(), message.value(), tuple(headers))  # pyright: ignore[reportArgumentType] - bytes, not str


def _partitions(consumer: Consumer, topics: list[str]) -> list[TopicPartition]:
    known = consumer.list_topics(timeout=20).topics
    return [TopicPartition(topic, number) for topic in topics for number in known[topic].partitions]


def _end(consumer: Consumer, place: TopicPartition) -> TopicPartition:
    """The end as a number: OFFSET_END would be looked up later, and what comes before be missed."""
    _, end = consumer.get_watermark_offsets(place, timeout=20) or (0, OFFSET_END)
    return TopicPartition(place.topic, place.partition, end)
