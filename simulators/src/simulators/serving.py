"""Listening, and saying so: one JSON line on stdout once everything answers."""

import asyncio
import contextlib
import json
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import FrameType

import uvicorn
from fastapi import FastAPI

from simulators.errors import SimulatorError


@dataclass(frozen=True)
class Listener:
    """A bound socket; port 0 was asked for, the real one stands here."""

    socket: socket.socket
    host: str

    @property
    def port(self) -> int:
        return int(self.socket.getsockname()[1])

    @property
    def url(self) -> str:
        host = "127.0.0.1" if self.host in {"0.0.0.0", ""} else self.host  # noqa: S104 - compared, not bound
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


@dataclass(frozen=True)
class Party:
    """A simulator ready to run: its HTTP side and the other ports it listens on."""

    app: FastAPI
    ports: Mapping[str, int] = field(default_factory=dict[str, int])


def listen(host: str, port: int, *, option: str = "--port") -> Listener:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except (OSError, OverflowError) as error:
        bound.close()
        raise SimulatorError(
            f"cannot listen on {host}:{port} ({error}); "
            f"choose another with {option}, or {option} 0 for any free one"
        ) from error
    return Listener(bound, host)


class _AnnouncingServer(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, announcement: Mapping[str, object]) -> None:
        super().__init__(config)
        self._announcement = announcement

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            sys.stdout.write(json.dumps(self._announcement) + "\n")
            sys.stdout.flush()


def serve(party: Party, listener: Listener, *, log_level: str) -> None:
    """Runs until SIGTERM or SIGINT; returns when everything is closed."""
    config = uvicorn.Config(
        party.app,
        log_level=log_level,
        access_log=log_level in {"info", "debug"},
        timeout_graceful_shutdown=3,
    )
    announcement = {"ready": True, "port": listener.port, "url": listener.url, **party.ports}
    # uvicorn raises the signal again once everything is closed; being told to stop is no failure
    signal.signal(signal.SIGTERM, _stop)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_AnnouncingServer(config, announcement).serve([listener.socket]))


def _stop(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)
