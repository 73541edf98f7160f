"""Enrolling and revoking, over JSON. Never part of a real provider: it would look at a passport."""

import asyncio
from http import HTTPStatus

from fastapi import APIRouter, HTTPException, Response
from pydantic import Field, JsonValue, SecretStr

from simulators.ledger import Ledger
from simulators.trust.enrolment import (
    Identities,
    Identity,
    Reason,
    TakenLabelError,
    Wire,
    Wish,
)


class Application(Wish):
    """A wish with the passphrase of the PKCS#12."""

    passphrase: SecretStr = Field(min_length=1)

    @property
    def wish(self) -> Wish:
        return Wish.model_validate(self.model_dump(exclude={"passphrase"}))


class Cause(Wire):
    reason: Reason = Reason.UNSPECIFIED


def desk_routes(identities: Identities, ledger: Ledger) -> APIRouter:
    router = APIRouter(tags=["enrolment"])
    one_at_a_time = asyncio.Lock()

    @router.post("/_identities")
    async def enrol(application: Application) -> Response:
        """201 with a new PKCS#12, 200 with the one that was made before under this label."""
        wish, passphrase = application.wish, application.passphrase.get_secret_value().encode()
        status = HTTPStatus.OK
        async with one_at_a_time:
            identity = identities.find(wish.label)
            if identity is None:
                identity = await asyncio.to_thread(identities.enrol, wish, passphrase)
                ledger.record("enrolled", _noted(identity))
                status = HTTPStatus.CREATED
        try:
            sealed = identities.key_file(identity, wish, passphrase)
        except TakenLabelError as error:
            raise HTTPException(HTTPStatus.CONFLICT, f"{error}; choose another label") from error
        return Response(sealed, status, media_type="application/x-pkcs12")

    @router.get("/_identities")
    async def list_identities() -> list[dict[str, JsonValue]]:
        return [_described(identity) for identity in identities.all]

    @router.post("/_identities/{label}/revoke")
    async def revoke(label: str, cause: Cause | None = None) -> dict[str, JsonValue]:
        identity = identities.find(label)
        if identity is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"nobody was enrolled as {label}")
        reason = (cause or Cause()).reason
        revoked = identities.revoke(identity, reason)
        if identity.revoked is None:
            ledger.record("revoked", {**_noted(revoked), "reason": reason.value})
        return _described(revoked)

    return router


def _noted(identity: Identity) -> dict[str, JsonValue]:
    return {
        "label": identity.wish.label,
        "authority": identity.authority,
        "serial": f"{identity.x509.serial_number:x}",
        "fingerprint": identity.fingerprint,
    }


def _described(identity: Identity) -> dict[str, JsonValue]:
    certificate, revoked = identity.x509, identity.revoked
    return {
        **_noted(identity),
        "kind": identity.wish.kind,
        "foreign": identity.wish.foreign,
        "subject": certificate.subject.rfc4514_string(),
        "notBefore": certificate.not_valid_before_utc.isoformat(),
        "notAfter": certificate.not_valid_after_utc.isoformat(),
        "revoked": revoked.model_dump(by_alias=True, mode="json") if revoked else None,
        "certificate": identity.certificate,
    }
