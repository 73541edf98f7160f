"""/authorize: a person picks who they are and goes back with a code (RFC 6749 §4.1, RFC 7636)."""

import re
import secrets
import time
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from simulators.identity.clients import PORTAL, is_registered_redirect
from simulators.identity.oauth import OAuthError, single_values
from simulators.identity.people import PEOPLE, Person, find_person
from simulators.identity.tokens import Issuer
from simulators.ledger import Ledger
from simulators.pages import page

CODE_SECONDS = 60
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class AuthorizationRequest:
    client_id: str
    redirect_uri: str
    scope: str
    code_challenge: str
    state: str | None
    nonce: str | None


@dataclass(frozen=True)
class Grant:
    request: AuthorizationRequest
    person: Person
    expires: float


class Codes:
    """Codes that were handed out. Each opens once; a restart forgets them, people sign in again."""

    def __init__(self) -> None:
        self._grants: dict[str, Grant] = {}

    def issue(self, request: AuthorizationRequest, person: Person) -> str:
        code = secrets.token_urlsafe(32)
        self._grants[code] = Grant(request, person, time.time() + CODE_SECONDS)
        return code

    def redeem(self, code: str) -> Grant:
        grant = self._grants.pop(code, None)
        if grant is None or grant.expires < time.time():
            raise OAuthError("invalid_grant", "the code is unknown, used or expired; sign in again")
        return grant


class UntrustedRedirectError(Exception):
    """The address of the answer cannot be trusted: show a page instead (RFC 6749 §4.1.2.1)."""


def authorization_routes(issuer: Issuer, codes: Codes, ledger: Ledger) -> APIRouter:
    router = APIRouter(tags=["sign-in"])

    @router.get("/authorize", response_class=HTMLResponse)
    async def choose(request: Request) -> Response:
        lang = request.query_params.get("lang")
        try:
            parameters = single_values(request.query_params)
            _check_redirect(parameters)
        except (OAuthError, UntrustedRedirectError) as error:
            return _refused(error, lang)
        try:
            _read(parameters)
        except OAuthError as error:
            return _back(issuer, parameters, {"error": error.code, "error_description": str(error)})
        return _people_page(request, parameters)

    @router.post("/authorize")
    async def sign_in(request: Request) -> Response:
        try:
            parameters = single_values(await request.form())
            _check_redirect(parameters)
        except (OAuthError, UntrustedRedirectError) as error:
            return _refused(error, None)
        try:
            outcome = _decided(parameters, codes, ledger)
        except OAuthError as error:
            outcome = {"error": error.code, "error_description": str(error)}
        return _back(issuer, parameters, outcome)

    return router


def _check_redirect(parameters: dict[str, str]) -> None:
    client_id = parameters.get("client_id", "")
    if client_id != PORTAL:
        raise UntrustedRedirectError(f"client_id must be {PORTAL}")
    if not is_registered_redirect(client_id, parameters.get("redirect_uri", "")):
        raise UntrustedRedirectError("redirect_uri must be http://127.0.0.1:<any port>/…")


def _read(parameters: dict[str, str]) -> AuthorizationRequest:
    if parameters.get("response_type") != "code":
        raise OAuthError("unsupported_response_type", "response_type must be code")
    if "openid" not in parameters.get("scope", "").split():
        raise OAuthError("invalid_scope", "scope must contain openid")
    if parameters.get("code_challenge_method") != "S256":
        raise OAuthError("invalid_request", "code_challenge_method must be S256")
    challenge = parameters.get("code_challenge", "")
    if not _CHALLENGE.fullmatch(challenge):
        raise OAuthError("invalid_request", "code_challenge must be 43 characters of base64url")
    return AuthorizationRequest(
        client_id=parameters["client_id"],
        redirect_uri=parameters["redirect_uri"],
        scope=parameters["scope"],
        code_challenge=challenge,
        state=parameters.get("state"),
        nonce=parameters.get("nonce"),
    )


def _decided(parameters: dict[str, str], codes: Codes, ledger: Ledger) -> dict[str, str]:
    request = _read(parameters)
    person = find_person(parameters.get("person", ""))
    if person is None:
        raise OAuthError("access_denied", "nobody signed in")
    ledger.record("signed-in", {"subject": person.subject, "client": request.client_id})
    return {"code": codes.issue(request, person)}


def _back(issuer: Issuer, parameters: dict[str, str], outcome: dict[str, str]) -> RedirectResponse:
    answer = {**outcome, "iss": issuer.url}  # RFC 9207
    if "state" in parameters:
        answer["state"] = parameters["state"]
    uri = parameters["redirect_uri"]
    separator = "&" if "?" in uri else "?"
    return RedirectResponse(f"{uri}{separator}{urlencode(answer)}", HTTPStatus.SEE_OTHER)


def _people_page(request: Request, parameters: dict[str, str]) -> HTMLResponse:
    english = request.query_params.get("lang") == "en"
    other = request.url.include_query_params(lang="vi" if english else "en")
    hidden = {name: value for name, value in parameters.items() if name not in {"lang", "person"}}
    values = {"people": PEOPLE, "hidden": hidden, "other_language": f"?{other.query}"}
    return page("identity_people.html", values, lang="en" if english else "vi")


def _refused(error: Exception, lang: str | None) -> HTMLResponse:
    return page("identity_refused.html", {"reason": str(error)}, lang=lang, status=400)
