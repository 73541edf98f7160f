import asyncio
import json
import logging as standard
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx2
import pytest
import structlog
from fastapi import APIRouter, FastAPI

from chassis import correlation, logging
from chassis.correlation import Correlation, bound
from chassis.errors import Conflict, Permanent, Transient, install_problem_handlers

CANARY = "Nguyễn Thị Đào 0912345678"

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Lines]:
    """Logs as the service `trial`; gives back what was written since the last call."""
    excepthook, handlers = sys.excepthook, list(standard.root.handlers)
    before = structlog.get_config()
    standard.root.handlers.clear()
    logging.configure("trial", fields={"order_id"})
    yield lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    structlog.configure(**before)
    sys.excepthook, standard.root.handlers[:] = excepthook, handlers


def test_a_line_is_json_with_time_level_service_and_event(lines: Lines):
    structlog.get_logger().info("order opened", order_id=UUID(int=7), count=2, status=None)
    [line] = lines()
    assert datetime.fromisoformat(str(line.pop("time"))).tzinfo == UTC
    assert line == {
        "event": "order opened",
        "level": "info",
        "service": "trial",
        "order_id": "00000000-0000-0000-0000-000000000007",
        "count": 2,
        "status": None,
    }


def test_a_line_belongs_to_the_correlation_it_is_written_in(lines: Lines):
    with bound(Correlation("c-1", "event-1", "00-trace")):
        structlog.get_logger().info("within")
    structlog.get_logger().info("without")
    within, without = lines()
    assert (within["correlation_id"], within["causation_id"]) == ("c-1", "event-1")
    assert "correlation_id" not in without


def test_a_field_that_is_not_listed_and_a_value_that_is_not_plain_are_withheld(lines: Lines):
    structlog.get_logger().info("filed", full_name=CANARY, reason={"name": CANARY}, state=[CANARY])
    [line] = lines()
    assert line["full_name"] == line["reason"] == line["state"] == logging.WITHHELD
    assert CANARY not in json.dumps(line, ensure_ascii=False)


def test_an_exception_shows_its_place_and_no_value(lines: Lines):
    def refuse(name: str) -> None:
        raise ValueError(name)

    try:
        try:
            refuse(CANARY)
        except ValueError as error:
            raise KeyError(CANARY) from error
    except KeyError:
        structlog.get_logger().exception("broken")
    [line] = lines()
    told = line["exception"]
    assert told["type"] == "builtins.KeyError"
    assert told["cause"]["type"] == "builtins.ValueError"
    assert told["cause"]["frames"][-1].endswith(" refuse")
    assert "Nguy" not in json.dumps(line, ensure_ascii=False)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Permanent("amount-differs", "paid 1 of 2"), "amount-differs: paid 1 of 2"),
        (Transient("the gateway is away"), "the gateway is away"),
        (Conflict(CANARY), "conflict"),
        (FileNotFoundError(2, "No such file", CANARY), "No such file"),
        (ValueError(CANARY), None),
    ],
)
def test_an_exception_has_a_code_where_its_author_gave_one(
    lines: Lines, error: Exception, code: str | None
):
    structlog.get_logger().error("refused", exc_info=error)
    [line] = lines()
    assert line["exception"]["code"] == code


def test_each_error_of_a_group_is_told(lines: Lines):
    structlog.get_logger().error("many", exc_info=ExceptionGroup("", [OSError(), ValueError()]))
    [line] = lines()
    kinds = [each["type"] for each in line["exception"]["errors"]]
    assert kinds == ["builtins.OSError", "builtins.ValueError"]


def test_libraries_speak_only_where_they_are_known_to_be_discreet(lines: Lines):
    standard.getLogger("aiokafka.consumer").warning("Heartbeat failed for group %s", "payment")
    standard.getLogger("some.library").error("cannot send to %s", CANARY)
    standard.getLogger("aiokafka").info("too quiet to be written")
    kafka, other = lines()
    assert kafka["event"] == "Heartbeat failed for group payment"
    assert (kafka["logger"], kafka["level"]) == ("aiokafka.consumer", "warning")
    assert other["event"] == logging.WITHHELD
    assert str(other["where"]).startswith("test_logging:")


async def test_what_asyncio_reports_does_not_spill_the_error(lines: Lines):
    asyncio.get_running_loop().call_exception_handler(
        {"message": "Task exception was never retrieved", "exception": ValueError(CANARY)}
    )
    [line] = lines()
    assert line["event"] == "Task exception was never retrieved"
    assert "Nguy" not in json.dumps(line, ensure_ascii=False)


def test_an_uncaught_error_is_a_line_too():
    code = f"from chassis import logging; logging.configure('trial'); raise ValueError('{CANARY}')"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=False, text=True
    )
    assert ended.returncode == 1
    assert json.loads(ended.stdout)["event"] == "uncaught error"
    assert not ended.stderr


def trial_app() -> FastAPI:
    router = APIRouter(prefix="/v1")

    @router.get("/people/{name}")
    async def person(name: str) -> str:
        if name == "broken":
            raise ValueError(CANARY)
        return name

    @router.get("/livez")
    async def livez() -> None: ...

    app = FastAPI()
    install_problem_handlers(app)
    correlation.install(app)
    app.include_router(router)
    return app


async def request(path: str) -> httpx2.Response:
    transport = httpx2.ASGITransport(app=trial_app())
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get(path, headers={"X-Correlation-ID": "c-9"})


async def test_a_request_is_one_line_with_the_route_and_without_its_values(lines: Lines):
    await request(f"/v1/people/{CANARY}?phone={CANARY}")
    [line] = lines()
    assert line["event"] == "request"
    assert (line["method"], line["route"], line["status"]) == ("GET", "/v1/people/{name}", 200)
    assert isinstance(line["ms"], float)
    assert line["correlation_id"] == "c-9"
    assert "0912345678" not in json.dumps(line)


async def test_an_unknown_path_is_not_repeated(lines: Lines):
    await request(f"/{CANARY}")
    [line] = lines()
    assert (line["route"], line["status"]) == ("unknown", 404)


async def test_a_bug_is_told_within_the_correlation_of_its_request(lines: Lines):
    assert (await request("/v1/people/broken")).status_code == 500
    bug, line = lines()
    assert (bug["event"], bug["correlation_id"]) == ("unhandled error", "c-9")
    assert line["status"] == 500
    assert "Nguy" not in json.dumps([bug, line], ensure_ascii=False)
