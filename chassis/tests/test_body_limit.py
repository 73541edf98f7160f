"""How much a request may carry: one limit for all routes, but those that keep one of their own."""

import sys
from collections.abc import AsyncIterator

import httpx2
import pytest
import structlog
from fastapi import APIRouter, Request
from pydantic import BaseModel, SecretStr

from chassis.app import BODY_BYTES, Service
from chassis.correlation import HEADER
from chassis.idempotency import KeyedRequest
from chassis.settings import KafkaSettings, OidcSettings, ServiceSettings

from .conftest import VisitWork

CHUNK = 64 * 1024
JSON = "application/json"


class Note(BaseModel):
    text: str


def note(size: int) -> bytes:
    """A note of so many bytes as JSON."""
    empty = b'{"text":""}'
    return empty[:-2] + b"x" * (size - len(empty)) + empty[-2:]


async def streamed(content: bytes) -> AsyncIterator[bytes]:
    """The same without a declared length."""
    for start in range(0, len(content), CHUNK):
        yield content[start : start + CHUNK]


def routes() -> APIRouter:
    router = APIRouter()

    @router.post("/notes")
    async def read_as_json(body: Note) -> int:
        return len(body.text)

    @router.post("/keys")
    async def read_for_its_key(key: KeyedRequest) -> str:
        return key.key

    @router.post("/files", max_body_size=sys.maxsize)
    async def read_as_stream(request: Request) -> int:
        return sum([len(chunk) async for chunk in request.stream()])

    return router


async def post(
    path: str, content: bytes | AsyncIterator[bytes], *, media_type: str = JSON
) -> httpx2.Response:
    settings = ServiceSettings(
        database_url="postgresql://nobody@127.0.0.1:1/none",
        http_port=1,
        kafka=KafkaSettings(
            bootstrap_servers="127.0.0.1:1",
            security_protocol="SASL_PLAINTEXT",
            username="notes",
            password=SecretStr("none"),
        ),
        oidc=OidcSettings(issuer="http://127.0.0.1:1", audience="motcua"),
    )
    service = Service("notes", settings, work=VisitWork)
    service.route(routes())
    transport = httpx2.ASGITransport(service.http)
    headers = {"Content-Type": media_type, "Idempotency-Key": "k-1", HEADER: "c-1"}
    async with httpx2.AsyncClient(transport=transport, base_url="http://service") as client:
        return await client.post(path, content=content, headers=headers)


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("path", ["/notes", "/keys"])
# FastAPI reads a body whole before it looks at its type or at who sent it.
@pytest.mark.parametrize("media_type", [JSON, "text/plain"])
async def test_a_body_over_the_limit_is_refused_as_a_problem_and_is_no_bug(
    media_type: str, path: str, *, declared: bool
):
    content = note(BODY_BYTES + 1)
    with structlog.testing.capture_logs() as lines:
        body = content if declared else streamed(content)
        answer = await post(path, body, media_type=media_type)
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers[HEADER] == "c-1"
    said = answer.json()
    assert (said["type"], said["mostBytes"]) == (
        "tag:motcua.vn,2026:problems/too-large",
        BODY_BYTES,
    )
    assert said["detail"] != said["detailVi"]
    assert [(line["event"], line["status"]) for line in lines] == [("request", 413)]


async def test_no_more_is_read_than_shows_that_it_is_too_much():
    read = 0

    async def flood() -> AsyncIterator[bytes]:
        nonlocal read
        while read < 8 * BODY_BYTES:
            read += CHUNK
            yield bytes(CHUNK)

    assert (await post("/notes", flood())).status_code == 413
    assert read <= BODY_BYTES + 2 * CHUNK


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_of_just_the_limit_is_read(*, declared: bool):
    content = note(BODY_BYTES)
    answer = await post("/notes", content if declared else streamed(content))
    assert (answer.status_code, answer.json()) == (200, BODY_BYTES - len(note(0)))


@pytest.mark.parametrize("declared", [True, False])
async def test_a_route_with_a_limit_of_its_own_reads_more(*, declared: bool):
    content = bytes(2 * BODY_BYTES)
    answer = await post("/files", content if declared else streamed(content))
    assert (answer.status_code, answer.json()) == (200, 2 * BODY_BYTES)
