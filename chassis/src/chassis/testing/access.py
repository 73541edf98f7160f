"""An issuer of tokens for tests, and the proof that a service leaves nothing open by accident."""

import time
from collections.abc import Collection

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from chassis.access import Guard, Role, Tokens
from chassis.settings import OidcSettings


class Issuer:
    """Mints access tokens, and checks them without a network."""

    def __init__(self, settings: OidcSettings) -> None:
        self.settings = settings
        self.key = ECKey.generate_key("P-256", auto_kid=True)

    def tokens(self) -> Tokens:
        return Tokens(self.settings, fetch=self.key_set)

    async def key_set(self, _: str) -> KeySet:
        return KeySet.import_key_set({"keys": [self.key.as_dict(private=False)]})

    def token(self, subject: str, *roles: Role, agency: str | None = None, **claims: object) -> str:
        """A valid token, save for what `claims` overrides."""
        now = int(time.time())
        facts = {"iss": self.settings.issuer, "aud": self.settings.audience, "sub": subject}
        facts |= {"iat": now, "exp": now + 300, "roles": list(roles), "agency": agency, **claims}
        return jwt.encode({"alg": "ES256", "kid": self.key.kid, "typ": "at+jwt"}, facts, self.key)


def open_routes(app: FastAPI) -> set[str]:
    """Every route without a guard, as `GET /v1/things/{id}`; a mount or websocket as `* /path`."""
    return {
        f"{method} {route.path}"
        for route in iter_route_contexts(app.routes)
        for method in route.methods or {"*"}
        if not _guarded(getattr(route, "dependant", None))
    }


def assert_guarded(app: FastAPI, *, public: Collection[str]) -> None:
    """Exactly the routes in `public` are open: no other, and none that is gone."""
    found, expected = open_routes(app), set(public)
    if found != expected:
        raise AssertionError(f"open: {found - expected}; not open or gone: {expected - found}")


def _guarded(dependant: Dependant | None) -> bool:
    return dependant is not None and (
        isinstance(dependant.call, Guard) or any(map(_guarded, dependant.dependencies))
    )
