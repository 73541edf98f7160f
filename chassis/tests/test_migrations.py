"""Migrations of a service, and what readiness says about them."""

from pathlib import Path

import pytest

from chassis import migrations
from chassis.database import Database
from chassis.testing.postgres import Databases

REVISION = """
from alembic import op
revision = "{revision}"
down_revision = {before!r}
def upgrade():
    op.execute("CREATE TABLE made_by_{revision} (id integer)")
"""


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A service with two revisions."""
    versions = tmp_path / "library" / "migrations" / "versions"
    versions.mkdir(parents=True)
    for folder in (versions.parent, versions.parent.parent):
        (folder / "__init__.py").touch()
    for revision, before in (("r1", None), ("r2", "r1")):
        text = REVISION.format(revision=revision, before=before)
        (versions / f"{revision}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    return "library"


async def _at(database: Database, revision: str) -> None:
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = $1", (revision,))


async def test_a_database_may_be_ahead_of_the_code_but_not_behind(
    databases: Databases, service: str
) -> None:
    """An older replica must serve on while a newer one is rolled out."""

    async def leave_empty(_: object) -> None:
        """Nothing is migrated yet."""

    async with databases.fresh("migrations", leave_empty) as database:
        with pytest.raises(migrations.NotMigratedError, match="at None, the code at r2"):
            await migrations.check(database.engine, service)
        assert await migrations.upgrade(database.engine, service) == "r2"
        await migrations.check(database.engine, service)
        await _at(database, "r1")
        with pytest.raises(migrations.NotMigratedError, match="at r1, the code at r2"):
            await migrations.check(database.engine, service)
        await _at(database, "r3")
        await migrations.check(database.engine, service)
