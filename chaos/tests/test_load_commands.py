"""What is written down of a command, whatever becomes of it on its way."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from chaos.citizens import LASTING, SOON_OVER, Person
from chaos.commands import Command, Courier, Declined, Verdict, judge
from chaos.history import History
from chaos.progress import Progress
from chaos.waiting import until

from .moody_server import SILENCE, Mood, MoodyServer, moody_server, refusal

PATIENCE = 60.0
SOON_OVER_IT = 1.0
"""Patience where it is to end."""
BODY = b'{"unit": "P2"}'


@dataclass
class Counter:
    """A courier in front of a server, and what is written down of what it carries."""

    server: MoodyServer
    client: httpx2.AsyncClient
    person: Person
    path: Path
    history: History
    progress: Progress = field(default_factory=Progress)
    patience: float = PATIENCE

    def command(self, **wish: Any) -> Command:
        command = Command(
            "receive",
            self.person,
            self.client,
            "/v1/dossiers/1/receive",
            {"dossierId": "1"},
            key="key-1",
            content=BODY,
        )
        return replace(command, **wish)

    async def carry(self, **wish: Any) -> str:
        courier = Courier(self.history, self.progress, patience=self.patience)
        return (await courier.carry(self.command(**wish))).outcome

    async def is_invoked(self) -> bool:
        return bool(self.lines)

    async def was_heard(self) -> bool:
        return bool(self.server.heard)

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.path.read_text().splitlines()]

    @property
    def outcome(self) -> dict[str, Any]:
        """The one line that says what came of the one command."""
        invoke, outcome = self.lines
        assert invoke["kind"] == "invoke"
        assert invoke["commandId"] == outcome["commandId"]
        return outcome


async def _ended(task: asyncio.Task[str]) -> None:
    """As the load ends what is under way when patience is over."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@pytest.fixture
async def counter(tmp_path: Path) -> AsyncIterator[Counter]:
    path = tmp_path / "history.jsonl"
    async with moody_server() as server, httpx2.AsyncClient(base_url=server.url) as client:
        person = Person("le-thi-lan", client, {"person": "le-thi-lan"})
        history = History(path)
        yield Counter(server, client, person, path, history)
        history.close()


async def test_what_fails_on_its_way_is_sent_again_to_the_byte_under_the_same_key(
    counter: Counter,
) -> None:
    counter.server.will(SILENCE, refusal(503, "unavailable"), Mood(500))
    assert await counter.carry() == "ok"
    assert [(each.key, each.body) for each in counter.server.heard] == [("key-1", BODY)] * 4
    assert counter.outcome["tries"] == 4
    assert counter.progress.statuses == {503: 1, 500: 1, 200: 1}


@pytest.mark.parametrize(
    "mood", [refusal(409, "illegal-transition"), refusal(404, "unknown-dossier"), Mood(422)]
)
async def test_what_is_refused_at_once_failed_for_sure(counter: Counter, mood: Mood) -> None:
    counter.server.will(mood)
    assert await counter.carry() == "fail"
    assert counter.outcome["status"] == mood.status
    assert len(counter.server.heard) == 1


@pytest.mark.parametrize("mood", [SILENCE, Mood(500), refusal(503, "unavailable")])
async def test_nobody_knows_what_came_of_a_command_that_is_refused_after_it_may_have_worked(
    counter: Counter, mood: Mood
) -> None:
    counter.server.will(mood, refusal(409, "illegal-transition"))
    assert await counter.carry() == "unknown"
    assert counter.outcome["error"] == "illegal-transition"
    assert counter.progress.unknown == 1


@pytest.mark.parametrize("mood", [refusal(429, "too-often"), refusal(409, "payment-awaited")])
async def test_what_was_only_put_off_and_then_refused_failed_for_sure(
    counter: Counter, mood: Mood
) -> None:
    counter.server.will(mood, refusal(409, "step-not-possible"))
    assert await counter.carry(not_yet=frozenset({"payment-awaited"})) == "fail"


async def test_a_server_that_never_answers_leaves_it_unknown(counter: Counter) -> None:
    counter.server.will(lastly=SILENCE)
    counter.patience = SOON_OVER_IT
    assert await counter.carry() == "unknown"
    assert len(counter.server.heard) == counter.outcome["tries"] > 1


