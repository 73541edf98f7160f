import httpx2
from fastapi import FastAPI
from pydantic import BaseModel, Field

from chassis.errors import (
    Conflict,
    NotFound,
    Permanent,
    Text,
    Transient,
    Unauthorized,
    Unavailable,
    Unprocessable,
    install_problem_handlers,
)

UNUSED = Conflict()


class OrderAlreadyPaid(Conflict, vi="Đã thanh toán", en="The order is paid already"):
    """A domain error as a service writes it."""


class Order(BaseModel):
    amount: int
    note: str = Field(default="", max_length=3)


def app_raising(error: Exception = UNUSED) -> FastAPI:
    app = FastAPI()
    install_problem_handlers(app)

    @app.get("/fails")
    async def fails() -> None:
        raise error

    @app.post("/orders")
    async def order(body: Order) -> None: ...

    return app


async def answer(app: FastAPI, method: str, path: str, **request: object) -> httpx2.Response:
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.request(method, path, **request)  # type: ignore[arg-type]


async def test_a_domain_error_becomes_its_own_problem_in_two_languages():
    error = OrderAlreadyPaid(Text("Xem biên lai", "See the receipt"), receipt="R-1")
    response = await answer(app_raising(error), "GET", "/fails")
    assert response.status_code == 409
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == {
        "type": "tag:motcua.vn,2026:problems/order-already-paid",
        "status": 409,
        "title": "The order is paid already",
        "titleVi": "Đã thanh toán",
        "detail": "See the receipt",
        "detailVi": "Xem biên lai",
        "receipt": "R-1",
    }


def test_a_refusal_is_permanent_and_an_outage_is_transient():
    refusal = OrderAlreadyPaid()
    assert isinstance(refusal, Permanent)
    assert refusal.reason == "order-already-paid"
    assert str(refusal) == "The order is paid already"
    assert isinstance(Unavailable(), Transient)
    assert not isinstance(Unavailable(), Permanent)
    assert Permanent("amount-differs").reason == "amount-differs"


def test_a_subclass_without_a_title_keeps_the_title_of_its_base():
    class FileNotKept(NotFound):
        pass

    assert FileNotKept.slug == "file-not-kept"
    assert FileNotKept.status == 404
    assert FileNotKept.title == NotFound.title


async def test_an_outage_says_when_to_ask_again():
    for error in (Unavailable(retry_after=30), Transient("the database is away")):
        response = await answer(app_raising(error), "GET", "/fails")
        assert response.status_code == 503
        assert response.headers["retry-after"] == str(round(error.retry_after))
        assert "database" not in response.text


async def test_an_unknown_caller_is_challenged():
    response = await answer(app_raising(Unauthorized()), "GET", "/fails")
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"


async def test_a_wrong_body_names_each_field_and_why_and_repeats_no_value():
    response = await answer(app_raising(), "POST", "/orders", json={"note": "personal"})
    assert response.status_code == 422
    assert response.json()["errors"] == [
        {"field": "amount", "vi": "Thiếu trường bắt buộc", "en": "Field required"},
        {"field": "note", "vi": "Quá dài", "en": "String should have at most 3 characters"},
    ]
    assert "personal" not in response.text


async def test_a_body_that_is_not_json_is_a_problem_too():
    response = await answer(
        app_raising(),
        "POST",
        "/orders",
        content=b"{",
        headers={"content-type": "application/json"},
    )
    assert response.status_code == 422
    assert response.json()["errors"][0]["vi"] == "Nội dung không phải JSON hợp lệ"


def test_a_service_reports_its_own_field_errors():
    problem = Unprocessable(errors=[{"field": "form.born", "vi": "Sai ngày", "en": "No such day"}])
    assert problem.members["errors"] == [
        {"field": "form.born", "vi": "Sai ngày", "en": "No such day"}
    ]


async def test_an_unknown_route_and_a_wrong_method_answer_as_problems():
    app = app_raising()
    missing = await answer(app, "GET", "/nowhere")
    assert (missing.status_code, missing.json()["title"]) == (404, "Not Found")
    wrong = await answer(app, "DELETE", "/fails")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET")
    assert wrong.headers["content-type"] == "application/problem+json"
