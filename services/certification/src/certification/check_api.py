"""The public check for programs: JSON, without a token.

A link is checked against the register, a file against the register and its own signatures.
"""

import sys
from collections.abc import Callable

from fastapi import APIRouter, Depends, Request, Response

from certification.check_views import Basis, CheckView, view
from certification.codes import as_typed
from certification.public_check import PublicCheck

Limit = Callable[[Request], None]
"""Raises `TooOften`."""
Asking = Callable[[Request], str]
"""Who asks."""


def check_api(check: PublicCheck, *, looking: Limit, filing: Limit, asking: Asking) -> APIRouter:
    """`looking` limits questions by link, `filing` those with a file."""
    router = APIRouter(prefix="/v1/checks", tags=["public check"])

    @router.get("/{link}", dependencies=[Depends(looking)], response_model_exclude_none=True)
    async def by_link(link: str, response: Response) -> CheckView:
        _forget(response)
        finding = await check.by_link(as_typed(link))
        return view(finding, check.office, basis=Basis.REGISTER)

    # The check counts for itself, and says why a file is too large.
    @router.post(
        "",
        dependencies=[Depends(filing)],
        response_model_exclude_none=True,
        max_body_size=sys.maxsize,
    )
    async def by_file(request: Request, response: Response) -> CheckView:
        """The body is the PDF itself, 30 MB at most."""
        _forget(response)
        finding = await check.by_file(request.stream(), asking(request))
        return view(finding, check.office, basis=Basis.FILE)

    return router


def _forget(response: Response) -> None:
    """A verdict holds for the moment: a copy may be revoked the next."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
