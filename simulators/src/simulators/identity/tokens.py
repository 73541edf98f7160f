"""Making tokens: JWT access tokens (RFC 9068) and ID tokens."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

from joserfc import jws
from pydantic import JsonValue

from simulators.faults import Faults
from simulators.identity.keys import Key, Keyring, new_key

Claims = Mapping[str, JsonValue]

KNOWN_FAULTS = {
    "wrong-issuer": "the next access token names another issuer",
    "wrong-audience": "the next access token is for somebody else",
    "wrong-type": "the next access token has typ JWT instead of at+jwt",
    "expired": "the next access token is an hour past its time",
    "unknown-key": "the next access token is signed by a key that is not published",
    "unsigned": "the next access token has alg none",
    "delay": "the answer comes after `seconds`; target: jwks, discovery, token or userinfo",
    "status-500": "the answer is 500; same targets",
    "cut": "the connection is cut instead of an answer; same targets",
}


@dataclass(frozen=True)
class Issuer:
    url: str
    audience: str
    lifetime: int
    keyring: Keyring
    faults: Faults

    def access_token(self, claims: Mapping[str, str | list[str]], *, client_id: str) -> str:
        """`claims` are those of the person or client; the faults that wait may spoil it."""
        payload = self.access_payload(claims, client_id=client_id)
        header = {"typ": "at+jwt"}
        key = self.keyring.active
        subject = str(payload["sub"])
        if self.faults.take("wrong-issuer", subject):
            payload["iss"] = "https://issuer.invalid"
        if self.faults.take("wrong-audience", subject):
            payload["aud"] = "somebody-else"
        if self.faults.take("wrong-type", subject):
            header["typ"] = "JWT"
        if self.faults.take("expired", subject):
            payload |= {name: int(time.time()) - 3600 for name in ("iat", "exp")}
        if self.faults.take("unknown-key", subject):
            key = new_key("ES256")
        if self.faults.take("unsigned", subject):
            return unsigned({**header, "alg": "none"}, payload)
        return signed(header, payload, key)

    def access_payload(
        self, claims: Mapping[str, str | list[str]], *, client_id: str
    ) -> dict[str, JsonValue]:
        now = int(time.time())
        return {
            "iss": self.url,
            "aud": self.audience,
            "iat": now,
            "exp": now + self.lifetime,
            "jti": uuid4().hex,
            "client_id": client_id,
            **{
                name: value if isinstance(value, str) else [*value]
                for name, value in claims.items()
            },
        }

    def id_token(self, profile: Mapping[str, str], *, client_id: str, nonce: str | None) -> str:
        now = int(time.time())
        payload: dict[str, JsonValue] = {
            "iss": self.url,
            "aud": client_id,
            "iat": now,
            "exp": now + self.lifetime,
            "auth_time": now,
            **profile,
        }
        if nonce is not None:
            payload["nonce"] = nonce
        return signed({"typ": "JWT"}, payload, self.keyring.active)


def signed(header: Claims, payload: Claims, key: Key) -> str:
    """`alg` and `kid` come from the key unless the header names its own `kid`."""
    algorithm = str(key.alg)
    complete = {"kid": key.kid, **header, "alg": algorithm}
    return jws.serialize_compact(complete, json.dumps(payload), key, [algorithm])


def unsigned(header: Claims, payload: Claims) -> str:
    return f"{_part(header)}.{_part(payload)}."


def mac_signed(header: Claims, payload: Claims, secret: bytes) -> str:
    """HS256; with the public key as the secret it is the classic confusion of algorithms."""
    signing_input = f"{_part(header)}.{_part(payload)}"
    digest = hmac.new(secret, signing_input.encode(), hashlib.sha256).digest()
    return f"{signing_input}.{_encoded(digest)}"


def _part(value: Claims) -> str:
    return _encoded(json.dumps(value).encode())


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")
