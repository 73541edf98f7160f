"""The result paper's way to intake over HTTP."""

import json
from base64 import b64encode
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

from motcua_contracts.agency import ResultFile

PAPER = Path(__file__).with_name("result.pdf")
"""The same for everybody; a real agency prints and signs its own form here."""


class Intake(NamedTuple):
    """Where intake and the identity provider are, and who we are there."""

    url: str
    issuer: str
    client_id: str
    client_secret: str

    def upload(self, reference: str, *, kind: str) -> ResultFile:
        """Hand the result paper over. Doing it twice leaves a file that no decision names: no harm.

        Blocks; raises OSError when intake or the identity provider is away or refuses.
        """
        uploaded = _call(
            f"{self.url}/v1/files?name={quote(reference, safe='')}.pdf",
            PAPER.read_bytes(),
            {"Authorization": f"Bearer {self._token()}", "Content-Type": "application/pdf"},
        )
        return ResultFile(kind=kind, file_id=uploaded["fileId"], sha256=uploaded["sha256"])

    def _token(self) -> str:
        """An access token of the agency's own client (OAuth 2.0 client credentials)."""
        provider = _call(f"{self.issuer}/.well-known/openid-configuration")
        client = b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        grant = urlencode({"grant_type": "client_credentials"}).encode()
        headers = {"Authorization": f"Basic {client}"}
        return _call(provider["token_endpoint"], grant, headers)["access_token"]


def _call(
    url: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> dict[str, str]:
    request = Request(url, body, headers or {})  # noqa: S310 - addresses come from the settings
    with urlopen(request, timeout=10) as answer:  # noqa: S310
        return json.load(answer)
