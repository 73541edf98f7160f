import asyncio
from typing import Annotated, Any
from uuid import uuid4

import httpx2
import pytest
from fastapi import Body, FastAPI, Header
from fastapi.responses import JSONResponse

from chassis.database import Database
from chassis.errors import Conflict, install_problem_handlers
from chassis.idempotency import Answer, Keyed, KeyedRequest, answered, once


class Counter:
    """A service of one endpoint whose effect can be counted, delayed and made to fail."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.effects = 0
        self.begun, self.gate = asyncio.Event(), asyncio.Event()
        self.gate.set()
        self.failure: Exception | None = None
        self.app = FastAPI()
        install_problem_handlers(self.app)
        self.app.add_api_route("/v1/things/{name}", self.endpoint, methods=["POST"])

    async def endpoint(
        self,
        name: str,
        request: KeyedRequest,
        body: Annotated[dict[str, int], Body()],
        who: Annotated[str, Header()] = "s-1",
    ) -> JSONResponse:
        async def effect() -> Answer:
            self.effects += 1
            self.begun.set()
            await self.gate.wait()
            if self.failure:
                raise self.failure
            return Answer(201, {"name": name, "thing": str(uuid4()), **body})

        async with self.database.engine.begin() as connection:
            answer = await once(connection, request, effect, principal=who)
        return answer.response()

    async def post(
        self, key: str | None = "k-1", name: str = "a", body: object = None, who: str = "s-1"
    ) -> httpx2.Response:
        headers = {"who": who} | ({"Idempotency-Key": key} if key is not None else {})
        transport = httpx2.ASGITransport(app=self.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.post(f"/v1/things/{name}", json=body or {"n": 1}, headers=headers)


@pytest.fixture
def counter(database: Database) -> Counter:
    return Counter(database)


def problem(response: httpx2.Response) -> tuple[int, Any]:
    return response.status_code, response.json()["type"].rpartition("/")[2]


async def test_the_same_request_again_gets_the_same_answer_and_no_second_effect(counter: Counter):
    first, again = await counter.post(), await counter.post()
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert counter.effects == 1


async def test_twins_at_once_have_one_effect(counter: Counter):
    counter.gate.clear()
    twins = [asyncio.create_task(counter.post()) for _ in range(5)]
    await counter.begun.wait()
    counter.gate.set()
    answers = await asyncio.gather(*twins)
    assert len({answer.json()["thing"] for answer in answers}) == 1
    assert sorted("Idempotency-Replayed" in answer.headers for answer in answers) == [
        False,
        *[True] * 4,
    ]
    assert counter.effects == 1


async def test_another_request_under_the_same_key_is_refused(counter: Counter):
    await counter.post()
    for other in (counter.post(body={"n": 2}), counter.post(name="b")):
        assert problem(await other) == (422, "idempotency-key-reused")
    assert counter.effects == 1


async def test_keys_are_each_persons_own(counter: Counter):
    first, other = await counter.post(who="s-1"), await counter.post(who="s-2")
    assert first.json()["thing"] != other.json()["thing"]
    assert counter.effects == 2


async def test_a_failed_effect_gives_the_key_free(counter: Counter):
    counter.failure = Conflict()
    assert problem(await counter.post()) == (409, "conflict")
    counter.failure = None
    answer = await counter.post()
    assert answer.status_code == 201
    assert "Idempotency-Replayed" not in answer.headers


async def test_a_key_may_be_looked_up_before_its_effect_and_stays_free(database: Database):
    request = Keyed("POST /v1/things", "k-1", b"hash")
    looked, go_on = asyncio.Event(), asyncio.Event()

    async def look(*, wait: bool) -> Answer | None:
        async with database.engine.begin() as connection:
            found = await answered(connection, request, principal="s-1")
            looked.set()
            if wait:
                await go_on.wait()
            return found

    async def effect() -> Answer:
        assert go_on.is_set()  # no twin gets on before who looked
        return Answer(201, {"thing": 1})

    async def do() -> Answer:
        async with database.engine.begin() as connection:
            return await once(connection, request, effect, principal="s-1")

    first = asyncio.create_task(look(wait=True))
    await looked.wait()
    twin = asyncio.create_task(do())
    await asyncio.sleep(0.1)
    go_on.set()
    assert await first is None
    assert await twin == Answer(201, {"thing": 1})
    assert await look(wait=False) == Answer(201, {"thing": 1}, replayed=True)


@pytest.mark.parametrize("key", [None, "", "k" * 129, "two words"])
async def test_a_missing_or_malformed_key_is_told_what_to_send(counter: Counter, key: str | None):
    answer = await counter.post(key=key)
    assert problem(answer) == (400, "idempotency-key-invalid")
    assert "1 to 128" in answer.json()["detail"]
    assert counter.effects == 0
