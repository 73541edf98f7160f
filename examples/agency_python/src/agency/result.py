"""The result paper, and its way to intake over HTTP."""

import json
from base64 import b64encode
from typing import NamedTuple
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

from motcua_contracts.agency import ResultFile

_SECONDS = 10


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
            result_paper(reference),
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
    with urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
        return json.load(answer)


def result_paper(reference: str) -> bytes:
    """One page of PDF; a real agency prints and signs its own form here."""
    text = f"BT /F1 18 Tf 72 760 Td (Result {reference}) Tj ET".encode()
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 595 842] >>",
        b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    pdf, offsets = b"%PDF-1.7\n", list[int]()
    for number, content in enumerate(objects, start=1):
        offsets.append(len(pdf))
        pdf += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    end = b"xref\n0 %d\n0000000000 65535 f \n%strailer << /Size %d /Root 1 0 R >>\nstartxref\n%d"
    return pdf + end % (size, table, size, len(pdf)) + b"\n%%EOF\n"
