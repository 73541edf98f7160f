"""What a fault is to the nemesis, which strikes and heals them without knowing any."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from chaos.rig import Rig


@dataclass(frozen=True)
class Struck:
    """What was broken: a target for people, and details for the history."""

    target: str
    details: Mapping[str, object] = field(default_factory=dict[str, object])


class Fault(Protocol):
    """One way to break things.

    One at a time is struck and healed. A `strike` that fails leaves nothing broken behind. Programs
    that it has the supervisor hold are let go once it is healed.
    """

    @property
    def kind(self) -> str: ...

    def hindrance(self, rig: Rig, /) -> str | None:
        """Why this machine does not permit it, None if it does."""
        ...

    async def strike(self, rig: Rig, /, chance: random.Random) -> Struck:
        """Break something; all that is left to chance comes from `chance`."""
        ...

    async def heal(self, rig: Rig, /, struck: Struck) -> None:
        """Undo what is broken. Harmless where it is whole."""
        ...
