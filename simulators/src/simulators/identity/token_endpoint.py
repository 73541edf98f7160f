"""/token: authorization_code with PKCE for people, client_credentials for systems."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from simulators.identity.authorization import Codes
from simulators.identity.clients import Client
from simulators.identity.discovery import disturbed
from simulators.identity.oauth import NEVER_STORED, OAuthError, single_values
from simulators.identity.tokens import Issuer
from simulators.ledger import Ledger


@dataclass(frozen=True)
class TokenEndpoint:
    issuer: Issuer
    codes: Codes
    clients: Mapping[str, Client]
    ledger: Ledger

    def answer(self, parameters: dict[str, str], authorization: str) -> dict[str, str | int]:
        grant_type = parameters.get("grant_type")
        if grant_type == "authorization_code":
            return self._for_person(parameters)
        if grant_type == "client_credentials":
            return self._for_client(parameters, authorization)
        raise OAuthError(
            "unsupported_grant_type", "grant_type must be authorization_code or client_credentials"
        )

    def _for_person(self, parameters: dict[str, str]) -> dict[str, str | int]:
        grant = self.codes.redeem(parameters.get("code", ""))
        request = grant.request
        if parameters.get("client_id") != request.client_id:
            raise OAuthError("invalid_grant", "the code was issued to another client")
        if parameters.get("redirect_uri") != request.redirect_uri:
            raise OAuthError("invalid_grant", "redirect_uri is not the one of the sign-in")
        if not _proves(parameters.get("code_verifier", ""), request.code_challenge):
            raise OAuthError("invalid_grant", "code_verifier does not fit the code_challenge")
        profile = grant.person.profile()
        token = self.issuer.access_token(grant.person.access_claims(), client_id=request.client_id)
        self._remember("authorization_code", grant.person.subject)
        return {
            **self._body(token),
            "scope": request.scope,
            "id_token": self.issuer.id_token(
                profile, client_id=request.client_id, nonce=request.nonce
            ),
        }

    def _for_client(self, parameters: dict[str, str], authorization: str) -> dict[str, str | int]:
        client_id, secret = _credentials(parameters, authorization)
        client = self.clients.get(client_id)
        if client is None or not client.knows(secret):
            self.ledger.record("refused", {"client": client_id})
            raise OAuthError("invalid_client", "unknown client or wrong secret", status=401)
        self._remember("client_credentials", client_id)
        return self._body(self.issuer.access_token(client.access_claims(), client_id=client_id))

    def _body(self, token: str) -> dict[str, str | int]:
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": self.issuer.lifetime,
        }

    def _remember(self, grant_type: str, subject: str) -> None:
        kid = self.issuer.keyring.active.kid
        self.ledger.record("issued", {"grantType": grant_type, "subject": subject, "key": kid})


def token_routes(endpoint: TokenEndpoint) -> APIRouter:
    router = APIRouter(tags=["tokens"])

    @router.post("/token")
    async def token(request: Request) -> Response:
        spoiled = await disturbed(endpoint.issuer, "token")
        parameters = single_values(await request.form())
        body = endpoint.answer(parameters, request.headers.get("Authorization", ""))
        return spoiled or JSONResponse(body, headers=NEVER_STORED)

    return router


def _proves(verifier: str, challenge: str) -> bool:
    if not 43 <= len(verifier) <= 128:
        return False
    digest = hashlib.sha256(verifier.encode()).digest()
    computed = base64.urlsafe_b64encode(digest).rstrip(b"=")
    return hmac.compare_digest(computed, challenge.encode())


def _credentials(parameters: dict[str, str], authorization: str) -> tuple[str, str]:
    """client_secret_basic or client_secret_post, never both (RFC 6749 §2.3)."""
    if not authorization:
        return parameters.get("client_id", ""), parameters.get("client_secret", "")
    if "client_secret" in parameters:
        raise OAuthError("invalid_request", "send the secret once: header or form")
    try:
        scheme, _, encoded = authorization.partition(" ")
        client_id, separator, secret = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        scheme, separator, client_id, secret = "", "", "", ""
    if scheme.lower() != "basic" or not separator:
        raise OAuthError("invalid_client", "Authorization must be Basic", status=401)
    return unquote_plus(client_id), unquote_plus(secret)
