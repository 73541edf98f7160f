"""The result paper is a real PDF, and goes to intake with the agency's own token."""

import hashlib
import io
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pikepdf
import pytest
from agency.result import Intake, result_paper

FILE_ID = "01937a00-0000-7000-8000-0000000000f1"


class Outside(BaseHTTPRequestHandler):
    """Identity provider and intake in one, as far as the agency sees them."""

    def do_GET(self) -> None:
        host = self.headers["Host"]
        self._answer(200, {"token_endpoint": f"http://{host}/token"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        authorization = self.headers["Authorization"]
        if self.path == "/token":
            trusted = authorization == "Basic YWdlbmN5LUg0Mi4xMDpzZWNyZXQ="
            self._answer(200 if trusted else 401, {"access_token": "token-1"})
        elif authorization == "Bearer token-1" and self.path == "/v1/files?name=H42.10%2F1.pdf":
            digest = hashlib.sha256(body).hexdigest()
            self._answer(201, {"fileId": FILE_ID, "sha256": digest, "size": len(body)})
        else:
            self._answer(403, {})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Quiet."""


@pytest.fixture
def outside() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Outside)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_paper_is_a_sound_pdf_of_one_page_and_the_same_each_time() -> None:
    paper = result_paper("H42.10/1")

    assert paper == result_paper("H42.10/1")
    with pikepdf.open(io.BytesIO(paper)) as pdf:
        assert len(pdf.pages) == 1
        assert pdf.check_pdf_syntax() == []


def test_the_paper_is_uploaded_with_a_token_of_the_agencys_own_client(outside: str) -> None:
    intake = Intake(outside, outside, "agency-H42.10", "secret")

    file = intake.upload("H42.10/1", kind="certificate")

    assert file.file_id == FILE_ID
    assert file.sha256 == hashlib.sha256(result_paper("H42.10/1")).hexdigest()


def test_a_refused_client_is_an_oserror_so_that_the_desk_waits(outside: str) -> None:
    intake = Intake(outside, outside, "agency-H42.10", "wrong")

    with pytest.raises(OSError, match="401"):
        intake.upload("H42.10/1", kind="certificate")