async def test_a_server_that_is_not_there_leaves_it_surely_undone(counter: Counter) -> None:
    await counter.person.sign_in()
    counter.patience = SOON_OVER_IT
    async with httpx2.AsyncClient(base_url="http://127.0.0.1:9") as nowhere:
        assert await counter.carry(door=nowhere) == "fail"
    assert counter.outcome["error"] == "ConnectError"


async def test_without_an_identity_provider_nothing_is_sent(counter: Counter) -> None:
    counter.patience = SOON_OVER_IT
    async with httpx2.AsyncClient(base_url="http://127.0.0.1:9") as nowhere:
        assert await counter.carry(by=Person("nobody", nowhere, {})) == "fail"
    assert not counter.server.heard


async def test_a_token_that_is_refused_is_renewed_for_long(counter: Counter) -> None:
    counter.server.will(refusal(401, "unauthorized"))
    assert await counter.carry() == "ok"
    tokens = [each.headers["authorization"] for each in counter.server.heard]
    assert tokens == ["Bearer token-1", "Bearer token-2"]
    assert [wish["expiresIn"] for wish in counter.server.wishes] == [SOON_OVER, LASTING]


async def test_one_token_serves_all_who_are_refused_together(counter: Counter) -> None:
    await asyncio.gather(*(counter.carry() for _ in range(5)))
    assert len(counter.server.wishes) == 1


async def test_retry_after_is_obeyed(counter: Counter) -> None:
    counter.server.will(refusal(503, "unavailable", **{"Retry-After": "1"}))
    began = asyncio.get_running_loop().time()
    assert await counter.carry() == "ok"
    assert asyncio.get_running_loop().time() - began > 1


async def test_an_upload_is_cut_in_its_middle_and_then_sent_whole(counter: Counter) -> None:
    content = b"%PDF" * 20_000
    assert await counter.carry(key=None, content=content, cut=True) == "ok"
    broken, whole = counter.server.heard
    assert len(broken.body) == len(content) // 2
    assert whole.body == content
    assert counter.lines[0]["cut"] is True


async def test_a_command_that_the_end_of_the_load_cuts_off_is_unknown(counter: Counter) -> None:
    counter.server.will(Mood(after=5))
    carrying = asyncio.create_task(counter.carry())
    assert await until(counter.was_heard, within=5, every=0.01)
    await _ended(carrying)
    assert counter.outcome["kind"] == "unknown"


async def test_a_command_that_never_left_before_the_end_of_the_load_is_undone(
    counter: Counter,
) -> None:
    async with counter.person._signing_in:  # the identity provider takes its time
        carrying = asyncio.create_task(counter.carry())
        assert await until(counter.is_invoked, within=5, every=0.01)
        await _ended(carrying)
    assert counter.outcome["kind"] == "fail"


async def test_an_answer_that_declines_is_a_failure(counter: Counter) -> None:
    def declines(_: httpx2.Response) -> dict[str, Any]:
        raise Declined("the gateway says 11")

    assert await counter.carry(read=declines) == "fail"
    assert counter.outcome["error"] == "the gateway says 11"


async def test_an_answer_that_lacks_what_it_promises_is_unknown(counter: Counter) -> None:
    def read(answer: httpx2.Response) -> dict[str, Any]:
        return {"dossierId": answer.json()["dossierId"]}

    assert await counter.carry(read=read) == "unknown"


async def test_another_body_under_the_same_key_says_so(counter: Counter) -> None:
    counter.server.will(refusal(422, "idempotency-key-reused"))
    other = counter.command(another=b"{}").otherwise()
    assert await counter.carry(content=other.content, told=other.told) == "fail"
    assert counter.lines[0]["otherBody"] is True
    assert counter.server.heard[0].key == "key-1"
    assert counter.server.heard[0].body == b"{}"


def test_only_what_the_services_refuse_themselves_is_final() -> None:
    verdicts = {status: judge(status) for status in (201, 303, 400, 401, 403, 408, 429, 500, 507)}
    assert verdicts == {
        201: Verdict.DONE,
        303: Verdict.DONE,
        400: Verdict.REFUSED,
        401: Verdict.AGAIN,
        403: Verdict.REFUSED,
        408: Verdict.AGAIN,
        429: Verdict.AGAIN,
        500: Verdict.PERHAPS,
        507: Verdict.PERHAPS,
    }
