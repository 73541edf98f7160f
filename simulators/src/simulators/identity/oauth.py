"""Errors as RFC 6749 §5.2 words them."""

from fastapi import Request
from fastapi.responses import JSONResponse
from starlette.datastructures import FormData, QueryParams

NEVER_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class OAuthError(Exception):
    """`code` is from the RFC; `description` tells the developer what to change."""

    def __init__(self, code: str, description: str, *, status: int = 400) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.status = status


async def answer_oauth_error(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, OAuthError):
        raise error
    headers = dict(NEVER_STORED)
    if error.status == 401:
        headers["WWW-Authenticate"] = f'Basic realm="identity", error="{error.code}"'
    body = {"error": error.code, "error_description": error.description}
    return JSONResponse(body, error.status, headers)


def single_values(parameters: QueryParams | FormData) -> dict[str, str]:
    """RFC 6749 §3.1: no parameter twice; an empty one counts as absent."""
    values: dict[str, str] = {}
    for name, value in parameters.multi_items():
        if name in values:
            raise OAuthError("invalid_request", f"{name} is given twice; send it once")
        if isinstance(value, str) and value:
            values[name] = value
    return values
