"""A certificate together with its key, made once and kept in the state folder."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import asn1crypto.x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from simulators.errors import SimulatorError
from simulators.keeping import write_whole


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=3072)


def new_keys(names: Iterable[str]) -> Mapping[str, rsa.RSAPrivateKey]:
    """Side by side: each takes half a second of a core."""
    with ThreadPoolExecutor() as pool:
        made = {name: pool.submit(new_key) for name in names}
        return {name: key.result() for name, key in made.items()}


@dataclass(frozen=True)
class Holder:
    certificate: x509.Certificate
    key: rsa.RSAPrivateKey

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def asn1(self) -> asn1crypto.x509.Certificate:
        return asn1crypto.x509.Certificate.load(self.der)

    def sign(self, content: bytes) -> bytes:
        """sha256WithRSAEncryption, as everywhere in this simulator."""
        return self.key.sign(content, PKCS1v15(), SHA256())

    def keep(self, path: Path) -> None:
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        try:
            write_whole(path, key + self.pem)
        except OSError as error:
            raise SimulatorError(
                f"cannot keep keys in {path.parent}: {error.strerror}; "
                "choose a writable --state-folder"
            ) from error

    @classmethod
    def read(cls, path: Path) -> Self:
        try:
            content = path.read_bytes()
            key = load_pem_private_key(content, None)
            certificate = x509.load_pem_x509_certificate(content)
        except (OSError, ValueError, TypeError) as error:
            raise _damaged(path) from error
        if not isinstance(key, rsa.RSAPrivateKey) or key.public_key() != certificate.public_key():
            raise _damaged(path)
        return cls(certificate, key)


def _damaged(path: Path) -> SimulatorError:
    return SimulatorError(
        f"cannot read the key and the certificate in {path}; remove the whole folder to start "
        "with new ones (every certificate from here becomes worthless)"
    )


def spoiled(content: bytes) -> bytes:
    """The same but for one bit."""
    return content[:-1] + bytes([content[-1] ^ 1])
