"""A small HTTP server that answers each request as it is told to, also badly, and remembers all."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

SECONDS = 5.0


@dataclass(frozen=True)
class Heard:
    """A request as far as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def key(self) -> str | None:
        return self.headers.get("idempotency-key")


@dataclass(frozen=True)
class Mood:
    """How the next request is answered; `status` None: not at all, the connection ends."""

    status: int | None = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    after: float = 0.0

    def lines(self) -> bytes:
        content = json.dumps(self.body or {}).encode()
        head = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status or 200).phrase}"]
        told = {"Content-Type": "application/problem+json", "Content-Length": str(len(content))}
        head += [f"{name}: {value}" for name, value in (told | self.headers).items()]
        return "\r\n".join([*head, "Connection: close", "", ""]).encode() + content


SILENCE = Mood(None)


def refusal(status: int, slug: str, **headers: str) -> Mood:
    """A problem as the services answer it."""
    return Mood(status, {"type": f"tag:motcua.vn,2026:problems/{slug}"}, headers)


@dataclass
class MoodyServer:
    """Mints a token for everybody; all else is answered by `moods`, at last always by `lastly`."""

    url: str = ""
    moods: list[Mood] = field(default_factory=list[Mood])
    lastly: Mood = field(default_factory=Mood)
    heard: list[Heard] = field(default_factory=list[Heard])
    wishes: list[Any] = field(default_factory=list[Any])
    """What tokens were asked for."""

    def will(self, *moods: Mood, lastly: Mood | None = None) -> None:
        self.moods, self.lastly = [*moods], lastly or Mood()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await _read(reader)
        if request is None:
            return
        if request.path == "/_tokens":
            self.wishes.append(json.loads(request.body))
            mood = Mood(body={"access_token": f"token-{len(self.wishes)}"})
        else:
            self.heard.append(request)
            mood = self.moods.pop(0) if self.moods else self.lastly
        await asyncio.sleep(mood.after)
        if mood.status is not None:
            writer.write(mood.lines())
            await writer.drain()


async def _read(reader: asyncio.StreamReader) -> Heard | None:
    """A request, also one whose body breaks off; None where nobody asks anything."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    except asyncio.IncompleteReadError:
        return None
    pairs = (line.partition(": ") for line in head[1:] if line)
    headers = {name.lower(): value for name, _, value in pairs}
    try:
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    except asyncio.IncompleteReadError as error:
        body = error.partial
    return Heard(head[0].split()[1], headers, body)


@asynccontextmanager
async def moody_server() -> AsyncGenerator[MoodyServer]:
    server = MoodyServer()
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0) as listening:
        host, port = listening.sockets[0].getsockname()
        server.url = f"http://{host}:{port}"
        yield server
