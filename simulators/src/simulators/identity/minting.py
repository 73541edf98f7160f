"""POST /_tokens: any token a test wants, right or wrong. Never part of a real provider."""

from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic.alias_generators import to_camel

from simulators.identity.clients import PORTAL, client_named
from simulators.identity.keys import Key, new_key
from simulators.identity.people import PEOPLE, find_person
from simulators.identity.tokens import Issuer, mac_signed, signed, unsigned


class TokenWish(BaseModel):
    """Starts from the right token of a person or client; every other field bends it."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True)

    person: str | None = Field(default=None, description="a key such as nguyen-thi-dao")
    client: str | None = Field(default=None, description="agency-<code> or operator-cli")
    claims: dict[str, JsonValue] = Field(default={}, description="added; null removes a claim")
    header: dict[str, JsonValue] = Field(default={}, description="added; null removes one")
    algorithm: Literal["ES256", "RS256", "HS256", "none"] | None = Field(default=None, alias="alg")
    key: Literal["active", "waiting", "previous", "unknown"] = "active"
    expires_in: int = Field(default=3600, description="seconds; negative: expired already")
    secret: str | None = Field(
        default=None, description="for HS256; without it the PEM of the public key is the secret"
    )


def minting_routes(issuer: Issuer) -> APIRouter:
    router = APIRouter(tags=["tests only"])

    @router.post("/_tokens")
    async def mint(wish: TokenWish) -> dict[str, JsonValue]:
        key = _key(issuer, wish)
        header = _merged({"typ": "at+jwt", "kid": key.kid}, wish.header)
        payload = _payload(issuer, wish)
        token = _token(wish, key, header=header, payload=payload)
        return {"access_token": token, "token_type": "Bearer", "claims": payload}

    return router


def _payload(issuer: Issuer, wish: TokenWish) -> dict[str, JsonValue]:
    payload = issuer.access_payload(_identity(wish), client_id=wish.client or PORTAL)
    issued = payload["iat"]
    if isinstance(issued, int):
        payload["exp"] = issued + wish.expires_in
    return _merged(payload, wish.claims)


def _identity(wish: TokenWish) -> dict[str, str | list[str]]:
    if wish.person is not None:
        person = find_person(wish.person)
        if person is None:
            known = ", ".join(person.key for person in PEOPLE)
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, f"no such person; known: {known}")
        return person.access_claims()
    if wish.client is not None:
        client = client_named(wish.client, "")
        if client is None:
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "no such kind of client")
        return client.access_claims()
    return {"sub": "anybody", "roles": []}


def _merged(base: dict[str, JsonValue], wished: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {name: value for name, value in (base | wished).items() if value is not None}


def _key(issuer: Issuer, wish: TokenWish) -> Key:
    keyring = issuer.keyring
    known = {"active": keyring.active, "waiting": keyring.waiting, "previous": keyring.previous}
    return known.get(wish.key) or new_key(str(keyring.active.alg))


def _token(
    wish: TokenWish, key: Key, *, header: dict[str, JsonValue], payload: dict[str, JsonValue]
) -> str:
    if wish.algorithm == "none":
        return unsigned({**header, "alg": "none"}, payload)
    if wish.algorithm == "HS256":
        secret = wish.secret.encode() if wish.secret else key.as_pem(private=False)
        return mac_signed({**header, "alg": "HS256"}, payload, secret)
    if wish.algorithm is not None and wish.algorithm != key.alg:
        key = new_key(wish.algorithm)  # the right `kid`, another algorithm
    return signed(header, payload, key)
