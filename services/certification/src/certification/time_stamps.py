"""Time by RFC 3161, asked for and looked at before it is used."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

import aiohttp
from asn1crypto import cms, core, tsp
from pyhanko.sign.timestamps.aiohttp_client import HTTPTimeStamper
from pyhanko.sign.timestamps.common_utils import TimestampRequestError, extract_ts_certs
from pyhanko_certvalidator.registry import SimpleCertificateStore

from certification.fetching import UNREADABLE
from certification.ports import Hindered, Hindrance
from certification.trust import MOST_DIFFERENCE


class TimeStampingAuthority(HTTPTimeStamper):
    """Raises `Hindered` instead of errors, and when the time is not now."""

    def __init__(
        self,
        url: str,
        session: aiohttp.ClientSession,
        *,
        seconds: int,
        clock: Callable[[], datetime],
    ) -> None:
        super().__init__(url, timeout=seconds, session=session)
        self._clock = clock

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        try:
            response = await super().async_request_tsa_response(req)
            status = _status(response)
            if status == "granted":
                _read(response)
        except UNREADABLE as error:
            raise TimestampRequestError("its answer is no time-stamp") from error
        if status != "granted":
            raise TimestampRequestError(f"answered {status}")
        return response

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        try:
            token = await super().async_timestamp(message_digest, md_algorithm)
            told = time_of(token)
        except (TimestampRequestError, OSError) as error:
            raise Hindered(Hindrance.TIME_STAMP_AWAY, f"{self.url}: {error}") from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            # A token with another nonce: pyHanko then trips over its own text.
            raise Hindered(Hindrance.TIME_STAMP_WRONG, f"{self.url}: not for us") from error
        if abs(told - self._clock()) > MOST_DIFFERENCE:
            raise Hindered(Hindrance.TIME_STAMP_WRONG, f"{self.url}: its time is {told:%c}")
        return token


def _status(response: tsp.TimeStampResp) -> str:
    # asn1crypto wants a token in every response, also in a refusal, which has none.
    told = core.Sequence.load(response.dump())[0].dump()
    return str(tsp.PKIStatusInfo.load(told)["status"].native)


def _read(response: tsp.TimeStampResp) -> None:
    """To its end, with the time in it, and the certificates that it is checked with.

    Of a copy: what was read once is encoded anew, part by part, each time that it is copied into
    something else, which makes a signature ten times as slow.
    """
    token = cast("cms.ContentInfo", tsp.TimeStampResp.load(response.dump())["time_stamp_token"])
    time_of(token)
    # All of it at once would take asn1crypto ten times as long.
    signed = cast("Any", token)["content"]
    for part in (signed["signer_infos"], *signed["certificates"]):
        part.native  # noqa: B018 - reading is the check
    if not list(extract_ts_certs(token, SimpleCertificateStore())):
        raise ValueError("a time-stamp without its certificate")


def time_of(token: cms.ContentInfo) -> datetime:
    """When a time-stamp was made."""
    # Of asn1crypto's types only the outermost are told apart.
    told = cast("Any", token)["content"]["encap_content_info"]["content"].parsed
    return told["gen_time"].native
