"""Waiting for what happens elsewhere: one look into each database every half second, for all who
wait. Asking over HTTP would be a load of its own.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import asyncpg

SECONDS = 0.5
PATIENCE = 5.0
"""How long a database may take for an answer; then it counts as away."""

Rows = Mapping[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DossierSeen:
    """A dossier in intake; `status` is the national one."""

    status: int
    papers_wanted: str


@dataclass(frozen=True, slots=True)
class OrderSeen:
    """The order of a dossier that counts most: a paid one, else an open one, else the newest."""

    order_id: str
    state: str
    amount: int


@dataclass(frozen=True, slots=True)
class CopySeen:
    """A dossier in certification, and its copy once a clerk brought a scan."""

    copy_id: str | None
    state: str | None


_DOSSIERS = """
SELECT id::text AS dossier_id, status, papers_wanted::text
FROM dossiers WHERE id = ANY ($1::uuid[])
"""
_ORDERS = """
SELECT DISTINCT ON (dossier_id) dossier_id::text, id::text AS order_id, state, amount
FROM orders WHERE dossier_id = ANY ($1::uuid[])
ORDER BY dossier_id,
         array_position(ARRAY['refunding', 'paid', 'open', 'expired', 'closed'], state::text),
         opened_at DESC
"""
_COPIES = """
SELECT d.id::text AS dossier_id, c.id::text AS copy_id, c.state
FROM dossiers AS d LEFT JOIN copies AS c ON c.dossier_id = d.id WHERE d.id = ANY ($1::uuid[])
"""
_AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)


@dataclass
class Board(Generic[T]):
    """What one database shows of the dossiers that somebody waits for."""

    url: str
    question: str
    kind: Callable[..., T]
    _waiting: dict[str, list["_Wait[T]"]] = field(default_factory=dict[str, "list[_Wait[T]]"])
    _connection: asyncpg.Connection | None = None

    async def wait(self, dossier_id: str, until: Callable[[T], bool]) -> T:
        """What is there once `until` holds, however long that takes."""
        wait = _Wait(until, asyncio.get_running_loop().create_future())
        self._waiting.setdefault(dossier_id, []).append(wait)
        try:
            return await wait.seen
        finally:
            self._waiting[dossier_id].remove(wait)
            if not self._waiting[dossier_id]:
                del self._waiting[dossier_id]

    async def look(self) -> None:
        """Wake those whose time has come. A database that is away wakes nobody."""
        if not self._waiting:
            return
        for row in await self._ask([*self._waiting]):
            seen = dict(row)
            self._show(seen.pop("dossier_id"), self.kind(**seen))

    def _show(self, dossier_id: str, seen: T) -> None:
        for wait in self._waiting.get(dossier_id, ()):
            if not wait.seen.done() and wait.until(seen):
                wait.seen.set_result(seen)

    async def _ask(self, dossier_ids: list[str]) -> list[Any]:
        try:
            async with asyncio.timeout(PATIENCE):
                self._connection = self._connection or await asyncpg.connect(self.url)
                return await self._connection.fetch(self.question, dossier_ids)
        except _AWAY:
            self.close()
            return []

    def close(self) -> None:
        """Drop the connection; the next look makes another."""
        if self._connection is not None:
            self._connection.terminate()
        self._connection = None


@dataclass(eq=False)
class _Wait(Generic[T]):
    until: Callable[[T], bool]
    seen: asyncio.Future[T]


class Watch:
    """Looks into the databases of `databases`, connection URLs by service, until cancelled."""

    def __init__(self, databases: Mapping[str, str]) -> None:
        self.dossiers = Board(databases["intake"], _DOSSIERS, DossierSeen)
        self.orders = Board(databases["payment"], _ORDERS, OrderSeen)
        self.copies = Board(databases["certification"], _COPIES, CopySeen)

    async def run(self) -> None:
        boards = (self.dossiers, self.orders, self.copies)
        try:
            await asyncio.gather(*(_keep_looking(board) for board in boards))
        finally:
            for board in boards:
                board.close()


async def _keep_looking(board: Board[Any]) -> None:
    while True:
        await board.look()
        await asyncio.sleep(SECONDS)
