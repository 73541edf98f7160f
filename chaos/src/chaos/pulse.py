"""The pulse of the system under test: looked at once a second, kept for the report's charts."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import asyncpg
from confluent_kafka import KafkaException

from chaos.rig import Rig
from motcua_local.kafka_topics import Connection
from motcua_local.kafka_topics.lag import group_lag

SECONDS = 1.0
LAG_SECONDS = 5.0
"""Asking the broker for every group's lag costs it more than a database's count."""

_COUNTS = """
SELECT (SELECT coalesce(max(position), 0) FROM event_log) AS published,
       (SELECT count(*) FROM outbox) AS outbox,
       (SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 FROM outbox) AS age,
       (SELECT count(*) FROM held_messages WHERE state = 'waiting') AS held_waiting,
       (SELECT count(*) FROM held_messages WHERE state = 'parked') AS held_parked
"""
_UNFINISHED = {
    "notification": "SELECT count(*) FROM messages "
    "WHERE state IN ('reserved', 'claimed', 'sending')",
    "certification": "SELECT count(*) FROM copies WHERE state = 'signing'",
}


@dataclass(frozen=True)
class Beat:
    """What was seen at once; None where nobody answered."""

    published: int | None = None
    outbox: int | None = None
    oldest: float | None = None
    """Age in seconds of the oldest event that is not published."""
    held_waiting: int | None = None
    held_parked: int | None = None
    unfinished: int | None = None
    """Letters that are not at their end, copies that are being signed."""
    lag: int | None = None

    def as_json(self) -> dict[str, float | None]:
        """As `samples.jsonl` has it."""
        return {
            "published": self.published,
            "outbox": self.outbox,
            "oldest": self.oldest,
            "heldWaiting": self.held_waiting,
            "heldParked": self.held_parked,
            "openMails": self.unfinished,
            "lag": self.lag,
        }

    @property
    def quiet(self) -> bool:
        """Whether nothing is on its way any more."""
        return (self.outbox, self.held_waiting, self.unfinished, self.lag) == (0, 0, 0, 0)


@dataclass
class Pulse:
    """Takes a beat a second until it is cancelled; `progress` adds what the load knows."""

    rig: Rig
    progress: Callable[[], Mapping[str, object]]
    last: Beat = Beat()
    _lag: int | None = None
    _lag_at: float = 0.0
    _connections: dict[str, asyncpg.Connection] = field(default_factory=dict[str, Any])

    async def run(self) -> None:
        with (self.rig.run / "samples.jsonl").open("a", encoding="utf-8", buffering=1) as file:
            while True:
                self.last = await self.beat()
                at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
                file.write(json.dumps({"at": at, **self.progress(), **self.last.as_json()}) + "\n")
                await asyncio.sleep(SECONDS)

    async def beat(self) -> Beat:
        """One look at everything."""
        services = list(self.rig.endpoints["postgres"])
        counts = await asyncio.gather(*(self._counts(service) for service in services))
        unfinished = await asyncio.gather(*(self._unfinished(name) for name in _UNFINISHED))
        lag = await self._behind()
        if None in counts:
            return Beat(lag=lag)
        total = Counter[str]()
        for row in counts:
            total.update({name: row[name] for name in row if name != "age"} if row else {})
        return Beat(
            published=total["published"],
            outbox=total["outbox"],
            oldest=max(row["age"] for row in counts if row),
            held_waiting=total["held_waiting"],
            held_parked=total["held_parked"],
            unfinished=None
            if None in unfinished
            else sum(row["count"] for row in unfinished if row),
            lag=lag,
        )

    async def until_quiet(self, *, seconds: float) -> bool:
        """Whether within `seconds` nothing was on its way any more, three looks running."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._be_quiet()
                return True
        return False

    async def _be_quiet(self) -> None:
        calm = 0
        while calm < 3:
            self._lag_at = 0.0
            calm = calm + 1 if (await self.beat()).quiet else 0
            await asyncio.sleep(SECONDS)

    async def _counts(self, service: str) -> dict[str, Any] | None:
        return await self._ask(service, _COUNTS)

    async def _unfinished(self, service: str) -> dict[str, Any] | None:
        return await self._ask(service, _UNFINISHED[service])

    async def _ask(self, service: str, question: str) -> dict[str, Any] | None:
        """The row, or None: then the next question goes over a new connection."""
        try:
            async with asyncio.timeout(5):
                if service not in self._connections:
                    url = self.rig.endpoints["postgres"][service]
                    self._connections[service] = await asyncpg.connect(url)
                row = await self._connections[service].fetchrow(question)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            if lost := self._connections.pop(service, None):
                lost.terminate()
            return None
        return dict(row) if row else None

    async def _behind(self) -> int | None:
        now = asyncio.get_running_loop().time()
        if now - self._lag_at > LAG_SECONDS:
            self._lag_at = now
            self._lag = await asyncio.to_thread(_lag, self.rig)
        return self._lag


def _lag(rig: Rig) -> int | None:
    """Records that some group has not consumed; None while the broker does not say."""
    operator = rig.endpoints["kafka"]["principals"]["operator"]
    bootstrap = rig.endpoints["kafka"]["bootstrap"]
    try:
        groups = group_lag(Connection(bootstrap, operator["username"], operator["password"]))
    except (KafkaException, TimeoutError):
        return None
    lags = [lag for name, lag in groups.items() if not name.startswith("operator.")]
    return sum(sum(lag.values()) for lag in lags) if lags else None
