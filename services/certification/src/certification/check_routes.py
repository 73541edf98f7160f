"""The public check put together: what it needs, its routes, how often each may be asked."""

from collections.abc import Sequence
from functools import partial

from fastapi import APIRouter, Request

from certification.check_api import Limit, check_api
from certification.check_files import FileChecks
from certification.check_html import Pages
from certification.check_pages import copy_pages, form_pages
from certification.copy_files import CopyFiles
from certification.public_check import PublicCheck
from certification.rate_limit import CheckSettings, Pace, RateLimit, asker
from certification.sealing import Sealing
from certification.settings import Settings
from certification.work import CertificationWork
from chassis.app import Service

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


def public_check(
    service: Service[CertificationWork], files: CopyFiles, settings: Settings
) -> Sequence[APIRouter]:
    """The routes of the public check of `service`'s copies."""
    office, sealing = settings.office(), Sealing(settings.encryption_keys)
    file_checks = FileChecks(settings.trust_roots, check_url=office.check_url(""))
    check = PublicCheck(service, file_checks, office=office, sealing=sealing)
    return check_routes(check, files, settings.check)


def check_routes(
    check: PublicCheck, files: CopyFiles, settings: CheckSettings
) -> Sequence[APIRouter]:
    """JSON and pages, with one count of askers for both."""
    looking = _limit(settings.links_per_minute, settings)
    filing = _limit(settings.files_per_minute, settings)
    asking = partial(asker, header=settings.address_header)
    pages = Pages(check.office)
    return (
        check_api(check, looking=looking, filing=filing, asking=asking),
        form_pages(check, pages, looking=looking, filing=filing, asking=asking),
        copy_pages(check, pages, files, looking=looking),
    )


def _limit(per_minute: int, settings: CheckSettings) -> Limit:
    rate = RateLimit(Pace(burst=per_minute, seconds=60 / per_minute))

    def limit(request: Request) -> None:
        rate.take(asker(request, header=settings.address_header))

    return limit
