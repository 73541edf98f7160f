import asyncio
import base64
import json
import socket
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

import httpx2
import pytest
import uvicorn
from fastapi import APIRouter, Depends, FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey
from starlette.responses import PlainTextResponse
from starlette.routing import Mount

from chassis.access import (
    KEPT_SECONDS,
    PAUSE_SECONDS,
    Principal,
    Role,
    Tokens,
    fetch_keys,
    install,
    require,
)
from chassis.errors import Unauthorized, Unavailable, install_problem_handlers
from chassis.settings import OidcSettings
from chassis.testing.access import Issuer, assert_guarded, open_routes

SETTINGS = OidcSettings(issuer="https://identity.test", audience="motcua")


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer(SETTINGS)


async def test_a_valid_token_gives_its_principal(issuer: Issuer):
    token = issuer.token("s-1", Role.OFFICER, agency="A1", name="Đào")
    principal = await issuer.tokens().principal(token)
    assert (principal.subject, principal.agency) == ("s-1", "A1")
    assert principal.roles == {Role.OFFICER}
    assert principal.claims["name"] == "Đào"
    assert "Đào" not in repr(principal)


async def test_roles_that_we_do_not_know_and_an_agency_that_is_no_text_count_for_nothing(
    issuer: Issuer,
):
    odd: dict[str, Any] = {"roles": ["root", "citizen", ["officer"], 7], "agency": ["A1"]}
    principal = await issuer.tokens().principal(issuer.token("s-1", **odd))
    assert principal.roles == {Role.CITIZEN}
    assert principal.agency is None
    for malformed in ("operator", None, {"operator": True}):
        assert not (await issuer.tokens().principal(issuer.token("s", roles=malformed))).roles


NOW = int(time.time())


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://elsewhere.test"},
        {"aud": "another-audience"},
        {"aud": ["another-audience"]},
        {"exp": NOW - 3600},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": float("nan")},
        {"nbf": NOW + 3600},
        {"iat": NOW + 3600},
        {"sub": ""},
        {"sub": None},
        {"sub": 7},
    ],
    ids=range(12),  # times are new at each run, names of tests must not be
)
async def test_a_token_with_a_wrong_claim_is_refused(issuer: Issuer, wrong: dict[str, Any]):
    claims: dict[str, Any] = {"subject": "s-1", **wrong}
    token = issuer.token(claims.pop("subject"), Role.OPERATOR, **claims)
    with pytest.raises(Unauthorized) as refused:
        await issuer.tokens().principal(token)
    assert 'error="invalid_token"' in refused.value.headers["WWW-Authenticate"]


async def test_the_clock_of_the_issuer_may_differ_by_the_leeway(issuer: Issuer):
    await issuer.tokens().principal(issuer.token("s-1", exp=int(time.time()) - 10))
    await issuer.tokens().principal(issuer.token("s-1", nbf=int(time.time()) + 10))


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


CLAIMS: dict[str, Any] = {
    "iss": SETTINGS.issuer,
    "aud": SETTINGS.audience,
    "sub": "s",
    "exp": NOW + 3600,
    "roles": ["operator"],
}
STRANGER = ECKey.generate_key("P-256")


def signed(key: ECKey, header: dict[str, Any]) -> str:
    return jwt.encode(header, CLAIMS, key, default_type=None)


def with_claims_replaced(key: ECKey, header: dict[str, Any]) -> str:
    head, _, signature = signed(key, header).split(".")
    return f"{head}.{part({**CLAIMS, 'sub': 'another'})}.{signature}"


def hmac_with_public_key(key: ECKey, header: dict[str, Any]) -> str:
    shared = OctKey.import_key(json.dumps(key.as_dict(private=False)))
    return jwt.encode({**header, "alg": "HS256"}, CLAIMS, shared)


FORGERIES: dict[str, Callable[[ECKey, dict[str, Any]], str]] = {
    "no signature": lambda _, h: f"{part({**h, 'alg': 'none'})}.{part(CLAIMS)}.",
    "hmac with the public key": hmac_with_public_key,
    "a stranger's key under our key id": lambda _, h: signed(STRANGER, h),
    "a stranger's key in the header": lambda _, h: signed(
        STRANGER, {**h, "jwk": STRANGER.as_dict(private=False)}
    ),
    "another kind of key": lambda _, h: jwt.encode(
        {**h, "alg": "RS256"}, CLAIMS, RSAKey.generate_key(2048)
    ),
    "an id token": lambda key, h: signed(key, {**h, "typ": "JWT"}),
    "no type": lambda key, h: signed(key, {"alg": h["alg"], "kid": h["kid"]}),
    "claims replaced": with_claims_replaced,
    "a damaged signature": lambda key, h: signed(key, h)[:-4] + "AAAA",
}


