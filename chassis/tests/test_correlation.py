import asyncio
import re
from datetime import UTC, datetime

import httpx2
import pytest
import structlog
from fastapi import FastAPI
from prometheus_client import REGISTRY
from starlette.types import Receive, Scope, Send

from chassis import correlation
from chassis.correlation import HEADER, Correlation, caused_by, current, known
from motcua_contracts.envelope import Event, EventData

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


async def seen_by_app(headers: dict[str, str]) -> tuple[Correlation, str]:
    """The correlation an endpoint sees, and the id its caller gets back."""
    app = FastAPI()
    correlation.install(app)
    seen: list[Correlation] = []

    @app.get("/")
    async def look() -> None:
        seen.append(current())

    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        response = await client.get("/", headers=httpx2.Headers(headers, encoding="utf-8"))
    return seen[0], response.headers[HEADER]


async def test_a_callers_correlation_id_is_kept_and_echoed():
    seen, echoed = await seen_by_app({HEADER: "0191f0c2-7b1e-7cc3-98c4-dc0c0c07398f"})
    assert seen.correlation_id == echoed == "0191f0c2-7b1e-7cc3-98c4-dc0c0c07398f"
    assert seen.causation_id is None


@pytest.mark.parametrize("unsafe", ["", "a" * 65, "a b", "<script>", "-x", "x;y", "Đào"])
async def test_an_unsafe_correlation_id_is_replaced(unsafe: str):
    seen, echoed = await seen_by_app({HEADER: unsafe})
    assert seen.correlation_id == echoed
    assert re.fullmatch(r"[0-9a-f-]{36}", echoed)


async def test_a_trace_goes_on_with_a_span_of_our_own():
    seen, _ = await seen_by_app({"traceparent": TRACEPARENT})
    version, trace, span, flags = seen.traceparent.split("-")
    assert (version, trace, flags) == ("00", "4bf92f3577b34da6a3ce929d0e0e4736", "01")
    assert span != "00f067aa0ba902b7"
    assert re.fullmatch("[0-9a-f]{16}", span)


@pytest.mark.parametrize(
    "malformed",
    [
        "",
        TRACEPARENT.upper(),
        TRACEPARENT.replace("00-4b", "ff-4b"),
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-4bf92f3577b34da6a3ce929d0e0e4736-{'0' * 16}-01",
        TRACEPARENT + "-more",
    ],
)
async def test_a_malformed_trace_is_replaced_by_a_new_one(malformed: str):
    seen, _ = await seen_by_app({"traceparent": malformed})
    assert "4bf92f3577b34da6a3ce929d0e0e4736" not in seen.traceparent
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-00", seen.traceparent)


async def test_an_event_is_the_cause_of_what_its_handler_does():
    event = Event(
        id="event-1",
        source="/trial",
        type="trial",
        time=datetime.now(UTC),
        subject="s-1",
        sequence=1,
        correlation_id="c-1",
        traceparent=TRACEPARENT,
        data_schema="urn:trial",
        data=EventData(),
    )
    with caused_by(event) as cause:
        assert current() == Correlation("c-1", "event-1", cause.traceparent)
        assert cause.traceparent.split("-")[1] == TRACEPARENT.split("-")[1]
        assert await asyncio.to_thread(current) is cause
    assert known() is None


async def test_two_requests_at_once_do_not_mix():
    answers = await asyncio.gather(*(seen_by_app({HEADER: f"c-{n}"}) for n in range(20)))
    assert [seen.correlation_id for seen, _ in answers] == [f"c-{n}" for n in range(20)]


def test_outside_of_any_context_each_call_stands_alone():
    assert known() is None
    assert current().correlation_id != current().correlation_id


async def test_a_bug_is_logged_and_its_answer_says_nothing_of_it():
    app = FastAPI()
    correlation.install(app)

    @app.get("/")
    async def fail() -> None:
        raise ZeroDivisionError("secret inside")

    transport = httpx2.ASGITransport(app=app)
    before = REGISTRY.get_sample_value("motcua_request_bugs_total") or 0
    with structlog.testing.capture_logs() as lines:
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            response = await client.get("/", headers={HEADER: "c-1"})
    assert response.status_code == 500
    assert response.json()["type"].endswith("/internal-error")
    assert response.headers[HEADER] == "c-1"
    assert "secret" not in response.text
    assert [line["event"] for line in lines] == ["unhandled error", "request"]
    assert REGISTRY.get_sample_value("motcua_request_bugs_total") == before + 1


async def test_a_bug_after_half_an_answer_breaks_the_answer_off():
    async def half(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ZeroDivisionError

    app = FastAPI()
    app.mount("/", half)
    correlation.install(app)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        with pytest.raises(ZeroDivisionError):
            await client.get("/")
