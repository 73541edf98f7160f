"""What each authority gave out and took back, and the CRL that says so (RFC 5280)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from simulators.trust.authorities import STAMPING, Authority, Hierarchy
from simulators.trust.enrolment import Identities, Reason, Revocation

CRL_LIFE = timedelta(days=1)
STALE = timedelta(days=8)


class Register:
    def __init__(self, hierarchy: Hierarchy, identities: Identities) -> None:
        self._tsa = (STAMPING, hierarchy.tsa.certificate.serial_number)
        self._identities = identities

    def issued(self, authority: str, serial: int) -> bool:
        identities = ((i.authority, i.x509.serial_number) for i in self._identities.all)
        return (authority, serial) in {self._tsa, *identities}

    def revocations(self, authority: str) -> Iterator[tuple[int, Revocation]]:
        for identity in self._identities.all:
            if identity.revoked is not None and identity.authority == authority:
                yield identity.x509.serial_number, identity.revoked


@dataclass(frozen=True)
class Crl:
    number: int
    der: bytes


def signed_crl(authority: Authority, register: Register, *, stale: bool) -> Crl:
    """Of this moment, or of a week ago."""
    now = datetime.now(UTC)
    number = int(now.timestamp() * 1_000_000)  # grows, also over a restart
    begins = now - STALE if stale else now
    holder = authority.holder
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(holder.certificate.subject)
        .last_update(begins)
        .next_update(begins + CRL_LIFE)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(holder.key.public_key()),
            critical=False,
        )
    )
    for serial, revocation in register.revocations(authority.name):
        builder = builder.add_revoked_certificate(_entry(serial, revocation))
    return Crl(number, builder.sign(holder.key, SHA256()).public_bytes(Encoding.DER))


def _entry(serial: int, revocation: Revocation) -> x509.RevokedCertificate:
    entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(revocation.at)
    if revocation.reason is not Reason.UNSPECIFIED:  # RFC 5280 5.3.1: then it is left out
        reason = x509.CRLReason(x509.ReasonFlags(revocation.reason))
        entry = entry.add_extension(reason, critical=False)
    return entry.build()
