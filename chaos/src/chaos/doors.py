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


class _Transport(httpx2.AsyncHTTPTransport):
    """The library's own, but that each connection that fails fails as one."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            return await super().handle_async_request(request)
        except AttributeError as error:
            # Reset at once, it has no socket any more when anyio looks at it.
            raise httpx2.ConnectError("reset before it was open") from error


def _client(url: str) -> httpx2.AsyncClient:
    limits = httpx2.Limits(
        max_connections=MOST_CONNECTIONS,
        max_keepalive_connections=MOST_CONNECTIONS,
        keepalive_expiry=KEPT_ALIVE_SECONDS,
    )
    timeout = httpx2.Timeout(ANSWER_SECONDS, connect=5.0, pool=None)
    transport = _Transport(limits=limits, trust_env=False)
    return httpx2.AsyncClient(base_url=url, transport=transport, timeout=timeout, trust_env=False)
