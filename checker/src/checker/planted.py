"""Records that the rig sent itself, to see them refused or, where they are sound, handled."""

from collections.abc import Mapping

from checker.reading import Row
from checker.records import EventKey, Record
from checker.run import Run

HANDLED = "handled"
"""What a note expects of a planted record that is to be taken, such as one with a new field."""


def notes(run: Run) -> Mapping[str, Row]:
    """What was planted, by its mark."""
    return {note["plantedId"]: note for note in run.history.notes("poison")}


def expects_handling(note: Row | None) -> bool:
    return note is not None and note.get("expects") in {None, HANDLED}


def records(run: Run) -> list[Record]:
    """Planted records as they lie on their topics, in any generation."""
    found = {
        (record.topic, record.planted, record.digest): record
        for reading in run.readings
        for record in run.records(reading)
        if record.planted is not None
    }
    return list(found.values())


def handled_ids(run: Run) -> set[EventKey]:
    """The events of planted records that are to be handled like any other."""
    known = notes(run)
    return {
        record.event for record in records(run) if expects_handling(known.get(record.planted or ""))
    }
