"""What readers of tokens fetch: metadata, keys, the profile. And the change of keys."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from simulators.faults import CutConnection, break_down, pause
from simulators.identity.clients import PORTAL
from simulators.identity.oauth import OAuthError
from simulators.identity.people import find_person
from simulators.identity.reading import verified_claims
from simulators.identity.tokens import Issuer
from simulators.ledger import Ledger


def metadata(issuer: Issuer) -> dict[str, object]:
    """OpenID Connect Discovery 1.0 §3, RFC 8414."""
    url = issuer.url
    return {
        "issuer": url,
        "authorization_endpoint": f"{url}/authorize",
        "token_endpoint": f"{url}/token",
        "userinfo_endpoint": f"{url}/userinfo",
        "jwks_uri": f"{url}/jwks",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "subject_types_supported": ["public"],
        "scopes_supported": ["openid", "profile", "email"],
        "id_token_signing_alg_values_supported": [str(issuer.keyring.active.alg)],
        "token_endpoint_auth_methods_supported": [
            "none",
            "client_secret_basic",
            "client_secret_post",
        ],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "ui_locales_supported": ["vi", "en"],
    }


async def disturbed(issuer: Issuer, endpoint: str) -> Response | None:
    """Lets the faults for this endpoint strike; a response that replaces the right one, or None."""
    await pause(issuer.faults.take("delay", endpoint))
    break_down(issuer.faults.take("status-500", endpoint))
    return CutConnection() if issuer.faults.take("cut", endpoint) else None


def discovery_routes(issuer: Issuer, ledger: Ledger) -> APIRouter:
    router = APIRouter(tags=["discovery"])

    @router.get("/.well-known/openid-configuration")
    @router.get("/.well-known/oauth-authorization-server")
    async def configuration() -> Response:
        return await disturbed(issuer, "discovery") or JSONResponse(metadata(issuer))

    @router.get("/jwks")
    async def keys() -> Response:
        return await disturbed(issuer, "jwks") or JSONResponse(
            issuer.keyring.published(), headers={"Cache-Control": "max-age=60"}
        )

    @router.get("/userinfo")
    @router.post("/userinfo")
    async def userinfo(request: Request) -> Response:
        spoiled = await disturbed(issuer, "userinfo")
        claims = verified_claims(issuer, request.headers.get("Authorization", ""))
        person = find_person(str(claims.get("sub")))
        if person is None or claims.get("client_id") != PORTAL:
            raise OAuthError("invalid_token", "the token is not of a person", status=401)
        return spoiled or JSONResponse(person.profile())

    @router.post("/_rotate")
    async def rotate() -> dict[str, str | None]:
        """The waiting key signs from now on; tokens of the previous key stay verifiable."""
        issuer.keyring.rotate()
        ledger.record("rotated", {"active": issuer.keyring.active.kid})
        return {"active": issuer.keyring.active.kid, "waiting": issuer.keyring.waiting.kid}

    return router
