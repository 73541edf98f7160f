"""Server-rendered pages: Vietnamese first, English on request, no JavaScript."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

VIETNAM = timezone(timedelta(hours=7), "GMT+7")  # no summer time

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _dong(amount: int) -> str:
    return f"{amount:,}".replace(",", ".") + " ₫"


def _clock(moment: str) -> str:
    """RFC 3339 in UTC, shown as a clock in Việt Nam shows it."""
    local = datetime.fromisoformat(moment).astimezone(VIETNAM)
    return local.strftime("%H:%M:%S %d/%m/%Y")


_environment.filters["dong"] = _dong
_environment.filters["clock"] = _clock


def page(
    template: str, values: Mapping[str, object], *, lang: str | None = None, status: int = 200
) -> HTMLResponse:
    """Renders with `t(vietnamese, english)` and `lang` at hand."""
    english = lang == "en"

    def t(vietnamese: str, english_twin: str) -> str:
        return english_twin if english else vietnamese

    body = _environment.get_template(template).render(
        {**values, "t": t, "lang": "en" if english else "vi"}
    )
    headers = {
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
        "frame-src 'self'; frame-ancestors 'self'",
        "Referrer-Policy": "no-referrer",
    }
    return HTMLResponse(body, status_code=status, headers=headers)
