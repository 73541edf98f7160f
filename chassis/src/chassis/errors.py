"""Typed errors: what a handler raises decides what becomes of its message, or of its request.

`Transient` is tried again with back-off, `Permanent` is parked at once, anything else counts as a
bug. A `Problem` is also an answer over HTTP, in the shape of RFC 9457 (`application/problem+json`).
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import ClassVar, NamedTuple, TypedDict

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import MAX_BODY_SIZE_SCOPE_KEY


class Text(NamedTuple):
    """One sentence for a citizen (Vietnamese) and for a developer (English)."""

    vi: str
    en: str


class FieldError(TypedDict):
    """A wrong field, as a dotted path in the request, and why."""

    field: str
    vi: str
    en: str


class Transient(Exception):  # noqa: N818 - the field's word
    """May succeed later, e.g. after `retry_after` seconds. No personal data in the message."""

    retry_after: float = 5.0


class Permanent(Exception):  # noqa: N818 - the field's word
    """Fails the same way for ever. `reason` is a code such as `amount-differs`, for people and
    counters; no personal data in it or in the message.
    """

    reason: str

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(message or reason)
        self.reason = reason


class Problem(Exception):  # noqa: N818 - RFC 9457's word
    """An expected refusal. A domain error is a line: `class Paid(Conflict, vi="…", en="…")`.

    Its slug comes from its name (`already-paid` from `AlreadyPaid`), its status from its base.
    `detail` says what to do next; `members` become extension members of the answer.
    """

    status: ClassVar[int] = 500
    slug: ClassVar[str]
    title: ClassVar[Text]

    def __init_subclass__(cls, *, vi: str = "", en: str = "", status: int = 0) -> None:
        cls.slug = re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()
        cls.title = Text(vi, en) if vi and en else cls.title
        cls.status = status or cls.status

    def __init__(self, detail: Text | str | None = None, **members: object) -> None:
        text = detail or self.title
        self.detail = text if isinstance(text, Text) else Text(self.title.vi, text)
        self.reason = self.slug
        self.members = members
        self.headers: dict[str, str] = {}
        Exception.__init__(self, self.detail.en)


class Refusal(Problem, Permanent, status=400, vi="Yêu cầu bị từ chối", en="Refused"):
    """The asker's to mend: asking the same again is refused the same way."""


class BadRequest(Refusal, vi="Yêu cầu không đọc được", en="The request cannot be read"):
    """Malformed before its meaning matters."""


class Unauthorized(Refusal, status=401, vi="Cần đăng nhập", en="A valid access token is needed"):
    """Nobody, or nobody we believe, is asking."""

    def __init__(self, detail: Text | str | None = None, *, challenge: str = "Bearer") -> None:
        super().__init__(detail)
        self.headers["WWW-Authenticate"] = challenge


class Forbidden(Refusal, status=403, vi="Không có quyền", en="This is not allowed for you"):
    """We know who is asking, and the answer is no."""


class NotFound(Refusal, status=404, vi="Không tìm thấy", en="There is no such resource"):
    """It does not exist, or the asker may not know that it does."""


class Conflict(Refusal, status=409, vi="Không thực hiện được lúc này", en="Not possible now"):
    """The present state forbids it."""


class TooLarge(Refusal, status=413, vi="Dung lượng quá giới hạn", en="The content is too large"):
    """More bytes than are taken."""


class UnsupportedType(Refusal, status=415, vi="Định dạng không nhận", en="Type not accepted"):
    """Bytes of a kind that is not taken."""


class Unprocessable(Refusal, status=422, vi="Nội dung không hợp lệ", en="The content is not valid"):
    """Readable but wrong; `errors` names each wrong field."""

    def __init__(self, detail: Text | str | None = None, *, errors: list[FieldError]) -> None:
        super().__init__(detail, errors=errors)


class Unavailable(Problem, Transient, status=503, vi="Tạm thời gián đoạn", en="Try again later"):
    """Something we need is away; ask again after `retry_after` seconds."""

    def __init__(self, detail: Text | str | None = None, *, retry_after: float = 5.0) -> None:
        super().__init__(detail)
        self.retry_after = retry_after
        self.headers["Retry-After"] = str(max(1, round(retry_after)))


class InternalError(Problem, vi="Lỗi hệ thống", en="Something went wrong on our side"):
    """A bug: the answer says nothing of it, the log says where."""


def install_problem_handlers(app: FastAPI) -> None:
    """Answer every expected error as a problem; a bug is `chassis.correlation`'s to answer."""
    for kind in (Problem, Transient, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _answer)


def problem_response(problem: Problem) -> JSONResponse:
    """English in the standard members, Vietnamese beside them."""
    body: dict[str, object] = {
        "type": f"tag:motcua.vn,2026:problems/{problem.slug}",
        "status": problem.status,
        "title": problem.title.en,
        "titleVi": problem.title.vi,
        "detail": problem.detail.en,
        "detailVi": problem.detail.vi,
    }
    return _json(problem.status, body | problem.members, problem.headers)


async def _answer(request: Request, error: Exception) -> JSONResponse:
    match error:
        case Problem():
            return problem_response(error)
        case RequestValidationError():
            return problem_response(Unprocessable(errors=_field_errors(error)))
        case HTTPException(status_code=TooLarge.status):
            # From the limit of a route, which makes plain text of each answer to a request that
            # declared too much: raised on, it is answered outside the route, as it is.
            raise TooLarge(mostBytes=request.scope[MAX_BODY_SIZE_SCOPE_KEY]) from error
        case HTTPException(status_code=status, headers=headers):
            title = HTTPStatus(status).phrase
            return _json(status, {"type": "about:blank", "status": status, "title": title}, headers)
        case _:
            return problem_response(Unavailable(retry_after=getattr(error, "retry_after", 5.0)))


def _json(status: int, body: dict[str, object], headers: Mapping[str, str] | None) -> JSONResponse:
    return JSONResponse(body, status, headers, media_type="application/problem+json")


_WHY_VI = {
    "missing": "Thiếu trường bắt buộc",
    "extra_forbidden": "Trường này không được phép",
    "json_invalid": "Nội dung không phải JSON hợp lệ",
    "string_too_short": "Quá ngắn",
    "string_too_long": "Quá dài",
    "string_pattern_mismatch": "Sai định dạng",
    "enum": "Không thuộc các giá trị cho phép",
    "literal_error": "Không thuộc các giá trị cho phép",
}


def _field_errors(error: RequestValidationError) -> list[FieldError]:
    """What pydantic found, without the values it found."""
    return [
        FieldError(
            field=".".join(map(str, found["loc"][1:] or found["loc"])),
            vi=_WHY_VI.get(found["type"], "Giá trị không hợp lệ"),
            en=found["msg"],
        )
        for found in error.errors()
    ]
