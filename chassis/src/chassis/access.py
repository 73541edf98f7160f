"""Who is asking: bearer tokens (RFC 9068) checked against the issuer's keys, roles, row checks.

The algorithms come from our settings, never from the token, and no header of a token leads us to a
key. The route's role is half of the answer; the row's owner or agency (`owns`, `serves`) the other.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any

import httpx2
import structlog
from fastapi import Depends, FastAPI, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from chassis.errors import Forbidden, Unauthorized, Unavailable
from chassis.settings import OidcSettings

KEPT_SECONDS = 300.0
"""How long keys are used before they are fetched anew."""
PAUSE_SECONDS = 5.0
"""Between two fetches at least, whatever unknown key ids are sent to us."""
FETCH_SECONDS = 5.0

_TYPES = ("at+jwt", "application/at+jwt")
_bearer = HTTPBearer(auto_error=False)
_log = structlog.stdlib.get_logger("chassis.access")


class Role(StrEnum):
    CITIZEN = "citizen"
    OFFICER = "officer"
    SIGNER = "signer"
    AGENCY_SYSTEM = "agency-system"
    OPERATOR = "operator"


_OFFICIAL = frozenset({Role.OFFICER, Role.SIGNER, Role.AGENCY_SYSTEM})


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a valid token speaks for; `subject` is opaque, `claims` may name a person."""

    subject: str
    roles: frozenset[Role]
    agency: str | None = None
    claims: Mapping[str, object] = field(default_factory=dict[str, object], repr=False)

    def owns(self, subject: str) -> bool:
        """Whether a row of the citizen `subject` is their own."""
        return Role.CITIZEN in self.roles and subject == self.subject

    def serves(self, agency: str) -> bool:
        """Whether this is an officer, a signer or a system of `agency`."""
        return bool(self.roles & _OFFICIAL) and agency == self.agency


FetchKeys = Callable[[str], Awaitable[KeySet]]
"""Gives the key set of an issuer, or raises."""


async def fetch_keys(issuer: str) -> KeySet:
    """By OpenID Connect Discovery; follows no redirect, and ends within `FETCH_SECONDS`."""
    async with asyncio.timeout(FETCH_SECONDS), httpx2.AsyncClient() as client:
        found = await client.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        document = found.raise_for_status().json()
        if document["issuer"] != issuer:
            raise ValueError("the discovery document is another issuer's")
        keys = await client.get(document["jwks_uri"])
        return KeySet.import_key_set(keys.raise_for_status().json())


class IssuerKeys:
    """The issuer's keys, fetched when needed; the last good ones stay while the issuer is away."""

    def __init__(self, issuer: str, fetch: FetchKeys, clock: Callable[[], float]) -> None:
        self._issuer, self._fetch, self._clock = issuer, fetch, clock
        self._keys: KeySet | None = None
        self._asked = float("-inf")
        self._lock = asyncio.Lock()

    async def get(self, *, newer: bool = False) -> KeySet:
        """The keys; `newer` when a token names one that is not among them."""
        aged = self._clock() - self._asked >= KEPT_SECONDS
        if self._keys and not newer and (not aged or self._lock.locked()):
            return self._keys
        async with self._lock:
            if self._clock() - self._asked >= PAUSE_SECONDS:
                self._asked = self._clock()
                await self._refresh()
        if self._keys is None:
            raise Unavailable(retry_after=PAUSE_SECONDS)
        return self._keys

    async def _refresh(self) -> None:
        try:
            self._keys = await self._fetch(self._issuer)
        except (httpx2.HTTPError, JoseError, OSError, ValueError, LookupError, TypeError) as error:
            _log.warning("keys of the issuer not fetched", exc_info=error)


class Tokens:
    """Checks access tokens of one issuer."""

    def __init__(
        self,
        settings: OidcSettings,
        *,
        fetch: FetchKeys = fetch_keys,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._algorithms = settings.algorithms
        self._keys = IssuerKeys(settings.issuer, fetch, clock)
        self._registry = jwt.JWTClaimsRegistry(
            leeway=settings.leeway_seconds,
            iss={"essential": True, "value": settings.issuer},
            aud={"essential": True, "value": settings.audience},
            sub={"essential": True},
            exp={"essential": True},
        )

    async def principal(self, token: str) -> Principal:
        """Who `token` speaks for. Raises `Unauthorized`; `Unavailable` when no key was ever had."""
        try:
            verified = await self._verified(token)
            if verified.header.get("typ", "").lower() not in _TYPES:
                raise Unauthorized(challenge=_challenge("not an access token: typ is not at+jwt"))
            self._registry.validate(verified.claims)
        except JoseError as error:
            raise Unauthorized(challenge=_challenge(error.error)) from error
        except TypeError as error:  # joserfc takes the types in a token's header on trust
            raise Unauthorized(challenge=_challenge("malformed header")) from error
        return _principal(verified.claims)

    async def _verified(self, token: str) -> jwt.Token:
        try:
            return jwt.decode(token, await self._keys.get(), self._algorithms)
        except InvalidKeyIdError:
            return jwt.decode(token, await self._keys.get(newer=True), self._algorithms)


def _challenge(why: str) -> str:
    return f'Bearer error="invalid_token", error_description="{why}"'


def _principal(claims: Mapping[str, Any]) -> Principal:
    named, agency = claims.get("roles"), claims.get("agency")
    roles = frozenset(role for role in Role if isinstance(named, list) and role in named)
    return Principal(claims["sub"], roles, agency if isinstance(agency, str) else None, claims)


@dataclass(frozen=True, slots=True)
class Guard:
    """The dependency that `require` makes; `chassis.testing.access` looks for it on every route."""

    roles: frozenset[Role]

    async def __call__(
        self,
        request: Request,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    ) -> Principal:
        if bearer is None:
            raise Unauthorized
        tokens: Tokens = request.app.state.tokens
        principal = await tokens.principal(bearer.credentials)
        if not self.roles & principal.roles:
            raise Forbidden(f"this needs one of the roles: {', '.join(sorted(self.roles))}")
        return principal


def require(role: Role, *others: Role) -> Guard:
    """A dependency that gives the `Principal` of a valid token with one of these roles."""
    return Guard(frozenset({role, *others}))


def install(app: FastAPI, tokens: Tokens) -> None:
    """Let `app`'s guards check with `tokens`."""
    app.state.tokens = tokens
