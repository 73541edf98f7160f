"""What belongs together: one correlation id from an HTTP request through every event and log line.

The context carries it, so business code never passes it on: the outbox reads `current()` when it
appends, the consumer opens `caused_by(event)` around each handler, the log reads every line's.
"""

import re
import time
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from random import getrandbits

import structlog
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis import metrics
from chassis.clock import uuid7
from chassis.errors import InternalError, problem_response
from motcua_contracts.envelope import Event, EventData

HEADER = "X-Correlation-ID"

_QUIET = {"/livez", "/readyz", "/metrics"}
_SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})")


@dataclass(frozen=True, slots=True)
class Correlation:
    """Why something happens: the whole it belongs to, the event that caused it, its place in the
    trace (W3C Trace Context, version 00).
    """

    correlation_id: str
    causation_id: str | None
    traceparent: str

    @classmethod
    def start(
        cls, correlation_id: str | None = None, traceparent: str | None = None
    ) -> "Correlation":
        """From what a caller outside sent; an id or trace that is malformed gets a fresh one."""
        safe = _SAFE_ID.fullmatch(correlation_id or "")
        return cls(safe[0] if safe else str(uuid7()), None, _child(traceparent))


def _child(traceparent: str | None) -> str:
    """The same trace with a span of our own, or a new trace that asks nobody to sample it."""
    known = _TRACEPARENT.fullmatch(traceparent or "")
    trace, flags = known.groups() if known else (f"{getrandbits(128) or 1:032x}", "00")
    return f"00-{trace}-{getrandbits(64) or 1:016x}-{flags}"


_log = structlog.stdlib.get_logger("chassis.requests")
_current: ContextVar[Correlation | None] = ContextVar("correlation", default=None)


def known() -> Correlation | None:
    """The correlation of the present context, if there is one."""
    return _current.get()


def current() -> Correlation:
    """The correlation of the present context; a fresh one, each time, where nothing is bound."""
    return _current.get() or Correlation.start()


@contextmanager
def bound(correlation: Correlation) -> Generator[Correlation]:
    """Everything within the block, and every task started in it, belongs to `correlation`."""
    token = _current.set(correlation)
    try:
        yield correlation
    finally:
        _current.reset(token)


def caused_by(event: Event[EventData]) -> AbstractContextManager[Correlation]:
    """Within the block, `event` is the cause of what happens: a new span in its trace."""
    return bound(Correlation(event.correlation_id, event.id, _child(event.traceparent)))


def install(app: Starlette) -> None:
    """Surround each request of `app`: bind its `X-Correlation-ID` and `traceparent`, echo the
    former, answer a bug with a bare 500, and write one line with the template of the route, since
    paths and queries may name people.
    """
    app.add_middleware(_Requests)


class _Requests:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent, start = Headers(scope=scope), time.perf_counter()
        with bound(Correlation.start(sent.get(HEADER), sent.get("traceparent"))):
            status = await self._answer(scope, receive, send)
            route = getattr(scope.get("route"), "path", "unknown")
            if route not in _QUIET:
                ms = round((time.perf_counter() - start) * 1000, 1)
                _log.info("request", method=scope["method"], route=route, status=status, ms=ms)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> int:
        status = 0

        async def echo(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = current().correlation_id
            await send(message)

        try:
            await self._app(scope, receive, echo)
        except Exception:
            metrics.REQUEST_BUGS.inc()
            _log.exception("unhandled error")
            if status:
                raise  # half an answer is out: only the server can break it off
            await problem_response(InternalError())(scope, receive, echo)
        return status
