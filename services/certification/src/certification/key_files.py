"""Keys in encrypted files, `<label>.p12` in one folder. For development, and where an agency has no
security module: whoever reads the folder and the passphrase has the keys.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from asn1crypto import pkcs12 as asn1_pkcs12
from asn1crypto import x509
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
from cryptography.x509 import Certificate as CryptographyCertificate

from certification.keys import Key
from certification.ports import Hindered, Hindrance

_State: TypeAlias = tuple[int, int, int]


class KeyFiles:
    """A `KeyStore` of PKCS#12 files."""

    def __init__(self, folder: Path, passphrase: str) -> None:
        self._folder = folder
        self._passphrase = passphrase
        self._keys: dict[str, tuple[_State, Key]] = {}

    def key(self, label: str) -> Key:
        path = self._path(label)
        state = _state(path)
        known = self._keys.get(label)
        if known and known[0] == state:
            return known[1]
        key = self._read(label, path)
        self._keys[label] = state, key
        return key

    def forget(self) -> None:
        self._keys.clear()

    def _read(self, label: str, path: Path) -> Key:
        content = _content(path)
        try:
            opened = pkcs12.load_pkcs12(content, self._passphrase.encode())
        except ValueError as error:
            # The same error for a wrong passphrase and for a file that is no PKCS#12.
            if _is_whole(content):
                raise Hindered(
                    Hindrance.WRONG_PIN, f"{label}.p12: the passphrase does not open it"
                ) from error
            raise Hindered(Hindrance.KEY_AWAY, f"{label}.p12: not a PKCS#12 file") from error
        if opened.key is None or opened.cert is None:
            raise Hindered(Hindrance.KEY_AWAY, f"{label}.p12: no key with its certificate in it")
        return Key(
            label=label,
            certificate=_converted(opened.cert.certificate),
            chain=[_converted(above.certificate) for above in opened.additional_certs],
            sign=_signing(label, opened.key),
        )

    def _path(self, label: str) -> Path:
        path = self._folder / f"{label}.p12"
        if path.parent != self._folder:
            raise Hindered(Hindrance.KEY_AWAY, "a label is the name of a file, not a path")
        return path


def _state(path: Path) -> _State:
    """Another one after the file was written or replaced."""
    with _there(path):
        found = path.stat()
        return found.st_mtime_ns, found.st_size, found.st_ino


def _content(path: Path) -> bytes:
    with _there(path):
        return path.read_bytes()


@contextmanager
def _there(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise Hindered(Hindrance.KEY_AWAY, f"{path}: {error.strerror}") from error


def _signing(label: str, key: object) -> Callable[[bytes], bytes]:
    match key:
        case RSAPrivateKey():
            return lambda content: key.sign(content, PKCS1v15(), SHA256())
        case EllipticCurvePrivateKey():
            return lambda content: key.sign(content, ECDSA(SHA256()))
        case _:
            raise Hindered(Hindrance.KEY_AWAY, f"{label}.p12: neither an RSA nor an EC key")


def _is_whole(content: bytes) -> bool:
    try:
        asn1_pkcs12.Pfx.load(content, strict=True).native  # noqa: B018 - reading is the check
    except (ValueError, TypeError):
        return False
    return True


def _converted(certificate: CryptographyCertificate) -> x509.Certificate:
    return x509.Certificate.load(certificate.public_bytes(Encoding.DER))
