"""Records as Kafka would deliver them, for driving a consumer without a broker."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

from chassis.clock import uuid7
from chassis.held_messages import Place, RawRecord, raw_record
from motcua_contracts.envelope import Event, EventData, Record, encode
from motcua_contracts.topics import Topic

_offsets = count()


def event(data: EventData, *, source: str, sequence: int = 1) -> Event[EventData]:
    """`data` in an envelope from `source`, with a new id."""
    return Event(
        id=str(uuid7()),
        source=source,
        type=data.type,
        time=datetime.now(UTC),
        subject=data.subject,
        sequence=sequence,
        correlation_id="test",
        data_schema=data.data_schema(),
        data=data,
    )


def record(sent: Event[EventData], topic: Topic) -> RawRecord:
    """The record that carries `sent` on `topic`."""
    return raw(encode(sent), topic.name)


def raw(content: Record, topic: str, *, partition: int = 0) -> RawRecord:
    """A record of any content, also of garbage, at the next offset."""
    return raw_record(content, Place(topic, partition, next(_offsets), datetime.now(UTC)))


def again(sent: Event[EventData], **changes: object) -> Event[EventData]:
    """The same event with some attributes changed."""
    return replace(sent, **changes)  # pyright: ignore[reportArgumentType]
