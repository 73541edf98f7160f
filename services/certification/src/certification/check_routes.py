"""The public check put together: what it needs, how often it may be asked, its routes."""

from collections.abc import Sequence

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from certification.check_api import Limit, check_api
from certification.check_html import Pages
from certification.check_pages import copy_pages, form_pages
from certification.copy_files import CopyFiles
from certification.public_check import PublicCheck
from certification.rate_limit import Pace, RateLimit, asker

PUBLIC = frozenset(
    {
        "GET /c/{link}",
        "GET /kiem-tra",
        "GET /kiem-tra/static/{name}",
        "GET /v1/checks/{link}",
        "POST /c/{link}",
        "POST /c/{link}/tep",
        "POST /kiem-tra",
        "POST /v1/checks",
    }
)
"""Every route that needs no token."""


class CheckSettings(BaseModel):
    """`CERTIFICATION_CHECK_*`: how often one address may check."""

    links_per_minute: int = Field(default=60, ge=1)
    files_per_minute: int = Field(default=10, ge=1)
    """A file costs a process of its own."""
    address_header: str | None = Field(default=None, examples=["X-Forwarded-For"])
    """The header in which a proxy in front of us says who asks. Only if there is one that sets it:
    whoever reaches us past it would choose their own address.
    """


def check_routes(
    check: PublicCheck, files: CopyFiles, settings: CheckSettings
) -> Sequence[APIRouter]:
    """JSON and pages, with one count of askers for both."""
    looking = _limit(settings.links_per_minute, settings)
    filing = _limit(settings.files_per_minute, settings)
    pages = Pages(check.office)
    return (
        check_api(check, looking=looking, filing=filing),
        form_pages(check, pages, looking=looking, filing=filing),
        copy_pages(check, pages, files, looking=looking),
    )


def _limit(per_minute: int, settings: CheckSettings) -> Limit:
    rate = RateLimit(Pace(burst=per_minute, seconds=60 / per_minute))

    def limit(request: Request) -> None:
        rate.take(asker(request, header=settings.address_header))

    return limit
