"""Time by RFC 3161, asked for and looked at before it is used."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

import aiohttp
from asn1crypto import cms, core, tsp
from pyhanko.sign.timestamps.aiohttp_client import HTTPTimeStamper
from pyhanko.sign.timestamps.common_utils import TimestampRequestError

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
        response = await super().async_request_tsa_response(req)
        # asn1crypto wants a token in every response, also in a refusal, which has none.
        told = core.Sequence.load(response.dump())[0].dump()
        status = tsp.PKIStatusInfo.load(told)["status"].native
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
            # No token, or one with another nonce: pyHanko then trips over its own text.
            raise Hindered(Hindrance.TIME_STAMP_WRONG, f"{self.url}: no time-stamp") from error
        if abs(told - self._clock()) > MOST_DIFFERENCE:
            raise Hindered(Hindrance.TIME_STAMP_WRONG, f"{self.url}: its time is {told:%c}")
        return token


def time_of(token: cms.ContentInfo) -> datetime:
    """When a time-stamp was made."""
    # Of asn1crypto's types only the outermost are told apart.
    told = cast("Any", token)["content"]["encap_content_info"]["content"].parsed
    return told["gen_time"].native
