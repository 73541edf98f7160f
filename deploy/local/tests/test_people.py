"""How the people of the stories speak HTTP with a system that is away now and then."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from motcua_local.demo import people
from motcua_local.demo.people import Person
from motcua_local.errors import LocalError


class Counter(ThreadingHTTPServer):
    """A counter that answers as `answers` say (None: it hangs up), the last one for ever."""

    def __init__(self, *answers: int | None) -> None:
        super().__init__(("127.0.0.1", 0), _Clerk)
        self.answers = list(answers)
        self.keys: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1/dossiers"


class _Clerk(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        counter = self.server
        assert isinstance(counter, Counter)
        counter.keys.append(self.headers["Idempotency-Key"])
        answer = counter.answers.pop(0) if len(counter.answers) > 1 else counter.answers[0]
        if answer is None:
            self.close_connection = True
            return
        self.send_response(answer)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
        """In silence."""


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(people, "PATIENCE_SECONDS", 5.0)


@pytest.fixture
def counter(request: pytest.FixtureRequest) -> Iterator[Counter]:
    with Counter(*request.param) as counter:
        threading.Thread(target=counter.serve_forever, daemon=True).start()
        yield counter
        counter.shutdown()


@pytest.mark.parametrize("counter", [(None, 503, None, 503, 200)], indirect=True)
def test_a_command_is_repeated_with_its_key_until_somebody_answers(counter: Counter) -> None:
    assert Person("dao", "token").post(counter.url, key="one") == {}
    assert counter.keys == ["one"] * 5


@pytest.mark.parametrize("counter", [(409,), (500,), (401,)], indirect=True)
def test_a_refusal_is_an_answer(counter: Counter) -> None:
    with pytest.raises(LocalError, match=str(counter.answers[0])):
        Person("dao", "token").post(counter.url, key="one")
    assert counter.keys == ["one"]


@pytest.mark.parametrize("counter", [(503,)], indirect=True)
def test_patience_has_an_end(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "PATIENCE_SECONDS", 0.1)
    with pytest.raises(LocalError, match="503"):
        Person("dao", "token").post(counter.url, key="one")
