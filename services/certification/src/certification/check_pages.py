"""The public check for people: pages that need no JavaScript, in Vietnamese and English.

Patterns of the GOV.UK Design System under our own brand. No page is kept by any cache, none tells
where its reader came from, and nothing is loaded from another host.
"""

import sys
from collections.abc import Callable, Coroutine
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute

from certification.check_api import Asking, Limit
from certification.check_form import file_in_form
from certification.check_html import HEADERS, Language, Pages, language_of
from certification.check_views import Basis, view
from certification.codes import as_typed
from certification.copy_files import CopyFiles
from certification.public_check import PublicCheck, UnknownLink, WrongCode
from chassis.errors import BadRequest, NotFound, Problem

Lang = Annotated[Language, Depends(language_of)]
Code = Annotated[str, Form()]
Typed = Annotated[str, Query(alias="ma")]


def form_pages(
    check: PublicCheck, pages: Pages, *, looking: Limit, filing: Limit, asking: Asking
) -> APIRouter:
    """A file is checked, or a link from paper looked up. `filing` limits the former."""
    router = _page_router(pages)

    @router.get("/kiem-tra", dependencies=[Depends(looking)])
    async def form(lang: Lang, typed: Typed = "") -> Response:
        """The form; for a link that somebody typed or pasted, the way to its page."""
        link = link_in(typed)
        if not link:
            return pages.form(lang)
        return RedirectResponse(pages.link_page(link, lang), 303, headers=HEADERS)

    @router.post("/kiem-tra", dependencies=[Depends(filing)], max_body_size=sys.maxsize)
    async def by_file(request: Request, lang: Lang) -> HTMLResponse:
        try:
            finding = await check.by_file(file_in_form(request), asking(request))
        except Problem as problem:
            if problem.status >= 500:
                raise
            return pages.form(lang, problem=problem)
        return pages.file_result(lang, view(finding, check.office, basis=Basis.FILE))

    @router.get("/kiem-tra/static/{name}")
    async def static(name: str) -> Response:
        found = pages.static.get(name)
        if found is None:
            raise NotFound
        return Response(found.content, media_type=found.media_type, headers=found.headers)

    return router


def copy_pages(check: PublicCheck, pages: Pages, files: CopyFiles, *, looking: Limit) -> APIRouter:
    """What the register says of a copy; with its check code, what it is a copy of, and its file."""
    router = _page_router(pages)
    limited = [Depends(looking)]

    @router.get("/c/{link}", dependencies=limited)
    async def by_link(link: str, lang: Lang) -> HTMLResponse:
        finding = await check.by_link(as_typed(link))
        return pages.copy(lang, view(finding, check.office, basis=Basis.REGISTER))

    @router.post("/c/{link}", dependencies=limited)
    async def personal(link: str, lang: Lang, code: Code = "") -> HTMLResponse:
        try:
            finding, request = await check.personal(as_typed(link), code)
        except WrongCode as problem:
            finding = await check.by_link(as_typed(link))
            shown = view(finding, check.office, basis=Basis.REGISTER)
            return pages.copy(lang, shown, problem=problem)
        shown = view(finding, check.office, basis=Basis.REGISTER)
        return pages.copy(lang, shown, personal=request, code=as_typed(code))

    @router.post("/c/{link}/tep", dependencies=limited)
    async def download(link: str, code: Code = "") -> FileResponse:
        finding, _ = await check.personal(as_typed(link), code)
        copy = finding.copy
        if copy is None or copy.sha256 is None:
            raise UnknownLink
        return FileResponse(
            files.path(copy.sha256),
            media_type="application/pdf",
            filename=f"ban-sao-chung-thuc-{copy.number}-{copy.year}.pdf",
            headers=HEADERS,
        )

    return router


def _page_router(pages: Pages) -> APIRouter:
    """Whose refusals are pages, too."""

    class PageRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            answer = super().get_route_handler()

            async def page(request: Request) -> Response:
                try:
                    return await answer(request)
                except Problem as problem:
                    return pages.problem(language_of(request), problem)
                except RequestValidationError:
                    return pages.problem(language_of(request), BadRequest())

            return page

    return APIRouter(tags=["public check"], route_class=PageRoute)


def link_in(typed: str) -> str:
    """Of what somebody typed or pasted, as a link or whole; empty if there is none in it."""
    try:
        path = urlsplit(typed).path
    except ValueError:  # a host that none can have
        return ""
    return as_typed(path.rpartition("/")[2])
