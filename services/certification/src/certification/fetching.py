"""Fetches what authorities publish of certificates, and reads it before anybody relies upon it.

asn1crypto looks at a part when it is asked for it, so an answer that is no answer would be kept and
break whatever comes across it later. Here it counts as one that did not come.
"""

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from asn1crypto import crl
from pyhanko_certvalidator import errors
from pyhanko_certvalidator.fetchers.aiohttp_fetchers import AIOHttpFetcherBackend
from pyhanko_certvalidator.fetchers.aiohttp_fetchers.cert_fetch_client import (
    AIOHttpCertificateFetcher,
)
from pyhanko_certvalidator.fetchers.aiohttp_fetchers.crl_client import AIOHttpCRLFetcher
from pyhanko_certvalidator.fetchers.aiohttp_fetchers.ocsp_client import AIOHttpOCSPFetcher
from pyhanko_certvalidator.fetchers.aiohttp_fetchers.util import AIOHttpMixin
from pyhanko_certvalidator.fetchers.api import Fetchers
from pyhanko_certvalidator.fetchers.common_utils import FetchBudget

UNREADABLE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What asn1crypto and pyHanko raise over bytes that are not what they take them for."""

_ABOUT_A_LIST = ("version", "signature", "issuer", "this_update", "next_update", "crl_extensions")


class _Reading(AIOHttpMixin):
    """Before what was fetched is kept."""

    _unread: ClassVar[type[Exception]]

    async def _post_fetch_task(self, tag: object, async_fun: Callable[[], Awaitable[Any]]) -> Any:  # noqa: ANN401 - pyHanko's own
        async def whole() -> object:
            try:
                answer = await async_fun()
                for part in answer if isinstance(answer, list) else [answer]:
                    _read(part)
            except UNREADABLE as error:
                raise self._unread("the answer cannot be read") from error
            return answer

        return await super()._post_fetch_task(tag, whole)


class _Ocsp(_Reading, AIOHttpOCSPFetcher):
    _unread = errors.OCSPFetchError


class _Crl(_Reading, AIOHttpCRLFetcher):
    _unread = errors.CRLFetchError


class _Certificates(_Reading, AIOHttpCertificateFetcher):
    _unread = errors.CertificateFetchError


class FetcherBackend(AIOHttpFetcherBackend):
    """pyHanko's, that reads."""

    def get_fetchers(self) -> Fetchers:
        told: dict[str, Any] = {
            "session": self.session,
            "per_request_timeout": self.per_request_timeout,
            "budget": FetchBudget(self.limits),
        }
        return Fetchers(
            ocsp_fetcher=_Ocsp(**told),
            crl_fetcher=_Crl(**told),
            cert_fetcher=_Certificates(**told),
        )


def _read(answer: Any) -> None:  # noqa: ANN401 - asn1crypto's types tell the outermost apart only
    """To its end; of a list all but its entries, for a country's has a hundred thousand.

    Of a copy: what was read once is encoded anew whenever it is used.
    """
    answer = type(answer).load(answer.dump())
    if isinstance(answer, crl.CertificateList):
        told: Any = answer["tbs_cert_list"]
        parts = [told[name] for name in _ABOUT_A_LIST]
        parts += [answer["signature_algorithm"], answer["signature"]]
        len(told["revoked_certificates"])
    else:
        parts = [answer]
    for part in parts:
        part.native  # noqa: B018 - reading is the check
