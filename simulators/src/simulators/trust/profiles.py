"""What stands in a certificate, by what it is for (RFC 5280)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

Extension = tuple[x509.ExtensionType, bool]
"""With whether a reader that does not understand it must refuse the certificate."""


def _usage(*uses: str) -> Extension:
    known = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{use: use in uses for use in known}), True


def authority_profile(path_length: int | None) -> tuple[Extension, ...]:
    limits = x509.BasicConstraints(ca=True, path_length=path_length)
    return (limits, True), _usage("key_cert_sign", "crl_sign")


_NO_AUTHORITY: Extension = (x509.BasicConstraints(ca=False, path_length=None), True)

SIGNER_PROFILE: tuple[Extension, ...] = (
    # no extended key usage: `openssl cms` wants emailProtection if there is any
    _NO_AUTHORITY,
    _usage("digital_signature", "content_commitment"),
)
TIME_STAMPING_PROFILE: tuple[Extension, ...] = (
    _NO_AUTHORITY,
    _usage("digital_signature"),
    # RFC 3161 2.3: critical, and nothing else beside it
    (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True),
)
OCSP_SIGNING_PROFILE: tuple[Extension, ...] = (
    _NO_AUTHORITY,
    _usage("digital_signature"),
    (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False),
    (x509.OCSPNoCheck(), False),  # RFC 6960 4.2.2.2.1: nobody asks about who answers
)


@dataclass(frozen=True)
class Subject:
    """Who is to be certified, for how long."""

    name: x509.Name
    public_key: RSAPublicKey
    begins: datetime
    ends: datetime


@dataclass(frozen=True)
class Issuer:
    """Who certifies, with the extensions that point to its certificate, CRL and responder."""

    name: x509.Name
    key: RSAPrivateKey
    pointers: Sequence[Extension] = ()


def pointers(url: str, authority: str, *, answers_ocsp: bool) -> tuple[Extension, ...]:
    """Where to find the authority's certificate and what it revoked."""
    access = [(AuthorityInformationAccessOID.CA_ISSUERS, f"{url}/certificates/{authority}.crt")]
    if answers_ocsp:
        access.insert(0, (AuthorityInformationAccessOID.OCSP, f"{url}/ocsp"))
    described = [
        x509.AccessDescription(method, x509.UniformResourceIdentifier(place))
        for method, place in access
    ]
    crl = x509.DistributionPoint(
        full_name=[x509.UniformResourceIdentifier(f"{url}/crl/{authority}.crl")],
        relative_name=None,
        reasons=None,
        crl_issuer=None,
    )
    return (
        (x509.AuthorityInformationAccess(described), False),
        (x509.CRLDistributionPoints([crl]), False),
    )


def certify(subject: Subject, issuer: Issuer, profile: Sequence[Extension]) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject.name)
        .issuer_name(issuer.name)
        .public_key(subject.public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(subject.begins)
        .not_valid_after(subject.ends)
    )
    own = x509.SubjectKeyIdentifier.from_public_key(subject.public_key)
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
    for extension, critical in (*profile, (own, False), (above, False), *issuer.pointers):
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer.key, SHA256())
