"""The migrations make the tables that the models expect."""

from collections.abc import AsyncGenerator

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError

from chassis import migrations
from chassis.database import Database
from chassis.testing.postgres import Databases
from intake.models import Row

Column = tuple[str, bool]


async def nothing(_: object) -> None:
    """A database without a table."""


@pytest.fixture
async def empty(databases: Databases) -> AsyncGenerator[Database]:
    async with databases.fresh("empty", nothing) as database:
        yield database


def columns(connection: sa.Connection, table: str) -> dict[str, Column]:
    """Type and nullability of each column that is there."""
    found = sa.inspect(connection).get_columns(table)
    return {column["name"]: (spelt(column["type"]), column["nullable"]) for column in found}


def spelt(kind: sa.types.TypeEngine[object]) -> str:
    return kind.compile(postgresql.dialect())


async def test_an_empty_database_becomes_ready_and_stays_so(empty: Database):
    with pytest.raises(migrations.NotMigratedError):
        await migrations.check(empty.engine, "intake")
    for _ in range(2):
        await migrations.upgrade(empty.engine, "intake")
    await migrations.check(empty.engine, "intake")


@pytest.mark.parametrize("table", Row.metadata.sorted_tables, ids=str)
async def test_a_table_has_the_columns_of_its_model(database: Database, table: sa.Table):
    expected = {
        column.name: (spelt(column.type), bool(column.nullable)) for column in table.columns
    }
    async with database.engine.connect() as connection:
        assert await connection.run_sync(columns, table.name) == expected


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE dossiers SET status = 11",
        "UPDATE papers SET part = 'gift'",
        "UPDATE papers SET file_id = NULL",
        "UPDATE papers SET file_id = NULL, part = 'result'",
        "UPDATE certified_copies SET state = 'lost'",
        "UPDATE certified_copies SET sha256 = '1'",
        "UPDATE dossiers SET code = 'H42.10-20261125-0000001'",
        "DELETE FROM files",
    ],
)
async def test_the_database_itself_refuses_what_cannot_be(database: Database, statement: str):
    """Two dossiers, each with a paper, and a statement that breaks a rule."""
    async with database.engine.begin() as connection:
        for n in (1, 2):
            await connection.exec_driver_sql(_DOSSIER, (n, f"H42.10-20261125-000000{n}"))
            await connection.exec_driver_sql(_FILE, (n,))
            await connection.exec_driver_sql(_PAPER, (n,))
            await connection.exec_driver_sql(_COPY, (n,))
    with pytest.raises(IntegrityError):
        async with database.engine.begin() as connection:
            await connection.exec_driver_sql(statement)


_ID = "lpad($1::int::text, 32, '0')::uuid"
_DOSSIER = f"""
INSERT INTO dossiers (id, code, procedure_code, procedure_version, competent_agency, intake_agency,
    applicant_id, channel, status, registered_at, outstanding, papers_wanted, supplements_asked,
    form, contact)
VALUES ({_ID}, $2, '2.000488', 1, 'H42.10', 'H42.01', 'somebody', 'online', 1, now(), '[]', '[]',
    '[]', '', '')
"""
_FILE = f"INSERT INTO files VALUES ({_ID}, 'somebody', NULL, '', 0, '', now())"
_PAPER = f"""
INSERT INTO papers VALUES ({_ID}, {_ID}, {_ID}, 'identity-card', 'application', '', '', now())
"""
_COPY = f"INSERT INTO certified_copies VALUES ({_ID}, $1::int::text, NULL, 'valid', NULL, now())"