@pytest.mark.parametrize("kind", FORGERIES)
async def test_a_forged_token_is_refused(issuer: Issuer, kind: str):
    header = {"alg": "ES256", "kid": issuer.key.kid, "typ": "at+jwt"}
    await issuer.tokens().principal(signed(issuer.key, header))
    with pytest.raises(Unauthorized):
        await issuer.tokens().principal(FORGERIES[kind](issuer.key, header))


HEADERS_OF_WRONG_TYPES: list[object] = [
    7,
    None,
    "alg",
    ["alg"],
    *({"alg": "ES256", "crit": crit} for crit in (1, True, None, "", {}, [[]], [{}], [None])),
    *({"alg": alg} for alg in (1, None, [], {}, ["ES256"])),
    *({"alg": "ES256", "kid": kid} for kid in (1, None, [], {})),
    *({"alg": "ES256", "typ": typ} for typ in (1, None, [], {})),
    *({"alg": "ES256", "b64": b64} for b64 in (1, False, None, "true")),
    *({"alg": "ES256", "jwk": jwk, "x5c": jwk} for jwk in (1, None, "", [[]])),
]


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "..", "a.b.c", "é.é.é", "[" * 100_000, "e30.e30."),
        *(f"{part(header)}.e30.AAAA" for header in HEADERS_OF_WRONG_TYPES),
    ],
)
async def test_what_is_no_token_at_all_is_refused(issuer: Issuer, text: str):
    with pytest.raises(Unauthorized):
        await issuer.tokens().principal(text)


class Rotating:
    """An issuer that changes its keys, goes away and comes back, under a clock of our own."""

    def __init__(self) -> None:
        self.now = 0.0
        self.fetches = 0
        self.away = False
        self.current = Issuer(SETTINGS)

    async def fetch(self, issuer: str) -> KeySet:
        self.fetches += 1
        await asyncio.sleep(0)
        if self.away:
            raise ConnectionError
        return await self.current.key_set(issuer)

    def tokens(self) -> Tokens:
        return Tokens(SETTINGS, fetch=self.fetch, clock=lambda: self.now)


async def test_keys_are_fetched_once_however_many_ask():
    rotating = Rotating()
    tokens, token = rotating.tokens(), rotating.current.token("s")
    await asyncio.gather(*(tokens.principal(token) for _ in range(20)))
    assert rotating.fetches == 1


async def test_a_new_key_is_found_when_a_token_names_it():
    rotating = Rotating()
    tokens = rotating.tokens()
    await tokens.principal(rotating.current.token("s"))
    rotating.current, rotating.now = Issuer(SETTINGS), PAUSE_SECONDS
    assert (await tokens.principal(rotating.current.token("s-2"))).subject == "s-2"


async def test_made_up_key_ids_do_not_make_us_ask_the_issuer_again_and_again():
    rotating, stranger = Rotating(), Issuer(SETTINGS)
    tokens = rotating.tokens()
    await tokens.principal(rotating.current.token("s"))
    for _ in range(50):
        with pytest.raises(Unauthorized):
            await tokens.principal(stranger.token("s"))
    assert rotating.fetches == 1


async def test_the_last_good_keys_serve_while_the_issuer_is_away():
    rotating = Rotating()
    tokens = rotating.tokens()
    await tokens.principal(rotating.current.token("s"))
    rotating.away, rotating.now = True, KEPT_SECONDS * 3
    assert (await tokens.principal(rotating.current.token("s"))).subject == "s"
    assert rotating.fetches == 2


async def test_a_withdrawn_key_is_forgotten_in_time():
    rotating = Rotating()
    tokens, old = rotating.tokens(), rotating.current.token("s")
    await tokens.principal(old)
    rotating.current, rotating.now = Issuer(SETTINGS), KEPT_SECONDS
    with pytest.raises(Unauthorized):
        await tokens.principal(old)


async def test_an_issuer_that_was_never_reached_is_an_outage_and_asked_again():
    rotating = Rotating()
    tokens, rotating.away = rotating.tokens(), True
    with pytest.raises(Unavailable):
        await tokens.principal(rotating.current.token("s"))
    rotating.away, rotating.now = False, PAUSE_SECONDS
    await tokens.principal(rotating.current.token("s"))


