"""Messages that a consumer set aside: in what state, planted or not, and behind which others."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from checker.contract import SERVICES
from checker.reading import Row
from checker.records import EventKey, planted_id
from checker.run import Run

OPEN = ("waiting", "parked")


@dataclass(frozen=True, slots=True)
class Held:
    """A row of `held_messages`."""

    service: str
    row: Row
    planted: str | None

    @property
    def consumer(self) -> str:
        return self.row["consumer"]

    @property
    def open(self) -> bool:
        return self.row["state"] in OPEN

    @property
    def event(self) -> EventKey | None:
        if self.row["event_id"] is None:
            return None
        return (self.row["event_source"], self.row["event_id"])

    @property
    def order(self) -> tuple[str, str, str | None]:
        """Within this, later ones wait for earlier ones."""
        return (self.consumer, self.row["topic"], self.row["ordering_key"])

    def __str__(self) -> str:
        row = self.row
        what = row["event_type"] or "an unreadable record"
        place = f"{row['topic']} [{row['partition']}] at {row['record_offset']}"
        return f"{self.consumer} holds {what} of {place} ({row['state']}, {row['reason']})"


def all_held(run: Run) -> Iterator[Held]:
    for service in SERVICES:
        for row in run.databases[service].table("held_messages"):
            yield Held(service, row, planted_id(row["record_headers"]))


def open_by_event(run: Run) -> Mapping[tuple[str, EventKey], Held]:
    """What consumers hold now, by consumer and event."""
    return {(held.consumer, held.event): held for held in all_held(run) if held.open and held.event}
