"""Keys behind one port: where they lie differs, how a signature is made with them does not."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, Self

from asn1crypto import x509
from pyhanko.sign.signers import Signer
from pyhanko_certvalidator.registry import SimpleCertificateStore

from certification.ports import Certificate, Hindered, Hindrance


class KeyStore(Protocol):
    """Keys by their labels."""

    def key(self, label: str) -> "Key":
        """Opened once and kept. Raises `Hindered` with `WRONG_PIN` or `KEY_AWAY`."""
        ...

    def forget(self) -> None:
        """Open all keys anew: one may have been renewed."""
        ...


@dataclass(frozen=True)
class Key:
    """A private key that signs, wherever it is, its certificate, and those that lead to a root."""

    label: str
    certificate: x509.Certificate
    chain: Sequence[x509.Certificate]
    sign: Callable[[bytes], bytes]
    """SHA-256 with the key's own algorithm over what is given: RSA PKCS#1 1.5, or ECDSA in DER.
    Raises `Hindered`.
    """

    def described(self) -> Certificate:
        return Certificate(
            fingerprint=hashlib.sha256(self.certificate.dump()).hexdigest(),
            subject=self.certificate.subject.human_friendly,
            not_after=self.certificate.not_valid_after,
        )

    @property
    def links(self) -> Sequence[x509.Certificate]:
        """The chain without its root, which readers have or do not believe."""
        return [one for one in self.chain if one.self_signed == "no"]

    @property
    def size(self) -> int:
        """Bytes of a signature and its certificates, at most."""
        certificates = (self.certificate, *self.links)
        return _signature_bytes(self.certificate) + sum(len(one.dump()) for one in certificates)

    @property
    def common_name(self) -> str:
        named = self.certificate.subject.native
        return str(named.get("common_name") or named.get("organization_name") or "")

    def valid(self, moment: datetime) -> Self:
        """Itself. Raises `Hindered` outside of the certificate's time."""
        begins, ends = self.certificate.not_valid_before, self.certificate.not_valid_after
        if not begins <= moment <= ends:
            raise Hindered(
                Hindrance.CERTIFICATE_EXPIRED,
                f"{self.label}: its certificate is valid from {begins:%Y-%m-%d} to {ends:%Y-%m-%d}",
            )
        return self


class KeySigner(Signer):
    """pyHanko's view of a key. Its own signer for key files reads and checks the key anew for each
    signature, and signs twice to learn how large one is.
    """

    def __init__(self, key: Key) -> None:
        certificates = SimpleCertificateStore()
        certificates.register_multiple(key.links)
        super().__init__(signing_cert=key.certificate, cert_registry=certificates)
        self._key = key

    async def async_sign_raw(
        self, data: bytes, digest_algorithm: str, dry_run: bool = False
    ) -> bytes:
        if digest_algorithm != "sha256":
            raise ValueError("signatures are over SHA-256")
        return bytes(_signature_bytes(self._key.certificate)) if dry_run else self._key.sign(data)


def _signature_bytes(certificate: x509.Certificate) -> int:
    """RSA's is as long as its modulus, ECDSA's two numbers and their DER."""
    key = certificate.public_key
    return key.bit_size // 8 if key.algorithm == "rsa" else 2 * (key.bit_size // 8) + 16
