"""What the proxy can do to a connection, in Toxiproxy's words and units.

`upstream` is from the client to the server, `downstream` the way back. A toxic is felt by the
connections that exist and by new ones alike, until it is removed; then what it held back goes on.
None changes a byte, and none loses one out of the middle of what it lets through.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

Direction = Literal["upstream", "downstream"]
DIRECTIONS: tuple[Direction, ...] = ("upstream", "downstream")


@dataclass(frozen=True)
class Latency:
    """Everything arrives `latency` milliseconds later, more or less by up to `jitter`. As on a real
    wire only so much is under way at a time: what `connection.HOLDS` says.
    """

    kind: ClassVar = "latency"
    latency: float
    jitter: float = 0


@dataclass(frozen=True)
class Bandwidth:
    """No more than `rate` kilobytes a second pass, on each connection."""

    kind: ClassVar = "bandwidth"
    rate: float


@dataclass(frozen=True)
class Slicer:
    """Data passes in slices of about `average_size` bytes, more or less by up to `size_variation`,
    with `delay` microseconds between them.
    """

    kind: ClassVar = "slicer"
    average_size: int
    size_variation: int = 0
    delay: float = 0


@dataclass(frozen=True)
class Timeout:
    """Nothing passes, and nobody is told: in both directions a connection is half-open, in one the
    loss is one-way. As behind a real partition, what was sent arrives once it is over.
    """

    kind: ClassVar = "timeout"


@dataclass(frozen=True)
class Limit:
    """The connection is closed after `bytes` more of them."""

    kind: ClassVar = "limit_data"
    bytes: int


@dataclass(frozen=True)
class ResetPeer:
    """Both ends get a TCP reset, `timeout` milliseconds after the toxic or the connection came."""

    kind: ClassVar = "reset_peer"
    timeout: float = 0


@dataclass(frozen=True)
class Down:
    """Connections are refused, and the existing ones reset: nobody listens."""

    kind: ClassVar = "down"


OneWay = Latency | Bandwidth | Slicer | Timeout | Limit
"""Toxics of one direction; the others are of the whole connection."""
Toxic = OneWay | ResetPeer | Down

_KINDS: Mapping[str, type[Toxic]] = {
    toxic.kind: toxic for toxic in (Latency, Bandwidth, Slicer, Timeout, Limit, ResetPeer, Down)
}


@dataclass(frozen=True)
class Toxics:
    """All that is done to one edge at a time; without anything, nothing is."""

    upstream: tuple[OneWay, ...] = ()
    downstream: tuple[OneWay, ...] = ()
    whole: tuple[ResetPeer | Down, ...] = ()

    @classmethod
    def both_ways(cls, *toxics: OneWay) -> "Toxics":
        return cls(toxics, toxics)

    def written(self) -> dict[str, Any]:
        """As the control connection carries it."""
        return {part: [_written(toxic) for toxic in getattr(self, part)] for part in _PARTS}


_PARTS = (*DIRECTIONS, "whole")


def read_toxics(written: Mapping[str, Any]) -> Toxics:
    """Raises `KeyError` or `TypeError` for what is no toxic."""
    return Toxics(**{part: tuple(map(_read, written[part])) for part in _PARTS})  # pyright: ignore[reportArgumentType] - by kind


def _written(toxic: Toxic) -> dict[str, Any]:
    return {"type": toxic.kind, "attributes": asdict(toxic)}


def _read(written: Mapping[str, Any]) -> Toxic:
    return _KINDS[written["type"]](**written["attributes"])
