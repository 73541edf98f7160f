"""Publish again what was published once: the same keys, headers and values, byte for byte, in the
order of the event log.

Consumers know the events by their ids. A record keeps the time at which it was published first, so
a topic forgets it when it would have, and a reader finds it by time.
"""

import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import cast

import asyncpg
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError
from aiokafka.structs import RecordMetadata

from chassis.kafka import Producer, within
from chassis.relay import InFlight, acknowledged, content
from operations.event_log import EventLog, Selection

TELL_EVERY_SECONDS = 2.0

Tell = Callable[[str], None]


class NotTakenError(Exception):
    """Kafka did not take a record, or is not there; the cause says why."""


@dataclass(slots=True)
class Progress:
    """How far a replay has come."""

    begin_at: int
    """The position to go on from, should it stop here: everything before it was confirmed."""
    events: int = 0
    """How many the broker has confirmed."""
    _first_offsets: dict[tuple[str, int], int] = field(default_factory=dict)

    def note(self, page: InFlight, taken: Collection[asyncpg.Record]) -> None:
        """Count what the broker took of a page."""
        self.events += len(taken)
        positions = {row["position"] for row in taken}
        left = (row["position"] for row in page.rows if row["position"] not in positions)
        self.begin_at = next(left, page.rows[-1]["position"] + 1)

    def note_places(self, places: Iterable[RecordMetadata]) -> None:
        """Remember where the first record of each partition went."""
        for place in places:
            self._first_offsets.setdefault((place.topic, place.partition), place.offset)

    @property
    def onto_others(self) -> list[str]:
        """The topics whose partitions held records before."""
        return sorted({topic for (topic, _), offset in self._first_offsets.items() if offset})


class Replay:
    """One replay of `selection`, to the topic `to` or else to where each event came from."""

    def __init__(
        self, producer: Producer, selection: Selection, *, to: str | None, tell: Tell
    ) -> None:
        self.producer = producer
        self._selection = selection
        self._to = to
        self._tell = tell
        self.progress = Progress(selection.first)

    async def start(self) -> None:
        try:
            await within(self.producer.start())
        except (KafkaError, TimeoutError) as error:
            raise NotTakenError from error

    async def run(self, log: EventLog) -> None:
        """Publish page by page; `NotTakenError` at the first record that Kafka does not take."""
        told = time.monotonic()
        async for rows in log.pages(self._selection):
            await self._publish(InFlight(rows))
            if time.monotonic() - told > TELL_EVERY_SECONDS:
                told = time.monotonic()
                self._tell(f"{self.progress.events} events, up to position {rows[-1]['position']}")

    async def until_there(self, topic: str, *, seconds: float) -> None:
        """Wait until `topic` exists; `NotTakenError` when it does not appear."""
        deadline, told = time.monotonic() + seconds, False
        while True:
            try:
                await within(self.producer.partitions_for(topic), 2)
            except (TimeoutError, UnknownTopicOrPartitionError):
                if not told:
                    self._tell(f"there is no topic {topic}: waiting until it is made")
                    told = True
                if time.monotonic() > deadline:
                    raise NotTakenError from UnknownTopicOrPartitionError(topic)
            except KafkaError as error:
                raise NotTakenError from error
            else:
                return

    async def _publish(self, page: InFlight) -> None:
        try:
            await within(self._send(page))
        except (KafkaError, TimeoutError) as error:
            page.error = error
        taken = await acknowledged(page)
        self.progress.note(page, taken)
        if page.error:
            raise NotTakenError from page.error
        places = (cast("RecordMetadata", each.result()) for each in page.acknowledgements)
        self.progress.note_places(places)

    async def _send(self, page: InFlight) -> None:
        for row in page.rows:
            milliseconds = int(row["published_at"].timestamp() * 1000)
            acknowledgement = await self.producer.send(
                self._to or row["topic"], timestamp_ms=milliseconds, **content(row)
            )
            page.acknowledgements.append(acknowledgement)
