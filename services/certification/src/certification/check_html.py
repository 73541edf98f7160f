"""How the pages of the public check look: templates, words in two languages, security headers."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from importlib.resources import files
from urllib.parse import quote, urlencode, urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader

from certification.check_uploads import MOST_BYTES
from certification.check_views import CheckView
from certification.domain import VIETNAM
from certification.sealing import Request as CopyRequest
from certification.work import Office
from chassis.errors import Problem, Text

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
        "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_MEDIA_TYPES = {
    ".css": "text/css",
    ".mjs": "text/javascript",
    ".woff2": "font/woff2",
    ".svg": "image/svg+xml",
}


class Language(StrEnum):
    VIETNAMESE = "vi"
    ENGLISH = "en"

    def pick(self, text: Text) -> str:
        return text.en if self is Language.ENGLISH else text.vi


def language_of(request: Request) -> Language:
    """What `?lang=` asks for; Vietnamese if it asks for nothing that we have."""
    wanted = request.query_params.get("lang")
    return Language.ENGLISH if wanted == Language.ENGLISH else Language.VIETNAMESE


@dataclass(frozen=True, slots=True)
class StaticFile:
    content: bytes
    media_type: str
    headers: Mapping[str, str]


class Pages:
    """The pages of one office. `static` are the files they load, by name."""

    def __init__(self, office: Office) -> None:
        self._root = urlsplit(office.public_url).path.rstrip("/")
        self.static = _static_files()
        self._templates = _environment()
        version = hashlib.sha256(b"".join(each.content for each in self.static.values()))
        self._fixed = {
            "root": self._root,
            "office": office.name,
            "version": version.hexdigest()[:12],
            "most_megabytes": MOST_BYTES // 1024 // 1024,
        }

    def link_page(self, link: str, lang: Language) -> str:
        query = f"?{urlencode({'lang': lang})}" if lang is Language.ENGLISH else ""
        return f"{self._root}/c/{quote(link, safe='')}{query}"

    def form(self, lang: Language, *, problem: Problem | None = None) -> HTMLResponse:
        return self._page("form", lang, problem=problem)

    def file_result(self, lang: Language, check: CheckView) -> HTMLResponse:
        return self._page("file_result", lang, check=check)

    def copy(
        self,
        lang: Language,
        check: CheckView,
        *,
        problem: Problem | None = None,
        personal: CopyRequest | None = None,
        code: str = "",
    ) -> HTMLResponse:
        """What the register says of a copy; with the check code, `personal` too."""
        return self._page("copy", lang, problem=problem, check=check, personal=personal, code=code)

    def problem(self, lang: Language, problem: Problem) -> HTMLResponse:
        return self._page("problem", lang, problem=problem)

    def _page(
        self, name: str, lang: Language, *, problem: Problem | None = None, **values: object
    ) -> HTMLResponse:
        def t(vi: str, en: str) -> str:
            return en if lang is Language.ENGLISH else vi

        html = self._templates.get_template(f"{name}.html").render(
            t=t,
            lang=lang,
            query="?lang=en" if lang is Language.ENGLISH else "",
            problem=problem and _told(problem, lang),
            when=partial(_when, lang=lang),
            **self._fixed,
            **values,
        )
        status = problem.status if problem else 200
        return HTMLResponse(html, status, {**HEADERS, **(problem.headers if problem else {})})


@dataclass(frozen=True, slots=True)
class _Told:
    title: str
    detail: str


def _told(problem: Problem, lang: Language) -> _Told:
    title, detail = lang.pick(problem.title), lang.pick(problem.detail)
    return _Told(title, detail if detail != title else "")


def _when(at: datetime, lang: Language) -> str:
    here = at.astimezone(VIETNAM)
    if lang is Language.ENGLISH:
        return f"{here:%-d %B %Y, %H:%M:%S} (UTC+7)"
    return f"{here:%d/%m/%Y, %H:%M:%S} (giờ Việt Nam)"


def _environment() -> Environment:
    govuk = PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})
    return Environment(
        loader=ChoiceLoader([PackageLoader("certification"), govuk]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _static_files() -> Mapping[str, StaticFile]:
    """Read once: the list is all that can be asked for."""
    kept = {
        "Cache-Control": "public, max-age=86400",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    return {
        file.name: StaticFile(file.read_bytes(), media_type, kept)
        for file in (files("certification") / "static").iterdir()
        for suffix, media_type in _MEDIA_TYPES.items()
        if file.name.endswith(suffix)
    }
