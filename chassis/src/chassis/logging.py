"""One line of JSON per happening, on stdout, and no personal data in it.

What may be said is listed, all else is withheld: the names of fields, the types of values, the
libraries whose sentences are known to quote nobody. An exception is its type, its code and its
frames; its message is left out unless its author promised (`chassis.errors`) that it names nobody.
"""

import logging
import sys
import traceback
from collections.abc import Collection
from datetime import date
from types import TracebackType
from typing import cast
from uuid import UUID

import structlog
from structlog.typing import EventDict, WrappedLogger

from chassis import correlation
from chassis.errors import Permanent, Problem, Transient

FIELDS = frozenset(
    """
    event level time service logger where correlation_id causation_id traceparent exception error
    method route status ms host port signal consumer topic partition offset sequence event_id
    event_type source state reason attempts count seconds sweep version revision
    """.split()  # noqa: SIM905 - one word a line would not be read
)
"""What any service may say; a service adds its own with `configure`."""

WITHHELD = "[withheld]"
_LONGEST = 300
_DISCREET = {"aiokafka", "alembic", "asyncio", "uvicorn"}
"""Libraries whose messages tell of nodes, topics and tasks, in the first line at least."""


def configure(service: str, *, level: str = "INFO", fields: Collection[str] = ()) -> None:
    """Log as `service` from now on; `fields` are the names it may say beyond `FIELDS`."""
    allowed = FIELDS.union(fields)

    def in_context(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
        if known := correlation.known():
            line["correlation_id"] = known.correlation_id
            line["causation_id"] = known.causation_id
            line["traceparent"] = known.traceparent
        return {**line, "service": service}

    def discretion(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
        error = _error(line.pop("exc_info", None))
        said = {n: _discreet(value) if n in allowed else WITHHELD for n, value in line.items()}
        return {**said, "exception": _told(error)} if error else said

    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", key="time"),
            in_context,
            discretion,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.WriteLogger(sys.stdout),
    )
    logging.basicConfig(handlers=[_FromLibraries()], level=logging.WARNING, force=True)
    sys.excepthook = _uncaught


def _discreet(value: object) -> object:
    match value:
        case str():
            return value[:_LONGEST]
        case bool() | int() | float() | None:
            return value
        case date() | UUID():
            return str(value)
        case _:
            return WITHHELD


class _FromLibraries(logging.Handler):
    """Brings what libraries log through the standard `logging` into the same lines."""

    def emit(self, record: logging.LogRecord) -> None:
        discreet = record.name.partition(".")[0] in _DISCREET
        said = record.getMessage().partition("\n")[0] if discreet else WITHHELD
        structlog.get_logger().log(
            record.levelno,
            said,
            logger=record.name,
            where=f"{record.module}:{record.lineno}",
            exc_info=record.exc_info,
        )


def _uncaught(_: type[BaseException], error: BaseException, __: TracebackType | None) -> None:
    structlog.get_logger().critical("uncaught error", exc_info=error)


def _error(exc_info: object) -> BaseException | None:
    """What `exc_info` stands for in its three customary forms: an error, a triple, or true."""
    match exc_info:
        case BaseException() as error:
            return error
        case tuple():
            return cast("tuple[type, BaseException, object]", exc_info)[1]
        case _:
            return sys.exception() if exc_info else None


def _told(error: BaseException) -> dict[str, object]:
    """Type, code, frames, cause. No message, no values."""
    told: dict[str, object] = {
        "type": f"{type(error).__module__}.{type(error).__qualname__}",
        "code": _code(error),
        "frames": [
            f"{frame.f_globals.get('__name__')}:{line} {frame.f_code.co_name}"
            for frame, line in traceback.walk_tb(error.__traceback__)
        ],
    }
    if isinstance(error, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", error)
        told["errors"] = [_told(each) for each in group.exceptions]
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return told | ({"cause": _told(cause)} if cause else {})


def _code(error: BaseException) -> object:
    match error:
        case Problem():
            return error.reason
        case Permanent():
            return f"{error.reason}: {error}"
        case Transient():
            return str(error)
        case OSError():
            return error.strerror
        case _:
            return getattr(error, "sqlstate", None)
