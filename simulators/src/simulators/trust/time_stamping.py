"""The time-stamping authority (RFC 3161, with ESSCertIDv2 of RFC 5816)."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from asn1crypto import cms, core, tsp, x509
from pydantic import BaseModel

from simulators.faults import Faults
from simulators.ledger import Ledger
from simulators.trust.authorities import STAMPING, Hierarchy
from simulators.trust.holders import Holder, spoiled

POLICY = "1.3.6.1.4.1.32473.1"  # an arc for examples (RFC 5612)
ACCURACY = 1  # second
_DIGEST_BYTES = {"sha256": 32, "sha384": 48, "sha512": 64}


class RefusedError(Exception):
    """Ends a request with a rejection; the name is asn1crypto's for a PKIFailureInfo bit."""

    def __init__(self, failure: str, why: str) -> None:
        super().__init__(why)
        self.failure = failure


class _Algorithm(BaseModel):
    algorithm: str


class _Imprint(BaseModel):
    hash_algorithm: _Algorithm
    hashed_message: bytes


class Query(BaseModel):
    """What asn1crypto reads from a TimeStampReq."""

    version: str
    message_imprint: _Imprint
    req_policy: str | None
    nonce: int | None
    cert_req: bool
    extensions: Sequence[object] | None

    @property
    def algorithm(self) -> str:
        return self.message_imprint.hash_algorithm.algorithm

    @property
    def digest(self) -> bytes:
        return self.message_imprint.hashed_message


@dataclass(frozen=True)
class TimeStamper:
    hierarchy: Hierarchy
    faults: Faults
    ledger: Ledger

    def answer(self, request: bytes) -> bytes:
        try:
            query = self._accepted(request)
            token = self._token(query, self._stated(query))
        except RefusedError as refused:
            self.ledger.record("stamp-refused", {"failure": refused.failure})
            return _rejection(refused).dump()
        return tsp.TimeStampResp(
            {"status": {"status": "granted"}, "time_stamp_token": token}
        ).dump()

    def _accepted(self, request: bytes) -> Query:
        if self.faults.take("refuse", "tsa"):
            raise RefusedError("time_not_available", "the simulator was told to refuse")
        return _read(request)

    def _stated(self, query: Query) -> tsp.TSTInfo:
        digest, serial, moment = self._digest(query), _new_serial(), self._time()
        self.ledger.record(
            "stamped",
            {
                "serial": f"{serial:x}",
                "algorithm": query.algorithm,
                "imprint": digest.hex(),
                "genTime": moment.isoformat().replace("+00:00", "Z"),
            },
        )
        return tsp.TSTInfo(
            {
                "version": "v1",
                "policy": POLICY,
                "message_imprint": {
                    "hash_algorithm": {"algorithm": query.algorithm},
                    "hashed_message": digest,
                },
                "serial_number": serial,
                "gen_time": moment,
                "accuracy": {"seconds": ACCURACY},
                "nonce": self._nonce(query),
                "tsa": x509.GeneralName("directory_name", self.hierarchy.tsa.asn1.subject),
            }
        )

    def _time(self) -> datetime:
        now = datetime.now(UTC).replace(microsecond=0)
        ahead, behind = self.faults.take("wrong-time", "tsa"), self.faults.take("past-time", "tsa")
        now += timedelta(seconds=int(ahead.seconds if ahead else 0))
        return now - timedelta(seconds=int(behind.seconds if behind else 0))

    def _digest(self, query: Query) -> bytes:
        return spoiled(query.digest) if self.faults.take("wrong-imprint", "tsa") else query.digest

    def _nonce(self, query: Query) -> int | None:
        wrong = self.faults.take("wrong-nonce", "tsa")
        return (query.nonce or 0) + 1 if wrong else query.nonce

    def _token(self, query: Query, stated: tsp.TSTInfo) -> cms.ContentInfo:
        content = stated.dump()
        encapsulated = {"content_type": "tst_info", "content": core.ParsableOctetString(content)}
        signed = {
            "version": "v3",
            "digest_algorithms": [{"algorithm": "sha256"}],
            "encap_content_info": encapsulated,
            "certificates": self._certificates() if query.cert_req else None,
            "signer_infos": [self._signer_info(content)],
        }
        return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)})

    def _certificates(self) -> list[x509.Certificate]:
        return [self.hierarchy.tsa.asn1, self.hierarchy.authorities[STAMPING].holder.asn1]

    def _signer_info(self, content: bytes) -> cms.SignerInfo:
        tsa = self.hierarchy.tsa
        attributes = _signed_attributes(content, tsa)
        signature = tsa.sign(attributes.dump())
        if self.faults.take("bad-signature", "tsa"):
            signature = spoiled(signature)
        return cms.SignerInfo(
            {
                "version": "v1",
                "sid": cms.SignerIdentifier("issuer_and_serial_number", _named(tsa)),
                "digest_algorithm": {"algorithm": "sha256"},
                "signed_attrs": attributes,
                "signature_algorithm": {"algorithm": "sha256_rsa"},
                "signature": signature,
            }
        )


def _new_serial() -> int:
    """Always eight bytes: signers reserve room by the size of an earlier token."""
    return secrets.randbits(62) | 1 << 62


def _read(request: bytes) -> Query:
    try:
        query = Query.model_validate(tsp.TimeStampReq.load(request, strict=True).native)
    except (ValueError, TypeError) as error:
        raise RefusedError("bad_data_format", "no TimeStampReq of RFC 3161") from error
    expected = _DIGEST_BYTES.get(query.algorithm)
    if expected is None:
        raise RefusedError("bad_alg", f"choose one of {', '.join(_DIGEST_BYTES)}")
    if len(query.digest) != expected or query.version != "v1":
        raise RefusedError(
            "bad_data_format", "the digest has the wrong length or the wrong version"
        )
    if query.req_policy not in {None, POLICY}:
        raise RefusedError("unaccepted_policy", f"the policy is {POLICY}")
    if query.extensions:
        raise RefusedError("unaccepted_extensions", "no extension is known here")
    return query


class _Rejection(core.Sequence):
    """A TimeStampResp without a token, which asn1crypto's own cannot be."""

    _fields: ClassVar = [("status", tsp.PKIStatusInfo)]


def _rejection(refused: RefusedError) -> _Rejection:
    status = {
        "status": "rejection",
        "status_string": [str(refused)],
        "fail_info": {refused.failure},
    }
    return _Rejection({"status": status})


def _signed_attributes(content: bytes, tsa: Holder) -> cms.CMSAttributes:
    essential = tsp.ESSCertIDv2(  # SHA-256, the default, is left out
        {
            "cert_hash": hashlib.sha256(tsa.der).digest(),
            "issuer_serial": {
                "issuer": [x509.GeneralName("directory_name", tsa.asn1.issuer)],
                "serial_number": tsa.certificate.serial_number,
            },
        }
    )
    values = {
        "content_type": "tst_info",
        "message_digest": hashlib.sha256(content).digest(),
        "signing_certificate_v2": tsp.SigningCertificateV2({"certs": [essential]}),
    }
    return cms.CMSAttributes(
        [cms.CMSAttribute({"type": kind, "values": [value]}) for kind, value in values.items()]
    )


def _named(tsa: Holder) -> cms.IssuerAndSerialNumber:
    return cms.IssuerAndSerialNumber(
        {"issuer": tsa.asn1.issuer, "serial_number": tsa.certificate.serial_number}
    )
