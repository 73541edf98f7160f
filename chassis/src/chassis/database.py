"""PostgreSQL: one engine per service, one transaction per unit of work, repositories as identity
maps.
"""

from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from typing import Any, ClassVar, Generic, TypeVar, cast

import asyncpg
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlmodel import SQLModel, select
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.errors import NotFound
from chassis.rows import insert_rows, update_rows

Entity = TypeVar("Entity", bound=SQLModel)

# What the server says when it is going, coming, full or not the primary, or has chosen us as a
# victim: the work is fine. (asyncpg's InterfaceError is not here: a value that does not fit its
# column is one, too.)
_GAVE_WAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)


SESSION = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "30000",
    "idle_in_transaction_session_timeout": "60000",
}
"""What the server does about a client that vanished without a word: else its locks, on rows and of
the relay's lease, would stand for hours.
"""


class DatabaseAwayError(ConnectionError):
    """No connection to the database, or no answer on it in time."""


class Database:
    """The connections of one service to its own database."""

    def __init__(self, url: str, *, connections: int = 10, statement_seconds: float = 30) -> None:
        self.url = url
        self.engine = create_async_engine(
            url,
            pool_size=connections,
            max_overflow=0,
            pool_timeout=10,
            connect_args={
                "command_timeout": statement_seconds,
                "timeout": 10,
                "server_settings": SESSION,
            },
        )
        event.listen(self.engine.sync_engine, "handle_error", _tell_away)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[AsyncSession]:
        """One session and one transaction; commits at the end of the block, rolls back on any
        error.
        """
        async with (
            AsyncSession(self.engine, expire_on_commit=False, autoflush=False) as session,
            session.begin(),
        ):
            try:
                await session.connection()
            except (OSError, TimeoutError, PoolTimeoutError) as error:
                raise DatabaseAwayError from error
            yield session

    async def ping(self) -> None:
        async with self.engine.connect() as connection:
            await connection.execute(sa.text("SELECT 1"))

    async def close(self) -> None:
        await self.engine.dispose()


def _tell_away(context: sa.ExceptionContext) -> None:
    """Tell a statement without an answer from a handler's own timeout, and send no ROLLBACK after
    it.
    """
    if isinstance(context.original_exception, (OSError, TimeoutError)):
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = False
        raise DatabaseAwayError from context.original_exception


def is_away(error: BaseException) -> bool:
    """Whether `error` says that the database is away or gave way, so that the same work may be
    tried again.
    """
    if isinstance(error, DBAPIError):
        cause = error.orig and error.orig.__cause__
        return error.connection_invalidated or isinstance(cause, _GAVE_WAY)
    return isinstance(error, DatabaseAwayError)


class Repository(Generic[Entity]):
    """The rows of one model within one unit of work: loaded once, locked, written back together.

    `load` reads any number of rows in one query, `FOR UPDATE` in the order of the key (so that two
    units of work never wait for each other crosswise). Rows are handed out detached: business code
    changes plain objects, and `flush` writes the new and the changed ones set-based.
    """

    model: ClassVar[type[SQLModel]]
    key: ClassVar[str] = "id"

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self._known: dict[Any, Entity | None] = {}
        self._new: list[Entity] = []

    @classmethod
    def table(cls) -> sa.Table:
        return cast("sa.Table", sa.inspect(cls.model).local_table)

    @property
    def _column(self) -> sa.Column[Any]:
        return self.table().c[self.key]

    async def load(self, keys: Collection[Any]) -> None:
        """Make the rows of `keys` known; a key without a row is remembered as absent."""
        missing = sorted({key for key in keys if key not in self._known})
        if not missing:
            return
        self._known.update(dict.fromkeys(missing))
        wanted = sa.literal(missing, ARRAY(self._column.type))
        for row in await self.select(self._column == sa.any_(wanted)):
            self._known[getattr(row, self.key)] = row

    async def select(self, *criteria: sa.ColumnElement[bool]) -> list[Entity]:
        """Read the rows that meet `criteria`, locked, detached and known from now on."""
        statement = (
            select(self.model)
            .where(*criteria)
            .order_by(self._column)
            .with_for_update()
            # Else a row that was looked at before it was locked would stay as it was then.
            .execution_options(populate_existing=True)
        )
        rows: list[Entity] = []
        found = (await self.session.exec(statement)).all()
        self.session.expunge_all()
        for read in found:
            key = getattr(read, self.key)
            row: Any = self._known.get(key) or read
            self._known[key] = row
            rows.append(row)
        return rows

    async def find(self, key: object) -> Entity | None:
        if key not in self._known:
            await self.load([key])
        return self._known[key]

    async def get(self, key: object) -> Entity:
        """The row of `key`; raises `NotFound` where there is none."""
        row = await self.find(key)
        if row is None:
            raise NotFound(f"no {self.table().name} row has this {self.key}")
        return row

    def add(self, row: Entity) -> None:
        self._known[getattr(row, self.key)] = row
        self._new.append(row)

    async def flush(self) -> bool:
        """Write what is new or changed; whether anything was."""
        connection = await self.session.connection()
        inserted = await self._insert(connection)
        return await self._update(connection) or inserted

    async def _insert(self, connection: AsyncConnection) -> bool:
        new, self._new = self._new, []
        names = self.table().c.keys()
        await insert_rows(connection, self.table(), [_values(row, names) for row in new])
        self._settle(new)
        return bool(new)

    async def _update(self, connection: AsyncConnection) -> bool:
        changed = [row for row in self._known.values() if row and sa.inspect(row).modified]
        names = self.table().c.keys()
        rows = [_values(row, names) for row in changed]
        await update_rows(connection, self.table(), rows, key=self.key)
        self._settle(changed)
        return bool(changed)

    def _settle(self, rows: Collection[Entity]) -> None:
        """Make rows that were written count as unchanged."""
        for row in rows:
            sa.inspect(row)._commit_all({})  # noqa: SLF001 - no public twin for detached rows


def _values(row: SQLModel, names: Collection[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
