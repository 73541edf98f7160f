"""Checking our own tokens when they come back to /userinfo."""

import time
from collections.abc import Mapping

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from simulators.identity.oauth import OAuthError
from simulators.identity.tokens import Issuer


def verified_claims(issuer: Issuer, authorization: str) -> Mapping[str, object]:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise OAuthError("invalid_request", "send Authorization: Bearer <access token>", status=401)
    try:
        found = jwt.decode(token.strip(), _keys(issuer), algorithms=["ES256", "RS256"])
    except (JoseError, ValueError) as error:
        raise OAuthError("invalid_token", "the signature does not verify", status=401) from error
    claims: Mapping[str, object] = found.claims
    expires = claims.get("exp")
    if claims.get("iss") != issuer.url or found.header.get("typ") != "at+jwt":
        raise OAuthError("invalid_token", "not an access token of this issuer", status=401)
    if not isinstance(expires, int) or expires <= time.time():
        raise OAuthError("invalid_token", "the token has expired", status=401)
    return claims


def _keys(issuer: Issuer) -> KeySet:
    keyring = issuer.keyring
    return KeySet([key for key in (keyring.waiting, keyring.active, keyring.previous) if key])
