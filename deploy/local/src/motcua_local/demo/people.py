"""People of the stories: each signs in at the identity provider and speaks HTTP with a token."""

import base64
import hashlib
import secrets
import time
from collections.abc import Callable, Container
from dataclasses import dataclass
from functools import cache, partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from motcua_local.errors import LocalError

PORTAL = "motcua-portal"
REDIRECT = "http://127.0.0.1/signed-in"
"""Nobody listens there: the code is read off the redirect, as an app would intercept it."""

PATIENCE_SECONDS = 60.0
PAUSE_SECONDS = 0.5
_AWAY = frozenset({503})


@cache
def http() -> httpx2.Client:
    """The client that everybody shares: making one takes longer than asking."""
    return httpx2.Client(timeout=30)


def patiently(
    ask: Callable[[], httpx2.Response], *, again: Container[int] = _AWAY
) -> httpx2.Response:
    """Ask until somebody answers, as a front end does; at the latest the last word counts.

    Asking twice must do no harm: a command carries the same Idempotency-Key each time.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        late = time.monotonic() > deadline
        try:
            answer = ask()
        except httpx2.TransportError:
            if late:
                raise
        else:
            if late or answer.status_code not in again:
                return answer
        time.sleep(PAUSE_SECONDS)


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in. `key` is the name at the identity provider."""

    key: str
    token: str

    def send(
        self,
        method: str,
        url: str,
        *,
        again: Container[int] = _AWAY,
        **arguments: Any,  # noqa: ANN401 - httpx2's own
    ) -> httpx2.Response:
        """A request with the person's token; anything but success is an error that tells why."""
        headers = {"Authorization": f"Bearer {self.token}", **arguments.pop("headers", {})}
        ask = partial(http().request, method, url, headers=headers, **arguments)
        answer = patiently(ask, again=again)
        if not answer.is_success:
            raise LocalError(
                f"{method} {urlsplit(url).path} answered {answer.status_code}: {answer.text[:500]}",
                next_step="read the logs: motcua logs",
            )
        return answer

    def post(self, url: str, body: object = None, *, key: str | None = None) -> Any:  # noqa: ANN401 - JSON
        headers = {"Idempotency-Key": key} if key else {}
        return self.send("POST", url, json=body or {}, headers=headers).json()

    def get(self, url: str) -> Any:  # noqa: ANN401 - JSON
        return self.send("GET", url).json()

    @property
    def mail_address(self) -> str:
        return f"{self.key}@example.vn"


def sign_in(issuer: str, key: str) -> Person:
    """The OIDC code flow with PKCE, as a browser would walk it."""
    # 400: the provider was started anew between the two steps and forgot the code.
    tokens = patiently(partial(_walk, issuer, key), again={400, 503}).raise_for_status().json()
    return Person(key, tokens["access_token"])


def _walk(issuer: str, key: str) -> httpx2.Response:
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    request = {
        "client_id": PORTAL,
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": "openid",
        "state": secrets.token_urlsafe(8),
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    back = http().post(f"{issuer}/authorize", data={**request, "person": key})
    code = parse_qs(urlsplit(back.headers["location"]).query)["code"][0]
    exchange = {
        "grant_type": "authorization_code",
        "client_id": PORTAL,
        "redirect_uri": REDIRECT,
        "code": code,
        "code_verifier": verifier,
    }
    return http().post(f"{issuer}/token", data=exchange)
