"""Idempotency keys over HTTP: the same request sent again gets the same answer, and no second
effect. The key is claimed in the transaction of the effect, so a twin that comes meanwhile waits
for its end; an effect that fails gives the key free again.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Annotated

import sqlalchemy as sa
from fastapi import Depends, Header, Request
from fastapi.responses import JSONResponse
from pydantic import JsonValue
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.errors import BadRequest, Refusal

KEPT = timedelta(days=30)
"""How long an answer is kept: far longer than a front end or a system repeats a request. After that
the same key is a new request.
"""

_KEY = re.compile(r"[\x21-\x7e]{1,128}")
_CLAIM = sa.text(
    "INSERT INTO idempotency_keys (principal, operation, key, request_hash) "
    "VALUES (:principal, :operation, :key, :request_hash) ON CONFLICT DO NOTHING"
)
_THE_KEY = "WHERE (principal, operation, key) = (:principal, :operation, :key)"
_ANSWER = sa.text(
    f"UPDATE idempotency_keys SET status = :status, body = :body {_THE_KEY}"  # noqa: S608 - constants
).bindparams(sa.bindparam("body", type_=JSONB))
_READ = sa.text(
    f"SELECT request_hash, status, body FROM idempotency_keys {_THE_KEY}"  # noqa: S608 - constants
).columns(body=JSONB)

_FORGET = "DELETE FROM idempotency_keys WHERE created_at < now() - $1::interval"


class IdempotencyKeyInvalid(
    BadRequest, vi="Thiếu hoặc sai Idempotency-Key", en="Idempotency-Key is missing or malformed"
):
    """Send a header `Idempotency-Key` of 1 to 128 visible ASCII characters, such as a UUID."""


class IdempotencyKeyReused(
    Refusal, status=422, vi="Idempotency-Key đã dùng", en="This Idempotency-Key is taken"
):
    """The key was used for another request: send a new key for a new request."""


@dataclass(frozen=True, slots=True)
class Keyed:
    """A request by its key; the hash covers path, query and body, byte for byte."""

    operation: str
    key: str
    request_hash: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered and kept. The body is kept for long: ids and states, no personal data."""

    status: int
    body: JsonValue
    replayed: bool = False

    def response(self) -> JSONResponse:
        headers = {"Idempotency-Replayed": "true"} if self.replayed else None
        return JSONResponse(self.body, self.status, headers)


async def keyed(
    request: Request, key: Annotated[str | None, Header(alias="Idempotency-Key")] = None
) -> Keyed:
    """The dependency behind `KeyedRequest`."""
    if key is None or not _KEY.fullmatch(key):
        raise IdempotencyKeyInvalid(IdempotencyKeyInvalid.__doc__)
    digest = sha256(f"{request.url.path}?{request.url.query}\n".encode())
    digest.update(await request.body())
    route = getattr(request.scope.get("route"), "path", request.url.path)
    return Keyed(f"{request.method} {route}", key, digest.digest())


KeyedRequest = Annotated[Keyed, Depends(keyed)]
"""Parameter of an endpoint that takes an `Idempotency-Key`."""


async def once(
    connection: AsyncConnection,
    request: Keyed,
    effect: Callable[[], Awaitable[Answer]],
    *,
    principal: str,
) -> Answer:
    """Bring `effect` about, or give the answer that `principal` had to this request before."""
    the_key = {"principal": principal, "operation": request.operation, "key": request.key}
    claim = await connection.execute(_CLAIM, {**the_key, "request_hash": request.request_hash})
    if claim.rowcount:
        answer = await effect()
        await connection.execute(_ANSWER, {**the_key, "status": answer.status, "body": answer.body})
        return answer
    kept = (await connection.execute(_READ, the_key)).one()
    if kept.request_hash != request.request_hash:
        raise IdempotencyKeyReused(IdempotencyKeyReused.__doc__)
    return Answer(kept.status, kept.body, replayed=True)


async def forget(connection: AsyncConnection, *, older_than: timedelta) -> int:
    """Drop the keys that nobody sends again."""
    return (await connection.exec_driver_sql(_FORGET, (older_than,))).rowcount
