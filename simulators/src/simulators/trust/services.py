"""What anybody may ask over HTTP: time stamps, OCSP, CRLs, certificates."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import APIRouter, HTTPException, Request, Response

from simulators.faults import CutConnection, Faults, pause
from simulators.ledger import Ledger
from simulators.trust.authorities import ROOT, TSA, Hierarchy
from simulators.trust.holders import Holder
from simulators.trust.ocsp import Responder
from simulators.trust.revocation import Register, signed_crl
from simulators.trust.time_stamping import TimeStamper

KNOWN_FAULTS = {
    "down": "503 (target: tsa, ocsp, crl, certificates)",
    "delay": "the answer comes after `seconds` (target: the same)",
    "cut": "the work is done, the answer is lost (target: the same)",
    "bad-signature": "the signature does not verify (target: tsa, ocsp)",
    "stale": "the answer is a week old (target: ocsp, crl)",
    "wrong-time": "tsa: the time is `seconds` ahead",
    "past-time": "tsa: the time is `seconds` ago",
    "wrong-nonce": "tsa: the nonce is another",
    "wrong-imprint": "tsa: the digest is another",
    "refuse": "tsa: PKIStatus rejection, timeNotAvailable",
    "unknown": "ocsp: the certificate is said to be unknown",
    "try-later": "ocsp: tryLater",
}

PEM = "application/x-pem-file"


@dataclass(frozen=True)
class Conduct:
    """How an endpoint answers when it was told to misbehave."""

    faults: Faults

    async def answer(self, endpoint: str, well: Callable[[], Response]) -> Response:
        await pause(self.faults.take("delay", endpoint))
        if self.faults.take("down", endpoint):
            return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE)
        answer = well()
        return CutConnection() if self.faults.take("cut", endpoint) else answer


def time_stamp_routes(stamper: TimeStamper, conduct: Conduct) -> APIRouter:
    router = APIRouter(tags=["time stamps"])

    @router.post("/tsa")
    async def stamp(http: Request) -> Response:
        request = await _posted(http, "application/timestamp-query")
        return await conduct.answer(
            "tsa",
            lambda: Response(stamper.answer(request), media_type="application/timestamp-reply"),
        )

    return router


def ocsp_routes(responder: Responder, conduct: Conduct) -> APIRouter:
    router = APIRouter(tags=["OCSP"])

    async def answer(request: bytes) -> Response:
        return await conduct.answer(
            "ocsp",
            lambda: Response(responder.answer(request), media_type="application/ocsp-response"),
        )

    @router.post("/ocsp")
    async def ask(http: Request) -> Response:
        return await answer(await _posted(http, "application/ocsp-request"))

    @router.get("/ocsp/{encoded:path}")
    async def ask_by_url(encoded: str) -> Response:
        """RFC 6960 A.1: base64, which has slashes of its own."""
        try:
            request = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            request = b""  # answered as malformed
        return await answer(request)

    return router


def crl_routes(
    hierarchy: Hierarchy, register: Register, conduct: Conduct, *, ledger: Ledger
) -> APIRouter:
    router = APIRouter(tags=["CRLs"])

    @router.get("/crl/{name}.crl")
    async def crl(name: str) -> Response:
        authority = hierarchy.authorities.get(name)
        if authority is None:
            raise _nothing(name)

        def fresh() -> Response:
            stale = conduct.faults.take("stale", "crl") is not None
            signed = signed_crl(authority, register, stale=stale)
            ledger.record("crl-served", {"authority": name, "number": signed.number})
            return Response(signed.der, media_type="application/pkix-crl")

        return await conduct.answer("crl", fresh)

    return router


def certificate_routes(hierarchy: Hierarchy, conduct: Conduct) -> APIRouter:
    router = APIRouter(tags=["certificates"])

    @router.get("/certificates/{name}.crt")
    async def certificate(name: str) -> Response:
        der = _holder(hierarchy, name).der
        return await conduct.answer(
            "certificates", lambda: Response(der, media_type="application/pkix-cert")
        )

    @router.get("/certificates/{name}.pem")
    async def certificate_text(name: str) -> Response:
        return Response(_holder(hierarchy, name).pem, media_type=PEM)

    @router.get("/trust-roots.pem")
    async def trust_roots() -> Response:
        return Response(_holder(hierarchy, ROOT).pem, media_type=PEM)

    return router


async def _posted(http: Request, media_type: str) -> bytes:
    if http.headers.get("content-type", "").partition(";")[0].strip() != media_type:
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"send {media_type}")
    return await http.body()


def _holder(hierarchy: Hierarchy, name: str) -> Holder:
    if name == TSA:
        return hierarchy.tsa
    authority = hierarchy.authorities.get(name)
    if authority is None:
        raise _nothing(name)
    return authority.holder


def _nothing(name: str) -> HTTPException:
    return HTTPException(HTTPStatus.NOT_FOUND, f"there is no {name} here")
