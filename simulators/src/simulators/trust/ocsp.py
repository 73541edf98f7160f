"""The OCSP responder (RFC 6960), in the name of every authority that has one."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from asn1crypto import core, ocsp
from cryptography import x509
from pydantic import BaseModel

from simulators.faults import Faults
from simulators.ledger import Ledger
from simulators.trust.authorities import Authority, Hierarchy
from simulators.trust.holders import Holder, spoiled
from simulators.trust.revocation import STALE, Register, Revocation

LIFE = timedelta(hours=1)
_HASHES = {"sha1", "sha256", "sha384", "sha512"}
_NONCE_BYTES = range(1, 129)  # RFC 9654 2.1


class NoAnswerError(Exception):
    """Ends a request with an unsigned status of RFC 6960 4.2.1."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


class _Algorithm(BaseModel):
    algorithm: str


class CertificateId(BaseModel):
    """What asn1crypto reads from a CertID."""

    hash_algorithm: _Algorithm
    issuer_name_hash: bytes
    issuer_key_hash: bytes
    serial_number: int


@dataclass(frozen=True)
class Question:
    certificates: Sequence[ocsp.CertId]
    nonce: bytes | None


@dataclass(frozen=True)
class Responder:
    hierarchy: Hierarchy
    register: Register
    faults: Faults
    ledger: Ledger

    def answer(self, request: bytes) -> bytes:
        try:
            return _successful(self._basic(self._question(request)))
        except NoAnswerError as none:
            self.ledger.record("ocsp-answered", {"status": none.status})
            return ocsp.OCSPResponse({"response_status": none.status}).dump()

    def _question(self, request: bytes) -> Question:
        if self.faults.take("try-later", "ocsp"):
            raise NoAnswerError("try_later")
        return _read(request)

    def _basic(self, question: Question) -> ocsp.BasicOCSPResponse:
        authority = self._authority(question)
        begins = datetime.now(UTC).replace(microsecond=0)
        if self.faults.take("stale", "ocsp"):
            begins -= STALE
        responses = [self._single(authority, each, begins) for each in question.certificates]
        holder = _responder(authority)
        signed = {
            "responder_id": ocsp.ResponderId("by_key", _key_identifier(holder)),
            "produced_at": begins,
            "responses": responses,
            "response_extensions": _echo(question.nonce),
        }
        return self._signed(ocsp.ResponseData(signed), holder)

    def _authority(self, question: Question) -> Authority:
        """All certificates asked for are of one authority that has a responder."""
        [first, *others] = [self._issuer(each) for each in question.certificates]
        if first is None or any(other is not first for other in others):
            raise NoAnswerError("unauthorized")
        return first

    def _issuer(self, asked: ocsp.CertId) -> Authority | None:
        read = CertificateId.model_validate(asked.native)
        algorithm = read.hash_algorithm.algorithm
        if algorithm not in _HASHES:
            return None
        wanted = (read.issuer_name_hash, read.issuer_key_hash)
        for authority in self.hierarchy.authorities.values():
            if authority.responder and _hashes(authority.holder, algorithm) == wanted:
                return authority
        return None

    def _single(
        self, authority: Authority, asked: ocsp.CertId, begins: datetime
    ) -> ocsp.SingleResponse:
        serial = CertificateId.model_validate(asked.native).serial_number
        status = self._status(authority, serial)
        self.ledger.record(
            "ocsp-answered",
            {"authority": authority.name, "serial": f"{serial:x}", "status": status.name},
        )
        return ocsp.SingleResponse(
            {
                "cert_id": asked,
                "cert_status": status,
                "this_update": begins,
                "next_update": begins + LIFE,
            }
        )

    def _status(self, authority: Authority, serial: int) -> ocsp.CertStatus:
        issued = self.register.issued(authority.name, serial)
        if self.faults.take("unknown", "ocsp") or not issued:
            return ocsp.CertStatus("unknown", ocsp.StatusUnknown())
        revocation = dict(self.register.revocations(authority.name)).get(serial)
        if revocation is None:
            return ocsp.CertStatus("good", ocsp.StatusGood())
        return ocsp.CertStatus("revoked", _revoked(revocation))

    def _signed(self, content: ocsp.ResponseData, holder: Holder) -> ocsp.BasicOCSPResponse:
        signature = holder.sign(content.dump())
        if self.faults.take("bad-signature", "ocsp"):
            signature = spoiled(signature)
        return ocsp.BasicOCSPResponse(
            {
                "tbs_response_data": content,
                "signature_algorithm": {"algorithm": "sha256_rsa"},
                "signature": signature,
                "certs": [holder.asn1],
            }
        )


def _read(request: bytes) -> Question:
    try:
        asked = ocsp.OCSPRequest.load(request, strict=True)["tbs_request"]
        _ = asked.native  # parses everything now
        certificates = [each["req_cert"] for each in asked["request_list"]]
    except (ValueError, TypeError) as error:
        raise NoAnswerError("malformed_request") from error
    nonce = _nonce(asked)
    if not certificates or (nonce is not None and len(nonce) not in _NONCE_BYTES):
        raise NoAnswerError("malformed_request")
    return Question(certificates, nonce)


def _nonce(asked: ocsp.TBSRequest) -> bytes | None:
    for extension in asked["request_extensions"]:
        if extension["extn_id"].native == "nonce":
            return bytes(extension["extn_value"].native)
    return None


def _echo(nonce: bytes | None) -> list[dict[str, object]] | None:
    return None if nonce is None else [{"extn_id": "nonce", "extn_value": nonce}]


def _successful(basic: ocsp.BasicOCSPResponse) -> bytes:
    return ocsp.OCSPResponse(
        {
            "response_status": "successful",
            "response_bytes": {
                "response_type": "basic_ocsp_response",
                "response": core.ParsableOctetString(basic.dump()),
            },
        }
    ).dump()


def _revoked(revocation: Revocation) -> ocsp.RevokedInfo:
    reason = x509.ReasonFlags(revocation.reason).name
    return ocsp.RevokedInfo({"revocation_time": revocation.at, "revocation_reason": reason})


def _responder(authority: Authority) -> Holder:
    if authority.responder is None:
        raise NoAnswerError("unauthorized")
    return authority.responder


def _key_bits(holder: Holder) -> bytes:
    return bytes(holder.asn1.public_key["public_key"].contents[1:])  # without the unused-bits byte


def _hashes(holder: Holder, algorithm: str) -> tuple[bytes, bytes]:
    name = holder.asn1.subject.dump()
    return (
        hashlib.new(algorithm, name).digest(),
        hashlib.new(algorithm, _key_bits(holder)).digest(),
    )


def _key_identifier(holder: Holder) -> bytes:
    """RFC 6960 4.2.2.3: SHA-1 names the key here, it protects nothing."""
    return hashlib.sha1(_key_bits(holder), usedforsecurity=False).digest()
