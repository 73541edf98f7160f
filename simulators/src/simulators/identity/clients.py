"""Who may ask for tokens: the portal (public), agency systems and the operator's command line."""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from simulators.errors import SimulatorError

PORTAL = "motcua-portal"
OPERATOR_CLI = "operator-cli"
_AGENCY_CLIENT = re.compile(r"agency-(?P<code>[GH]\d{2}(\.\d{2,3})*)")
_secrets = TypeAdapter(dict[str, str])


@dataclass(frozen=True)
class Client:
    """A confidential client; its tokens name it as the subject."""

    client_id: str
    secret: str
    role: str
    agency: str | None

    def knows(self, secret: str) -> bool:
        return hmac.compare_digest(self.secret.encode(), secret.encode())

    def access_claims(self) -> dict[str, str | list[str]]:
        claims: dict[str, str | list[str]] = {"sub": self.client_id, "roles": [self.role]}
        return claims if self.agency is None else {**claims, "agency": self.agency}


def client_named(client_id: str, secret: str) -> Client | None:
    """What a client may do follows from its name; None if the name says nothing."""
    if client_id == OPERATOR_CLI:
        return Client(client_id, secret, "operator", None)
    match = _AGENCY_CLIENT.fullmatch(client_id)
    return Client(client_id, secret, "agency-system", match["code"]) if match else None


def read_clients(path: Path | None) -> Mapping[str, Client]:
    if path is None:
        return {}
    try:
        secrets = _secrets.validate_json(path.read_bytes())
    except OSError as error:
        raise SimulatorError(f"cannot read the clients file {path}: {error.strerror}") from error
    except ValidationError as error:
        raise SimulatorError(
            f'the clients file {path} must be JSON of the form {{"client id": "secret"}}'
        ) from error
    return {client_id: _named(client_id, secret, path) for client_id, secret in secrets.items()}


def _named(client_id: str, secret: str, path: Path) -> Client:
    client = client_named(client_id, secret)
    if client is None:
        raise SimulatorError(
            f"unknown client {client_id!r} in {path}; use {OPERATOR_CLI} or agency-<code>, "
            "for example agency-H42.10"
        )
    return client


def is_registered_redirect(client_id: str, uri: str) -> bool:
    """The portal is registered with http://127.0.0.1/*; on loopback any port may be used.

    RFC 8252 §7.3: native applications take whatever port is free. Nothing else is flexible:
    no other scheme or host, no user part, no fragment.
    """
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return False
    return (
        client_id == PORTAL
        and parts.scheme == "http"
        and parts.netloc == ("127.0.0.1" if port is None else f"127.0.0.1:{port}")
        and "#" not in uri
        and not re.search(r"[\x00-\x20\x7f\\]", uri)
    )
