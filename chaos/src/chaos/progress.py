"""How far a load has come, for whoever shows or records it while it runs."""

from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus


@dataclass
class Progress:
    """Counts from the start of the load."""

    filed: int = 0
    """Dossiers whose filing was confirmed."""
    ended: int = 0
    """Journeys that came to their end, good or bad."""
    open: int = 0
    """Journeys on their way now."""
    stuck: int = 0
    statuses: Counter[int] = field(default_factory=Counter[int])
    """Answers by HTTP status, those to repeated requests too."""
    endings: Counter[str] = field(default_factory=Counter[str])
    unknown: int = 0
    """Commands of which nobody knows whether they took effect."""

    def as_json(self) -> dict[str, int]:
        """As `samples.jsonl` has it."""
        return {
            "filed": self.filed,
            "ended": self.ended,
            "open": self.open,
            "stuck": self.stuck,
            "http429": self.statuses[HTTPStatus.TOO_MANY_REQUESTS],
            "http503": self.statuses[HTTPStatus.SERVICE_UNAVAILABLE],
        }
