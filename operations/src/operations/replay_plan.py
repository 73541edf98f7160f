"""What a replay would publish, and why it must not."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chassis.app import INBOX_KEPT
from motcua_contracts.topics import TOPICS, Topic
from operations.event_log import ENDLESS, EventLog, Extent, Selection
from operations.moments import told


class ReplayRefusedError(Exception):
    """A replay that would do harm, or that names what there is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What an operator asked for; a place is a position in the log, or a moment."""

    service: str
    topic: str | None
    dossier: str | None
    to: str | None = None
    begin: int | datetime | None = None
    end: int | datetime | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is going to be published, and where to; `to` is None where each event returns to the
    topic it came from, which nobody else may write to meanwhile.
    """

    selection: Selection
    to: str | None
    extents: list[Extent]

    @property
    def events(self) -> int:
        return sum(extent.events for extent in self.extents)

    @property
    def targets(self) -> list[str]:
        return [self.to] if self.to else [extent.topic for extent in self.extents]


async def plan(log: EventLog, wish: Wish, now: datetime) -> Plan:
    """Find out what `wish` comes to; `ReplayRefusedError` says why it must not be done."""
    topics = await _topics(log, wish)
    if wish.to:
        _require_free(wish.to, topics)
    if wish.to in topics:
        wish = replace(wish, to=None)
    selection = _selection(wish, _since(wish, topics, now))
    if wish.to:  # the relay goes on: what it publishes meanwhile is no part of this
        selection = replace(selection, last=min(selection.last, await log.end()))
    extents = await log.extents(selection)
    if wish.to is None:
        _require_known(extents, now)
    return Plan(selection, wish.to, extents)


async def _topics(log: EventLog, wish: Wish) -> list[str]:
    if wish.topic is None:
        return await log.topics(wish.dossier)
    known = TOPICS.get(wish.topic)
    if known is None or known.writer != f"/motcua/{wish.service}":
        written = await log.topics()
        if wish.topic not in written:
            said = f"it wrote to {', '.join(written)}" if written else "it wrote nothing yet"
            raise ReplayRefusedError(f"{wish.service} never wrote to {wish.topic}: {said}")
    return [wish.topic]


def _require_free(to: str, topics: list[str]) -> None:
    if len(topics) > 1:
        raise ReplayRefusedError(
            f"events of several topics do not belong on one: say --topic with one of "
            f"{', '.join(topics)}"
        )
    if to in TOPICS and to not in topics:
        raise ReplayRefusedError(f"{to} has a contract and a writer of its own: name a new topic")


def _since(wish: Wish, topics: list[str], now: datetime) -> Mapping[str, datetime | None]:
    """From when on each topic, unless it was said: what its topic would still keep."""
    if isinstance(wish.begin, datetime):
        return dict.fromkeys(topics, wish.begin)
    if wish.to or wish.begin is not None:
        return dict.fromkeys(topics)
    kept = {topic: retention(topic) for topic in topics}
    return {topic: now - kept_for if kept_for else None for topic, kept_for in kept.items()}


def retention(topic: str) -> timedelta | None:
    """How long the topic keeps a record; None where it keeps the newest of each dossier."""
    known = TOPICS.get(topic)
    return known.retention if known else Topic.retention


def _selection(wish: Wish, since: Mapping[str, datetime | None]) -> Selection:
    first = wish.begin if isinstance(wish.begin, int) else 1
    last = wish.end if isinstance(wish.end, int) else ENDLESS
    until = wish.end if isinstance(wish.end, datetime) else None
    return Selection(since, wish.dossier, first, last, until)


def _require_known(extents: list[Extent], now: datetime) -> None:
    """Refuse what consumers would take for new."""
    forgotten = now - INBOX_KEPT
    for extent in extents:
        if extent.since < forgotten and retention(extent.topic):
            raise ReplayRefusedError(
                f"{extent.topic} has events of {told(extent.since)} in this part of the log; "
                f"consumers know an event for {INBOX_KEPT.days} days and would act on it anew: "
                f"begin with --from {told(forgotten)} at the earliest, or replay to a new topic"
            )
