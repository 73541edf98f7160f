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

_FREE = sa.text(f"DELETE FROM idempotency_keys {_THE_KEY}")  # noqa: S608 - constants

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

    def of(self, principal: str) -> dict[str, object]:
        return {"principal": principal, "operation": self.operation, "key": self.key}


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered and kept. The body is kept for long: ids and states, no personal data."""

    status: int
    body: JsonValue
    replayed: bool = False

    def response(self) -> JSONResponse:
        headers = {"Idempotency-Replayed": "true"} if self.replayed else None
        return JSONResponse(self.body, self.status, headers)


Effect = Callable[[], Awaitable[Answer]]


async def _valid(key: Annotated[str | None, Header(alias="Idempotency-Key")] = None) -> str:
    if key is None or not _KEY.fullmatch(key):
        raise IdempotencyKeyInvalid(IdempotencyKeyInvalid.__doc__)
    return key


IdempotencyKey = Annotated[str, Depends(_valid)]
"""Parameter of an endpoint that says itself, by `keyed_by`, what makes a request the same."""


async def keyed(request: Request, key: IdempotencyKey) -> Keyed:
    """The dependency behind `KeyedRequest`."""
    return keyed_by(request, key, await request.body())


def keyed_by(request: Request, key: str, content: bytes) -> Keyed:
    """A request whose body means `content`, however it was written."""
    digest = sha256(f"{request.url.path}?{request.url.query}\n".encode() + content)
    route = getattr(request.scope.get("route"), "path", request.url.path)
    return Keyed(f"{request.method} {route}", key, digest.digest())


KeyedRequest = Annotated[Keyed, Depends(keyed)]
"""Parameter of an endpoint that takes an `Idempotency-Key`."""


async def once(
    connection: AsyncConnection, request: Keyed, effect: Effect, *, principal: str
) -> Answer:
    """Bring `effect` about, or give the answer that `principal` had to this request before."""
    if kept := await _claim(connection, request, principal):
        return kept
    answer = await effect()
    told = {"status": answer.status, "body": answer.body}
    await connection.execute(_ANSWER, request.of(principal) | told)
    return answer


async def answered(connection: AsyncConnection, request: Keyed, *, principal: str) -> Answer | None:
    """What `once` answered before. Else the key stays free, but no twin gets on before the end of
    this transaction: what a request needs may be looked at in it, and the effect follow in another.
    """
    if kept := await _claim(connection, request, principal):
        return kept
    await connection.execute(_FREE, request.of(principal))
    return None


async def _claim(connection: AsyncConnection, request: Keyed, principal: str) -> Answer | None:
    """None when nobody answered it before: the key is ours."""
    the_key = request.of(principal)
    claim = await connection.execute(_CLAIM, the_key | {"request_hash": request.request_hash})
    if claim.rowcount:
        return None
    kept = (await connection.execute(_READ, the_key)).one()
    if kept.request_hash != request.request_hash:
        raise IdempotencyKeyReused(IdempotencyKeyReused.__doc__)
    return Answer(kept.status, kept.body, replayed=True)


async def forget(connection: AsyncConnection, *, older_than: timedelta) -> int:
    """Drop the keys that nobody sends again."""
    return (await connection.exec_driver_sql(_FORGET, (older_than,))).rowcount
