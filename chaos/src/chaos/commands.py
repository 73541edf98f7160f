"""One place through which every command goes: sent until it is answered, and written down.

What is repeated is the same to the byte, under the same Idempotency-Key. `fail` is said only when
it is sure that nothing happened; who does not know says `unknown`.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import httpx2

from chaos.citizens import Person
from chaos.history import History, Outcome
from chaos.progress import Progress

Json = dict[str, Any]

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
LONGEST_OBEYED = 15.0
"""How long a Retry-After is obeyed at most."""


def new_key() -> str:
    """An Idempotency-Key for one command, however often it is sent."""
    return str(uuid4())


class Declined(Exception):  # noqa: N818 - the gateway's word
    """The answer is no error, and still says that nothing was done."""


def nothing_more(_: httpx2.Response) -> Json:
    """What the `ok` line of a command says whose answer is of no interest."""
    return {}


@dataclass(frozen=True)
class Command:
    """Something that somebody wants done."""

    name: str
    by: Person
    door: httpx2.AsyncClient
    path: str
    told: Mapping[str, object]
    """What its invoke line carries."""
    key: str | None = None
    content: bytes = b""
    content_type: str = "application/json"
    read: Callable[[httpx2.Response], Json] = nothing_more
    """What of the answer is written down; raises `Declined`."""
    not_yet: frozenset[str] = frozenset()
    """Refusals that pass, because something elsewhere is still on its way."""
    method: str = "POST"
    another: bytes | None = None
    """A body that asks for something else: to be refused under the same key."""
    cut: bool = False
    """Whether the body breaks off in the middle when it is sent first."""

    def otherwise(self) -> "Command":
        """The same key with another body."""
        told = {**self.told, "otherBody": True}
        return replace(self, content=self.another or b"", told=told, another=None)

    def headers(self) -> dict[str, str]:
        key = {"Idempotency-Key": self.key} if self.key else {}
        kind = {"Content-Type": self.content_type} if self.content else {}
        return {**kind, **key, **self.by.authorization()}


@dataclass(frozen=True)
class Answer:
    """What came of a command."""

    outcome: Outcome
    told: Mapping[str, Any] = field(default_factory=dict[str, Any])
    body: Any = None
    """The JSON of the answer, where there is some."""
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    why: str = ""
    """The slug of the refusal, or the error."""

    @property
    def ok(self) -> bool:
        return self.outcome == "ok"


class Verdict(Enum):
    """What one try's answer means."""

    DONE = auto()
    REFUSED = auto()
    AGAIN = auto()
    """Nothing happened; it is worth another try."""
    PERHAPS = auto()
    """Nobody knows; another try tells."""


