"""One look into a database for all who wait, whatever becomes of the database."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import asyncpg
import pytest

from chaos.waiting import until
from chaos.watch import _DOSSIERS, Board, DossierSeen, _keep_looking
from motcua_local.engines import EngineEndpoints

SECONDS = 10.0
_TABLE = "CREATE TABLE dossiers (id uuid PRIMARY KEY, status int, papers_wanted jsonb DEFAULT '[]')"


@dataclass
class Books:
    """A database with dossiers in it."""

    server: str
    name: str

    @property
    def url(self) -> str:
        return f"{self.server.rpartition('/')[0]}/{self.name}"

    async def create(self) -> None:
        await _execute(self.server, f'CREATE DATABASE "{self.name}"')
        await _execute(self.url, _TABLE)

    async def put(self, dossier_id: str, status: int) -> None:
        put = "INSERT INTO dossiers VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET status = $2"
        await _execute(self.url, put, dossier_id, status)

    async def throw_out(self) -> None:
        """End every connection to it."""
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1"
        await _execute(self.server, ended, self.name)


async def _execute(url: str, statement: str, *values: object) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement, *values)
    finally:
        await connection.close()


@pytest.fixture
async def books(engines: EngineEndpoints) -> AsyncIterator[Books]:
    books = Books(engines.postgres_url, f"watch_{secrets.token_hex(6)}")
    yield books
    await _execute(books.server, f'DROP DATABASE IF EXISTS "{books.name}" WITH (FORCE)')


@asynccontextmanager
async def watched(books: Books) -> AsyncGenerator[Board[DossierSeen]]:
    board = Board(books.url, _DOSSIERS, DossierSeen)
    looking = asyncio.create_task(_keep_looking(board))
    try:
        async with asyncio.timeout(SECONDS):
            yield board
    finally:
        looking.cancel()
        board.close()


async def test_only_those_wake_whose_time_has_come(books: Books) -> None:
    await books.create()
    paid, waiting = str(uuid4()), str(uuid4())
    async with watched(books) as board:
        settled = asyncio.create_task(board.wait(paid, lambda dossier: dossier.status == 1))
        also = asyncio.create_task(board.wait(paid, lambda dossier: dossier.status == 9))
        other = asyncio.create_task(board.wait(waiting, lambda dossier: dossier.status == 1))
        await books.put(paid, 6)
        await books.put(waiting, 6)
        await asyncio.sleep(1)
        assert not any(wait.done() for wait in (settled, also, other))
        await books.put(paid, 1)
        assert (await settled).status == 1
        assert not any(wait.done() for wait in (also, other))
        await books.put(waiting, 1)
        await books.put(paid, 9)
        assert [(await also).status, (await other).status] == [9, 1]
        assert not board._waiting


async def _is_looking(board: Board[DossierSeen]) -> bool:
    return board._connection is not None


async def test_a_database_that_is_away_is_waited_for(books: Books) -> None:
    dossier_id = str(uuid4())
    async with watched(books) as board:
        seen = asyncio.create_task(board.wait(dossier_id, lambda dossier: dossier.status == 9))
        await asyncio.sleep(1)  # there is no such database yet
        await books.create()
        await books.put(dossier_id, 4)
        assert await until(lambda: _is_looking(board), within=SECONDS, every=0.1)
        await books.throw_out()
        await books.put(dossier_id, 9)
        assert (await seen).status == 9


async def test_whoever_gives_up_is_forgotten(books: Books) -> None:
    await books.create()
    async with watched(books) as board:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await board.wait(str(uuid4()), lambda _: True)
        assert not board._waiting