@asynccontextmanager
async def identity_provider(issuer: Issuer) -> AsyncGenerator[str]:
    """A provider over real HTTP; gives its URL."""
    app = FastAPI()
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"

    @app.get("/.well-known/openid-configuration")
    async def discovery() -> dict[str, str]:
        return {"issuer": url, "jwks_uri": f"{url}/jwks"}

    @app.get("/another/.well-known/openid-configuration")
    async def impostor() -> dict[str, str]:
        return {"issuer": url, "jwks_uri": f"{url}/jwks"}

    @app.get("/jwks")
    async def jwks() -> dict[str, Any]:
        return {"keys": [issuer.key.as_dict(private=False)]}

    server = uvicorn.Server(uvicorn.Config(app, log_config=None))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield url
    finally:
        server.should_exit = True
        await serving


async def test_keys_come_by_discovery_and_only_from_the_issuer_itself(issuer: Issuer):
    async with identity_provider(issuer) as url:
        assert [key.kid for key in await fetch_keys(url)] == [issuer.key.kid]
        with pytest.raises(ValueError, match="another issuer"):
            await fetch_keys(f"{url}/another")
        with pytest.raises(httpx2.HTTPStatusError):
            await fetch_keys(f"{url}/nowhere")


def trial_app(issuer: Issuer) -> FastAPI:
    app = FastAPI(openapi_url=None)
    install_problem_handlers(app)
    install(app, issuer.tokens())
    desk = APIRouter(prefix="/v1", dependencies=[Depends(require(Role.OFFICER, Role.OPERATOR))])

    @desk.get("/desk")
    async def see() -> None: ...

    @app.get("/v1/mine")
    async def mine(who: Annotated[Principal, Depends(require(Role.CITIZEN))]) -> str:
        return who.subject

    @app.get("/v1/status")
    async def status() -> None: ...

    app.include_router(desk)
    return app


async def get(app: FastAPI, path: str, authorization: str | None = None) -> httpx2.Response:
    transport = httpx2.ASGITransport(app=app)
    headers = {"Authorization": authorization} if authorization else {}
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get(path, headers=headers)


async def test_a_route_answers_to_its_roles_only(issuer: Issuer):
    app = trial_app(issuer)
    citizen = await get(app, "/v1/mine", f"Bearer {issuer.token('s-1', Role.CITIZEN)}")
    assert (citizen.status_code, citizen.json()) == (200, "s-1")
    wrong = await get(app, "/v1/mine", f"Bearer {issuer.token('s-1', Role.OPERATOR)}")
    assert wrong.status_code == 403
    assert wrong.json()["type"].endswith("/forbidden")
    operator = await get(app, "/v1/desk", f"Bearer {issuer.token('s-1', Role.OPERATOR)}")
    assert operator.status_code == 200


@pytest.mark.parametrize("authorization", [None, "Basic dTpw", "Bearer", "Bearer x y"])
async def test_a_request_without_a_valid_token_is_challenged(
    issuer: Issuer, authorization: str | None
):
    for path in ("/v1/mine", "/v1/desk"):
        answer = await get(trial_app(issuer), path, authorization)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_row_answers_to_its_owner_and_its_agency():
    citizen = Principal("s-1", frozenset({Role.CITIZEN}))
    assert citizen.owns("s-1")
    assert not citizen.owns("s-2")
    assert not citizen.serves("A1")
    officer = Principal("o-1", frozenset({Role.OFFICER}), "A1")
    assert officer.serves("A1")
    assert not officer.serves("A2")
    assert not officer.owns("o-1")
    signer = Principal("g-1", frozenset({Role.SIGNER}), "A1")
    assert (signer.serves("A1"), signer.serves("A2")) == (True, False)
    assert not Principal("o-1", frozenset({Role.OPERATOR}), "A1").serves("A1")


def test_an_open_route_does_not_go_unseen(issuer: Issuer):
    app = trial_app(issuer)
    assert_guarded(app, public={"GET /v1/status"})
    with pytest.raises(AssertionError, match="not open or gone"):
        assert_guarded(app, public={"GET /v1/status", "GET /v1/mine"})
    app.mount("/files", PlainTextResponse("open"))
    app.include_router(APIRouter(routes=[Mount("/more", PlainTextResponse("open"))]))
    app.add_api_route("/v1/status", lambda: None, methods=["POST"])
    assert open_routes(app) == {"GET /v1/status", "POST /v1/status", "* /files", "* /more"}
    with pytest.raises(AssertionError, match="POST /v1/status"):
        assert_guarded(app, public={"GET /v1/status"})
