"""I8: everybody reads the same bytes at the same place, and they are what the writer committed."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from checker.contract import COMPACTED
from checker.records import Event, Record
from checker.run import Reading, Run
from checker.verdicts import Harm, Looks, Rule


def readers_agree(run: Run) -> Looks:
    """At each place of a topic every reader saw the same record, byte for byte; one that read a
    little later may have seen more at the end.
    """
    readings: dict[tuple[int, str], list[Reading]] = defaultdict(list)
    for reading in run.readings:
        readings[reading.generation, reading.topic].append(reading)
    for same in readings.values():
        for one, other in pairwise(same):
            yield from _compared(run, one, other)


def _compared(run: Run, one: Reading, other: Reading) -> Looks:
    first = {record.place: record for record in run.records(one)}
    second = {record.place: record for record in run.records(other)}
    ends = [_ends(records) for records in (first, second)]
    for place in first.keys() | second.keys():
        a, b = first.get(place), second.get(place)
        partition, offset = place
        if a is not None and b is not None:
            named = f"{one} and {other} differ at {place}"
            yield None if a.digest == b.digest else named
        elif offset <= min(end.get(partition, -1) for end in ends):
            yield f"{one if a is None else other} lacks {a or b}"


def _ends(records: Mapping[tuple[int, int], Record]) -> Mapping[int, int]:
    ends: dict[int, int] = {}
    for partition, offset in records:
        ends[partition] = max(ends.get(partition, -1), offset)
    return ends


def records_were_written(run: Run) -> Looks:
    """Each record on each topic is an event that the topic's writer committed, byte for byte."""
    for reading in run.readings:
        for record in run.records(reading):
            if record.planted is None:
                event = run.written.get(record.event)
                if event is None or event.topic != record.topic:
                    yield f"{record} was never committed by its writer"
                else:
                    right = event.digest == record.digest
                    yield None if right else f"{record} is not what its writer committed"


def topics_are_their_logs(run: Run) -> Looks:
    """On each topic the events of a dossier are those of its writer's log, in the same order; on
    one that was deleted later, the first of them; of a compacted one, some of them.
    """
    logs = _logs(run)
    for reading in run.readings:
        last = run.last_readings[reading.topic].generation == reading.generation
        for subject, found in _by_subject(run.records(reading)).items():
            log = logs.get((reading.topic, subject), [])
            if reading.topic in COMPACTED:
                right = _is_subsequence(found, log)
            else:
                right = found == (log if last else log[: len(found)])
            yield None if right else f"{reading}: dossier {subject} differs from the event log"


def _logs(run: Run) -> Mapping[tuple[str, str], list[str]]:
    """The ids of events in the order in which their writers committed them."""
    logs: dict[tuple[str, str], list[str]] = defaultdict(list)
    for event in _in_order_of_writing(run):
        logs[event.topic, event.subject].append(event.id)
    return logs


def _in_order_of_writing(run: Run) -> Iterator[Event]:
    for database in run.databases.values():
        yield from database.announced
    for agency in run.agencies.values():
        yield from agency.answers


def _by_subject(records: Sequence[Record]) -> Mapping[str, list[str]]:
    """The ids of events in the order of their first appearance."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for record in records:
        if record.planted is None:
            found[record.subject][record.id] = None
    return {subject: list(ids) for subject, ids in found.items()}


def _is_subsequence(found: Sequence[str], log: Sequence[str]) -> bool:
    rest = iter(log)
    return all(id_ in rest for id_ in found)


RULES = (
    Rule(readers_agree),
    Rule(records_were_written),
    Rule(topics_are_their_logs, Harm.REORDERED),
)
