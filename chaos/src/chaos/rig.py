"""What load and nemesis have at hand: the stack under test, its addresses, and the history."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chaos.history import History
from motcua_local.stack import Stack


@dataclass
class Rig:
    """One run's surroundings. `endpoints` is what `endpoints.json` says: addresses without any
    fault on the way, for whoever breaks or looks; `doors` is the same through the fault proxies,
    for the people who use the system.
    """

    stack: Stack
    run: Path
    """Where the run is saved."""
    history: History
    endpoints: Mapping[str, Any]
    doors: Mapping[str, Any]
    seed: int
    brokers: int = 1
    generation: int = 0
    """How often a topic was made anew."""
    not_run: dict[str, str] = field(default_factory=dict[str, str])
    """Kinds of fault that this machine does not permit, and why."""
