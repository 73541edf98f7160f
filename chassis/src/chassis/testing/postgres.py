"""A fresh, migrated database for each test: cheap, because it is copied from a template."""

import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis.database import Database

Migrate = Callable[[AsyncEngine], Awaitable[object]]


@dataclass
class Databases:
    """Databases of the PostgreSQL server at `url` (as superuser), one per test."""

    url: str
    _templates: dict[str, str] = field(default_factory=dict)

    @asynccontextmanager
    async def fresh(self, name: str, migrate: Migrate) -> AsyncGenerator[Database]:
        """A database that `migrate` has prepared; `name` says for whom, so that it is prepared once
        per run.
        """
        template = self._templates.get(name) or await self._prepare(name, migrate)
        database = await self._create(f"{name}_{secrets.token_hex(6)}", template)
        try:
            yield database
        finally:
            await database.close()
            await self._execute(f'DROP DATABASE "{database.url.rpartition("/")[2]}" WITH (FORCE)')

    async def close(self) -> None:
        """Drop the templates."""
        for template in self._templates.values():
            await self._execute(f'DROP DATABASE "{template}" WITH (FORCE)')

    async def _prepare(self, name: str, migrate: Migrate) -> str:
        template = f"{name}_template_{secrets.token_hex(6)}"
        database = await self._create(template, "template0")
        await migrate(database.engine)
        await database.close()
        self._templates[name] = template
        return template

    async def _create(self, name: str, template: str) -> Database:
        await self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        url = self.url.rpartition("/")[0].replace("postgresql://", "postgresql+asyncpg://")
        return Database(f"{url}/{name}", connections=5)

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()
