"""Ways to answer a request wrongly."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.failpoints import failpoint
from chassis.idempotency import Answer, Keyed
from documents.checks import check_content
from documents.kinds import type_by_name
from documents.store import FileStore, StoredFile, _rename

_SOON = 2.0
_renaming = set[asyncio.Task[None]]()


async def claim_always(
    connection: AsyncConnection, request: Keyed, principal: str
) -> Answer | None:
    """An Idempotency-Key is not looked at: whoever sends twice has two dossiers. (I7)"""
    del connection, request, principal
    return None


async def store_later(self: FileStore, name: str, chunks: AsyncIterator[bytes]) -> StoredFile:
    """A file is acknowledged before it is durable and has its name: whoever dies in between has
    told somebody of a file that is not there. (I1)
    """
    file_type = type_by_name(name)
    path = self._incoming / f"{uuid4()}.part"
    stored = await self._write(path, file_type, chunks)
    async with self._checks:
        await check_content(path, file_type, self._pdf_limits)
    task = asyncio.create_task(_rename_soon(path, self.path(stored.sha256)))
    _renaming.add(task)
    task.add_done_callback(_renaming.discard)
    return stored


async def _rename_soon(path: Path, target: Path) -> None:
    await asyncio.sleep(_SOON)
    await failpoint("planted.acknowledged")
    await asyncio.to_thread(_rename, path, target)
