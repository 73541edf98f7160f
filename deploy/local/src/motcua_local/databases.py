"""SQL from synchronous code, inside a running event loop too."""
# asyncpg ships no types; this module is the only one that touches it.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor

import asyncpg

Row = dict[str, object]


def query(url: str, statement: str, *arguments: object) -> list[Row]:
    """The rows of one statement, each by column name; its effects are committed."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, _query(url, statement, arguments)).result()


def try_query(url: str, statement: str) -> list[Row] | None:
    """The rows, or None where the database or the table is not there."""
    with contextlib.suppress(OSError, asyncpg.PostgresError, TimeoutError):
        return query(url, statement)
    return None


def make_database(admin_url: str, name: str, *, role: str, password: str) -> None:
    """Make a database with a role that owns it; a known role gets this password."""
    known = query(admin_url, "SELECT 1 FROM pg_roles WHERE rolname = $1", role)
    verb = "ALTER" if known else "CREATE"
    query(admin_url, f"{verb} ROLE {_name(role)} LOGIN PASSWORD {_text(password)}")
    if not query(admin_url, "SELECT 1 FROM pg_database WHERE datname = $1", name):
        query(admin_url, f"CREATE DATABASE {_name(name)} OWNER {_name(role)}")
    query(admin_url, f"REVOKE CONNECT ON DATABASE {_name(name)} FROM PUBLIC")


def read_mark(admin_url: str, name: str) -> str | None:
    """The comment on a database, None where there is none or no such database."""
    statement = "SELECT shobj_description(oid, 'pg_database') AS mark FROM pg_database"
    rows = query(admin_url, f"{statement} WHERE datname = $1", name)
    return str(rows[0]["mark"]) if rows and rows[0]["mark"] else None


def write_mark(admin_url: str, name: str, mark: str) -> None:
    query(admin_url, f"COMMENT ON DATABASE {_name(name)} IS {_text(mark)}")


def drop_database(admin_url: str, name: str) -> None:
    """Drop a database even while somebody is connected to it."""
    query(admin_url, f"DROP DATABASE IF EXISTS {_name(name)} WITH (FORCE)")


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


async def _query(url: str, statement: str, arguments: tuple[object, ...]) -> list[Row]:
    connection = await asyncpg.connect(url, timeout=5)
    try:
        return [dict(row) for row in await connection.fetch(statement, *arguments)]
    finally:
        await connection.close()