def judge(status: int, *, slug: str = "", not_yet: frozenset[str] = frozenset()) -> Verdict:
    """A 5xx is no proof of anything: the commit may have worked and its answer been lost."""
    if status < HTTPStatus.BAD_REQUEST:
        return Verdict.DONE
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Verdict.PERHAPS
    passing = status in {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
    return Verdict.AGAIN if passing or slug in not_yet else Verdict.REFUSED


def never_left(error: Exception) -> bool:
    """Whether it is sure that no byte of the request arrived."""
    return isinstance(error, (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout))


@dataclass
class _Tries:
    """How a command went so far."""

    command: Command
    deadline: float
    count: int = 0
    in_doubt: bool = False
    """Whether some try may have taken effect, or is under way."""
    last: str = ""
    status: int | None = None

    def refused(self) -> Outcome:
        return "unknown" if self.in_doubt else "fail"


class Courier:
    """Carries commands to the services, as often as it takes."""

    def __init__(self, history: History, progress: Progress, *, patience: float) -> None:
        self._history = history
        self._progress = progress
        self._patience = patience
        # Of its own: how often something is repeated must not change what a seed stands for.
        self._jitter = random.Random()  # noqa: S311 - no secret

    async def carry(self, command: Command) -> Answer:
        """Send until there is a final answer or patience ends; both lines are written."""
        key = {"key": command.key} if command.key else {}
        cut = {"cut": True} if command.cut else {}
        name, by = command.name, command.by.name
        command_id = self._history.invoke(name, by, **key, **cut, **command.told)
        tries = _Tries(command, time.monotonic() + self._patience)
        answer = Answer("unknown", why="the load ended")
        try:
            answer = await self._send(tries)
        except asyncio.CancelledError:
            answer = Answer(tries.refused(), why="the load ended")
            raise
        finally:
            self._end(command_id, answer, tries)
        return answer

    async def ask(self, question: Command) -> Answer:
        """The same for a question: it changes nothing and is not written down."""
        return await self._send(_Tries(question, time.monotonic() + self._patience))

    def _end(self, command_id: str, answer: Answer, tries: _Tries) -> None:
        error = {"error": answer.why} if answer.why else {}
        status = {"status": tries.status} if tries.status else {}
        self._progress.unknown += answer.outcome == "unknown"
        self._history.end(
            command_id, answer.outcome, **status, **error, tries=tries.count, **answer.told
        )

    async def _send(self, tries: _Tries) -> Answer:
        while True:
            answer, pause = await self._try(tries)
            if answer:
                return answer
            if time.monotonic() + pause > tries.deadline:
                return Answer(tries.refused(), why=tries.last)
            await asyncio.sleep(pause)

    async def _try(self, tries: _Tries) -> tuple[Answer | None, float]:
        """A final answer, or how long to wait for the next try."""
        command, doubted = tries.command, tries.in_doubt
        tries.count += 1
        try:
            await command.by.sign_in()
            # Until its answer is there, or it is known that it never left.
            tries.in_doubt = True
            response = await _sent(command, cut=command.cut and tries.count == 1)
        except httpx2.HTTPError as error:
            tries.in_doubt = doubted or (tries.in_doubt and not never_left(error))
            tries.last = type(error).__name__
            return None, self._pause(tries)
        except _CutOff:
            tries.in_doubt, tries.last = doubted, "cut off"
            return None, self._pause(tries)
        return await self._weigh(response, tries, doubted=doubted)

    async def _weigh(
        self, response: httpx2.Response, tries: _Tries, *, doubted: bool
    ) -> tuple[Answer | None, float]:
        command, status = tries.command, response.status_code
        self._progress.statuses[status] += 1
        body = _json(response)
        slug = slug_of(body)
        tries.status, tries.last = status, slug or str(status)
        verdict = judge(status, slug=slug, not_yet=command.not_yet)
        tries.in_doubt = doubted or verdict is Verdict.PERHAPS
        match verdict:
            case Verdict.DONE:
                return _done(response, body, tries), 0.0
            case Verdict.REFUSED:
                return Answer(tries.refused(), body=body, why=slug or str(status)), 0.0
            case _:
                if status == HTTPStatus.UNAUTHORIZED:
                    command.by.forget_token(response.request.headers["Authorization"])
                return None, self._pause(tries, response.headers.get("Retry-After"))

    def _pause(self, tries: _Tries, wished: str | None = None) -> float:
        growing = min(LONGEST_PAUSE, FIRST_PAUSE * 1.7 ** (tries.count - 1))
        pause = growing * self._jitter.uniform(0.5, 1.5)
        with suppress(TypeError, ValueError):
            pause += min(LONGEST_OBEYED, float(wished or 0))
        return pause


def _done(response: httpx2.Response, body: object, tries: _Tries) -> Answer:
    try:
        told = tries.command.read(response)
    except Declined as declined:
        return Answer(tries.refused(), body=body, headers=response.headers, why=str(declined))
    except (LookupError, TypeError, ValueError) as error:
        return Answer("unknown", body=body, why=f"an answer that says nothing: {error!r}")
    headers, content = response.headers, response.content
    return Answer("ok", told, body=body, content=content, headers=headers)


def slug_of(body: object) -> str:
    """Which problem (RFC 9457) a refusal names."""
    kind = body.get("type") if isinstance(body, dict) else None
    return kind.rpartition("/")[2] if isinstance(kind, str) else ""


def _json(response: httpx2.Response) -> Any:  # noqa: ANN401 - JSON
    if "json" not in response.headers.get("Content-Type", ""):
        return None
    try:
        return response.json()
    except ValueError:
        return None


class _CutOff(Exception):  # noqa: N818 - what happened
    """We ended the request ourselves, in its middle."""


async def _sent(command: Command, *, cut: bool) -> httpx2.Response:
    headers, content = command.headers(), command.content
    if cut:
        headers["Content-Length"] = str(len(content))
        content = _broken(content)
    return await command.door.request(
        command.method, command.path, content=content, headers=headers
    )


async def _broken(content: bytes) -> AsyncIterator[bytes]:
    yield content[: len(content) // 2]
    raise _CutOff
