"""I5: everybody sees a dossier's events in their order, without a gap, repeated at most."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from checker.contract import COMPACTED, CONSUMERS, Consumer
from checker.held import Held, all_held
from checker.reading import instant
from checker.records import Event, Record
from checker.run import Handled, Reading, Run
from checker.verdicts import Harm, Looks, Rule

_MARGIN = timedelta(seconds=5)
_NEVER = datetime.max.replace(tzinfo=UTC)
_RACE = timedelta(seconds=2)
"""Between the beginning of a transaction and its first look at what is held, another may end: on a
busy machine that takes a while.
"""
_FREEZING = ("pause", "network-", "clock-jump", "database-")
"""Faults that let a transaction begin long before it does anything: the time at which an inbox row
says that it was made is that of the beginning.
"""


def records_are_in_order(run: Run) -> Looks:
    """On each topic, as each reader saw it, the first appearances of a dossier's events count 1…n.
    On a compacted topic they grow.
    """
    for reading, subject, records in _streams(run):
        numbers = list(dict.fromkeys((r.event, r.sequence) for r in records))
        sequences = [sequence or 0 for _, sequence in numbers]
        if reading.topic in COMPACTED:
            right = all(a < b for a, b in pairwise(sequences))
        else:
            right = sequences == list(range(1, len(sequences) + 1))
        yield None if right else f"{reading}: dossier {subject} has the sequences {sequences}"


def repetitions_are_identical(run: Run) -> Looks:
    """What is on a topic twice is the same record, byte for byte."""
    for reading, subject, records in _streams(run):
        digests: dict[tuple[str, str], set[bytes]] = defaultdict(set)
        for record in records:
            digests[record.event].add(record.digest)
        differing = [id_ for (_, id_), found in digests.items() if len(found) > 1]
        name = f"{reading}: dossier {subject}"
        yield f"{name}: event {differing[0]} differs from its repetition" if differing else None


def dossiers_keep_to_a_partition(run: Run) -> Looks:
    """All events of a dossier lie in one partition of a topic, under the dossier's id as key."""
    for reading, subject, records in _streams(run):
        partitions = {record.partition for record in records}
        keys = {record.key for record in records}
        name = f"{reading}: dossier {subject}"
        if len(partitions) > 1:
            yield f"{name} lies in the partitions {sorted(partitions)}"
        else:
            yield None if keys == {subject} else f"{name} has the keys {sorted(map(str, keys))}"


def _streams(run: Run) -> Iterator[tuple[Reading, str, Sequence[Record]]]:
    """The records of each dossier on each topic as each reader saw it, without planted ones."""
    for reading in run.readings:
        streams: dict[str, list[Record]] = defaultdict(list)
        for record in run.records(reading):
            if record.planted is None:
                streams[record.subject].append(record)
        for subject, records in streams.items():
            yield reading, subject, records


def consumers_follow_the_order(run: Run) -> Looks:
    """Each consumer handled a dossier's events of a topic in their order: none before an earlier
    one. Where something was frozen meanwhile the times do not tell, and nothing is said.
    """
    frozen = _frozen(run)
    streams = _written_streams(run)
    for consumer in CONSUMERS:
        handled = run.consumed_by(consumer)
        for events in streams.values():
            if consumer.reads(events[0].topic):
                yield _overtaking(consumer, events, handled, frozen=frozen)


def _overtaking(
    consumer: Consumer,
    events: Sequence[Event],
    handled: Handled,
    *,
    frozen: Sequence[tuple[datetime, datetime]],
) -> str | None:
    before: datetime | None = None
    missing: Event | None = None
    for event in events:
        if event.fact not in consumer.facts:
            continue
        when = handled.get(event.key)
        if when is None:
            missing = missing or event
        elif missing is not None:
            return f"{consumer.name} handled {event}, and not {missing} before it"
        else:
            now = instant(when)
            if before and before - now > _RACE and not _within(frozen, now, before):
                return f"{consumer.name} handled {event} before its predecessor"
            before = now
    return None


def _written_streams(run: Run) -> Mapping[tuple[str, str], list[Event]]:
    streams: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in run.written.values():
        if event.topic not in COMPACTED:
            streams[event.topic, event.subject].append(event)
    for events in streams.values():
        events.sort(key=_sequence)
    return streams


def _sequence(event: Event) -> int:
    return event.sequence


def nothing_overtakes_what_is_held(run: Run) -> Looks:
    """While a consumer holds a record, it handles no later record of the same dossier."""
    frozen, events = _frozen(run), _written_streams(run)
    for held in all_held(run):
        if held.row["ordering_key"] is not None:
            stream = events.get((held.row["topic"], held.row["ordering_key"]), [])
            handled = run.databases[held.service].inbox.get(held.consumer, {})
            yield _overtaken(held, stream, handled, frozen=frozen)


def _overtaken(
    held: Held,
    stream: Sequence[Event],
    handled: Handled,
    *,
    frozen: Sequence[tuple[datetime, datetime]],
) -> str | None:
    since = instant(held.row["held_at"])
    until = instant(held.row["settled_at"]) if held.row["settled_at"] else None
    own = next((event.sequence for event in stream if event.key == held.event), 0)
    for event in stream:
        when = handled.get(event.key)
        if when is None or event.sequence <= own or event.key == held.event:
            continue
        now = instant(when)
        overtook = since < now and (until is None or until - now > _RACE)
        if overtook and not _within(frozen, since, now):
            return f"{held}, and meanwhile {event} was handled"
    return None


def _frozen(run: Run) -> list[tuple[datetime, datetime]]:
    """When something stood still, from its fault to its end."""
    spans: list[tuple[datetime, datetime]] = []
    for fault in run.history.faults:
        if fault["fault"].startswith(_FREEZING):
            healed = run.history.heals.get(fault["faultId"])
            until = instant(healed["at"]) + _MARGIN if healed else _NEVER
            since = instant(fault.get("struckAt", fault["at"]))
            spans.append((since - _MARGIN, until))
    return spans


def _within(spans: Sequence[tuple[datetime, datetime]], since: datetime, until: datetime) -> bool:
    """Whether one of the spans meets the time between these two."""
    first, last = min(since, until), max(since, until)
    return any(start <= last and first <= end for start, end in spans)


RULES = tuple(
    Rule(check, Harm.REORDERED)
    for check in (
        records_are_in_order,
        repetitions_are_identical,
        dossiers_keep_to_a_partition,
        consumers_follow_the_order,
        nothing_overtakes_what_is_held,
    )
)
