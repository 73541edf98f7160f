"""Keys in a security module or on a token, reached through PKCS#11: they never leave it.

A key and its certificate carry the same label; certificates of authorities lie beside them.
"""

import hashlib
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, TypeVar, cast

import pkcs11
from asn1crypto import core, x509
from pkcs11 import Attribute, Mechanism, ObjectClass, PKCS11Error, Session, SignMixin, TokenFlag
from pkcs11.util.ec import encode_ecdsa_signature

from certification.keys import Key
from certification.ports import Hindered, Hindrance

T = TypeVar("T")

_PIN_REFUSED = (
    pkcs11.PinExpired,
    pkcs11.PinIncorrect,
    pkcs11.PinInvalid,
    pkcs11.PinLenRange,
    pkcs11.PinLocked,
    pkcs11.UserPinNotInitialized,
)


class TokenKeys:
    """A `KeyStore` on one token, with one session that is opened anew when it is lost.

    A token locks itself after a few wrong PINs. So one that it refused is never shown again, and
    none is shown when the token says that one more mistake locks it.
    """

    def __init__(self, module: str, token: str, pin: str) -> None:
        self._module = module
        self._token = token
        self._pin = pin
        self._refusal: str | None = None
        self._session: Session | None = None
        self._keys: dict[str, Key] = {}

    def key(self, label: str) -> Key:
        if label not in self._keys:
            self._keys[label] = self._in_session(lambda session: self._find(session, label))
        return self._keys[label]

    def forget(self) -> None:
        """Certificates: the session and a refused PIN stay what they are."""
        self._keys.clear()

    def _find(self, session: Session, label: str) -> Key:
        public = _public_key(session, _private_key(session, label), label)
        labelled, authorities = _certificates(session, label)
        ours = [one for one in labelled if public is None or _holds(one, public)]
        if not ours:
            raise pkcs11.NoSuchKey(f"{len(labelled)} certificates labelled {label}, none its own")

        def sign(content: bytes) -> bytes:
            return self._in_session(lambda held: _signature(_private_key(held, label), content))

        return Key(
            label=label,
            # A renewed certificate of the same key may lie beside the one that it follows.
            certificate=max(ours, key=_end),
            chain=authorities,
            sign=sign,
        )

    def _in_session(self, work: Callable[[Session], T]) -> T:
        """What `work` gives back; once more in a new session if this one is lost."""
        with _as_hindrance(self._token):
            if self._session:
                try:
                    return work(self._session)
                except PKCS11Error:
                    self._close()
            self._session = self._open()
            return work(self._session)

    def _open(self) -> Session:
        if self._refusal:
            raise Hindered(Hindrance.WRONG_PIN, self._refusal)
        token = find_token(self._module, self._token)
        try:
            if token.flags & (TokenFlag.USER_PIN_FINAL_TRY | TokenFlag.USER_PIN_LOCKED):
                raise pkcs11.PinLocked("one more wrong PIN locks the token, or it is locked")
            return token.open(user_pin=self._pin)
        except _PIN_REFUSED as error:
            self._refusal = f"token {self._token}: {_named(error)}; not tried again"
            raise Hindered(Hindrance.WRONG_PIN, self._refusal) from error

    def _close(self) -> None:
        """Whatever is left of a session that may be dead already."""
        if self._session:
            with suppress(PKCS11Error):
                self._session.close()
        self._session = None


def find_token(module: str, label: str) -> pkcs11.Token:
    library = pkcs11.lib(module)
    # A module sees new and returned tokens when it starts.
    library.reinitialize()
    return library.get_token(token_label=label)


@contextmanager
def _as_hindrance(token: str) -> Generator[None]:
    try:
        yield
    except PKCS11Error as error:
        raise Hindered(Hindrance.KEY_AWAY, f"token {token}: {_named(error)}") from error


def _named(error: PKCS11Error) -> str:
    """These errors often have no text."""
    return f"{type(error).__name__} {error}".strip()


def _private_key(session: Session, label: str) -> SignMixin:
    wanted = {Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.LABEL: label}
    found = list(session.get_objects(wanted))
    if len(found) != 1:
        raise pkcs11.NoSuchKey(f"{len(found)} keys labelled {label}")
    return cast("SignMixin", found[0])


def _public_key(session: Session, key: SignMixin, label: str) -> bytes | None:
    """An RSA key's modulus, the point of an elliptic one, which only the public key beside it
    tells; None if there is no such key.
    """
    if key.key_type is pkcs11.KeyType.RSA:
        return bytes(key[Attribute.MODULUS]).lstrip(b"\0")
    wanted = {Attribute.CLASS: ObjectClass.PUBLIC_KEY, Attribute.LABEL: label}
    points = [bytes(found[Attribute.EC_POINT]) for found in session.get_objects(wanted)]
    return points[0] if len(points) == 1 else None


def _holds(certificate: x509.Certificate, public: bytes) -> bool:
    """Whether it is the certificate of this key. Some modules wrap a point, some do not."""
    key: Any = certificate.public_key["public_key"]
    if certificate.public_key.algorithm == "rsa":
        modulus: int = key.parsed["modulus"].native
        return modulus == int.from_bytes(public, "big")
    point: bytes = key.native
    return public in (point, core.OctetString(point).dump())


def _end(certificate: x509.Certificate) -> datetime:
    return certificate.not_valid_after


def _certificates(
    session: Session, label: str
) -> tuple[Sequence[x509.Certificate], Sequence[x509.Certificate]]:
    """Those with the label, and those of authorities."""
    labelled, authorities = list[x509.Certificate](), list[x509.Certificate]()
    for found in session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE}):
        certificate = x509.Certificate.load(found[Attribute.VALUE])
        if str(found[Attribute.LABEL]) == label:
            labelled.append(certificate)
        if certificate.ca:
            authorities.append(certificate)
    return labelled, authorities


def _signature(key: SignMixin, content: bytes) -> bytes:
    match key.key_type:
        case pkcs11.KeyType.RSA:
            return key.sign(content, mechanism=Mechanism.SHA256_RSA_PKCS)
        case pkcs11.KeyType.EC:
            # Not every module hashes for ECDSA.
            digest = hashlib.sha256(content).digest()
            return encode_ecdsa_signature(key.sign(digest, mechanism=Mechanism.ECDSA))
        case other:
            raise Hindered(Hindrance.KEY_AWAY, f"neither an RSA nor an EC key but {other}")
