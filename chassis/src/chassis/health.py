"""`/livez` (this process works), `/readyz` (what it needs is there), `/metrics`.

Readiness never asks another service, and liveness never asks the database or the broker: an outage
of either must not restart every service at once.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import NoReturn

import structlog
from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from chassis.kafka import within

PUBLIC_PATHS = frozenset({"/livez", "/readyz", "/metrics"})
CHECK_SECONDS = 5.0
WATCH_SECONDS = 5.0
STRIKES = 6

Check = Callable[[], Awaitable[None]]
"""Raises when what it checks is not there."""

log = structlog.get_logger(__name__)


def routes(*, alive: Callable[[], bool], checks: Mapping[str, Check]) -> APIRouter:
    router = APIRouter(tags=["operations"])

    @router.get("/livez")
    async def livez() -> Response:
        return PlainTextResponse("ok") if alive() else PlainTextResponse("not alive", 503)

    @router.get("/readyz")
    async def readyz() -> Response:
        verdicts = {name: await _verdict(check) for name, check in checks.items()}
        ready = all(verdict == "ok" for verdict in verdicts.values())
        return JSONResponse(verdicts, 200 if ready else 503)

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


async def _verdict(check: Check) -> str:
    try:
        await within(check(), CHECK_SECONDS)
    except Exception as error:  # noqa: BLE001 - whatever it is, the answer is "not ready", by type only
        return type(error).__name__
    return "ok"


async def watch(alive: Callable[[], bool]) -> None:
    """End the process when it has not been alive for some checks on end: a supervisor starts it
    anew.
    """
    strikes = 0
    while strikes < STRIKES:
        await asyncio.sleep(WATCH_SECONDS)
        strikes = 0 if alive() else strikes + 1
    end_process("a consumer stopped working")


def end_process(why: str) -> NoReturn:
    """End at once, as a crash would: what was not committed is done again after the restart."""
    log.critical("ending the process so that it is started anew", why=why)
    os._exit(70)
