"""The outside of an agency's system: intake and the identity provider, as far as it sees them."""

import hashlib
import json
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest


class Outside(BaseHTTPRequestHandler):
    """Identity provider and intake in one."""

    def do_GET(self) -> None:
        host = self.headers["Host"]
        self._answer(200, {"token_endpoint": f"http://{host}/token"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        authorization = self.headers["Authorization"]
        if self.path == "/token":
            trusted = authorization == "Basic YWdlbmN5LUg0Mi4xMDpzZWNyZXQ="
            self._answer(200 if trusted else 401, {"access_token": "token-1"})
        elif authorization == "Bearer token-1" and self.path.startswith("/v1/files?name="):
            digest = hashlib.sha256(body).hexdigest()
            self._answer(201, {"fileId": str(uuid.uuid4()), "sha256": digest, "size": len(body)})
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
