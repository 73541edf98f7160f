"""For each rule one way to break it, and what else cannot be right then."""

from collections.abc import Mapping

from . import spoiled_events, spoiled_outside, spoiled_services
from .spoiling import Spoil

ALSO: Mapping[str, tuple[str, ...]] = {
    "events-reach-their-topic": ("I8",),
    "events-reach-their-consumers": ("I5",),
    "consumed-facts-took-effect": ("I6", "I7"),
    "certified-copies-have-a-number": ("I1",),
    "dossiers-have-one-valid-copy": ("I6", "I7"),
    "certified-copies-were-paid": ("I1", "I7", "I9"),
    "messages-are-unique": ("I6",),
    "records-are-in-order": ("I8",),
    "repetitions-are-identical": ("I8",),
    "dossiers-were-filed": ("I1",),
    "one-key-has-one-effect": ("I1",),
    "causes-have-one-effect": ("I5", "I6"),
    "orders-were-asked-for": ("I6",),
    "topics-are-their-logs": ("I1",),
    "planted-records-change-nothing": ("I7",),
    "agencies-speak-of-their-own": ("I6",),
}
"""What else cannot be right when a rule is broken in that way: the other invariants that say so."""

SPOILERS: Mapping[str, Spoil] = {
    **spoiled_services.SPOILERS,
    **spoiled_events.SPOILERS,
    **spoiled_outside.SPOILERS,
}
"""By the rule that has to catch it."""
