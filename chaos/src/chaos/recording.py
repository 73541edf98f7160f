"""Saves all that a checker needs into the folder of a run, once nothing moves any more."""

import asyncio
import hashlib
import json
import shutil
import sqlite3
from base64 import b64encode
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg

from chaos.rig import Rig
from chaos.topics import record_topics
from motcua_local.surroundings import AGENCIES

HIDDEN = "motcua.dossier.recipients.v1"
"""The one topic that neither the operator nor an agency may read."""
SECOND_READER = "agency-H42.10"

_STORES = {"intake": "files", "certification": "certification-files"}
_LEDGERS = ("vnpay", "mail", "identity")
_TABLES = """
SELECT c.relname, coalesce(string_agg(quote_ident(a.attname), ', '
                                      ORDER BY array_position(i.indkey::int2[], a.attnum)), 'true')
FROM pg_class AS c LEFT JOIN pg_index AS i ON i.indrelid = c.oid AND i.indisprimary
LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
GROUP BY c.relname ORDER BY c.relname
"""
_PAGE = 1_000


async def record(rig: Rig, about: Mapping[str, object]) -> None:
    """Write databases, topics, ledgers, agencies' books, digests of files, and `run.json` with
    what is said `about` the run.
    """
    await asyncio.gather(*(_databases(rig, service) for service in rig.endpoints["postgres"]))
    await asyncio.to_thread(record_generation, rig, rig.generation)
    await asyncio.to_thread(_outside, rig)
    (rig.run / "run.json").write_text(json.dumps(about, indent=2) + "\n")


def record_generation(rig: Rig, generation: int, topics: Iterable[str] = ()) -> None:
    """Write `topics`, or all, as they are now; done before a topic is deleted, too."""
    folder = rig.run / "topics" / str(generation)
    wanted = set(topics) or set(rig.stack.plan.topics)
    kafka = rig.endpoints["kafka"]
    read = partial(record_topics, kafka)
    read(sorted(wanted - {HIDDEN}), folder / "operator", principal="operator")
    seen = [t for t in sorted(wanted - {HIDDEN}) if ".agency." not in t and "notification" not in t]
    read(seen, folder / SECOND_READER, principal=SECOND_READER)
    if HIDDEN in wanted:
        read([HIDDEN], folder / "notification", principal="notification")


async def _databases(rig: Rig, service: str) -> None:
    folder = rig.run / "databases" / service
    folder.mkdir(parents=True, exist_ok=True)
    connection = await asyncpg.connect(rig.endpoints["postgres"][service], timeout=30)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            for table, key in await connection.fetch(_TABLES):
                await _table(connection, table, key, path=folder / f"{table}.jsonl")
    finally:
        await connection.close()


async def _table(connection: asyncpg.Connection, table: str, key: str, *, path: Path) -> None:
    rows = f'SELECT to_jsonb(t)::text FROM "{table}" AS t ORDER BY {key}'  # noqa: S608 - from the catalogue
    with path.open("w", encoding="utf-8") as file:
        async for (line,) in connection.cursor(rows, prefetch=_PAGE):
            file.write(line + "\n")


def _outside(rig: Rig) -> None:
    """What others keep: simulators, agencies, the folders of files."""
    kept = rig.stack.folder / "data"
    ledgers = rig.run / "ledgers"
    ledgers.mkdir(exist_ok=True)
    for name in _LEDGERS:
        shutil.copyfile(kept / name / "ledger.jsonl", ledgers / f"{name}.jsonl")
    [trust] = kept.glob("trust-*/ledger.jsonl")
    shutil.copyfile(trust, ledgers / "trust.jsonl")
    for code in AGENCIES:
        _agency(kept / f"agency-{code}" / "store.sqlite", rig.run / "agencies" / code)
    for service, store in _STORES.items():
        digests = sorted((kept / store / "content").glob("*/*"))
        _write(rig.run / "files" / f"{service}.jsonl", map(_digest, digests))


def _agency(store: Path, folder: Path) -> None:
    database = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    database.row_factory = sqlite3.Row
    try:
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in names:
            rows = database.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - its own tables
            _write(folder / f"{table}.jsonl", (_plain(dict(row)) for row in rows))
    finally:
        database.close()


def _plain(row: Mapping[str, object]) -> dict[str, object]:
    return {
        name: {"base64": b64encode(value).decode()} if isinstance(value, bytes) else value
        for name, value in row.items()
    }


def _digest(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": path.name, "sha256": sha256, "size": path.stat().st_size}


def _write(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text("".join(lines), "utf-8")
