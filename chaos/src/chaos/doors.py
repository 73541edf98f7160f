"""Where citizens and officers knock: one client for each host, shared by all of them."""

from collections.abc import Mapping
from typing import Any, Self

import httpx2

MOST_CONNECTIONS = 400
"""For each host; a burst waits here rather than for file descriptors."""
ANSWER_SECONDS = 15.0
KEPT_ALIVE_SECONDS = 3.0
"""Shorter than uvicorn keeps an idle connection, so that both rarely choose the same moment."""


class Doors:
    """The HTTP addresses of `Rig.doors`, in the shape of `endpoints.json`."""

    def __init__(self, addresses: Mapping[str, Any]) -> None:
        services = addresses["services"]
        self.intake = _client(services["intake"]["url"])
        self.payment = _client(services["payment"]["url"])
        self.certification = _client(services["certification"]["url"])
        self.gateway = _client(addresses["gateways"]["vnpay"]["url"])
        self.identity = _client(addresses["identity"]["issuer"])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in vars(self).values():
            await client.aclose()


def _client(url: str) -> httpx2.AsyncClient:
    limits = httpx2.Limits(
        max_connections=MOST_CONNECTIONS,
        max_keepalive_connections=MOST_CONNECTIONS,
        keepalive_expiry=KEPT_ALIVE_SECONDS,
    )
    timeout = httpx2.Timeout(ANSWER_SECONDS, connect=5.0, pool=None)
    return httpx2.AsyncClient(base_url=url, limits=limits, timeout=timeout, trust_env=False)
