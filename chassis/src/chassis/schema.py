"""The tables that every service's database holds, as DDL for its first migration.

A migration is frozen once released: a later change to these tables becomes `schema_v2.sql` and a
migration of its own in each service.
"""

from importlib.resources import files


def statements(version: int) -> list[str]:
    """The statements of a version, to be executed one by one."""
    text = (files("chassis") / f"schema_v{version}.sql").read_text()
    return [part.strip() for part in text.split(";\n") if part.strip()]


V1 = tuple(statements(1))
