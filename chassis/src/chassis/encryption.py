"""Envelope encryption of personal data, at rest and on the one private topic.

Each value has a data key of its own, wrapped by a named key of the keyring; old named keys go on
decrypting, the active one encrypts. Both layers are AES-256-GCM, bound to the value's context: a
value copied into another row or field does not open there.
"""

import hmac
import json
import os
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic_core import CoreSchema, core_schema

from chassis.errors import Permanent

_KEY_BYTES = 32
_NONCE_BYTES = 12


class UnknownKey(Permanent):
    """The value was encrypted under a key that this keyring lacks: add it, then redrive."""

    def __init__(self) -> None:
        super().__init__("unknown-encryption-key", "the keyring lacks the key of this value")


class Tampered(Permanent):
    """The value was altered or cut, or belongs to another context."""

    def __init__(self) -> None:
        super().__init__("tampered-ciphertext", "the value does not open in this context")


class Keyring:
    """Named keys of 32 bytes: `active` encrypts, all `keys` decrypt, `index` makes blind indexes.

    As a field of settings it reads JSON: `{"active": "k2", "keys": {"k1": base64, "k2": base64},
    "index": base64}`.
    """

    def __init__(self, active: str, keys: Mapping[str, bytes], index: bytes) -> None:
        if active not in keys:
            raise ValueError("`active` must be the name of one of `keys`")
        if not all(name and "." not in name for name in keys):
            raise ValueError("names of keys must not be empty or hold a dot")
        if any(len(key) != _KEY_BYTES for key in (*keys.values(), index)):
            raise ValueError("each key and `index` must be 32 bytes in base64")
        self._active = active
        self._keys = {name: AESGCM(key) for name, key in keys.items()}
        self._index = index

    @classmethod
    def parse(cls, text: object) -> "Keyring":
        """From the JSON of settings. Raises ValueError without repeating any of it."""
        if isinstance(text, Keyring):
            return text
        try:
            read = json.loads(str(text))
            keys = {str(name): b64decode(key) for name, key in read["keys"].items()}
            active, index = read["active"], b64decode(read["index"])
        except (ValueError, LookupError, TypeError, AttributeError):
            raise ValueError('must be JSON: {"active": name, "keys": {…}, "index": …}') from None
        return cls(active, keys, index)

    @classmethod
    def __get_pydantic_core_schema__(cls, *_: Any) -> CoreSchema:  # noqa: ANN401 - pydantic's own
        return core_schema.no_info_plain_validator_function(cls.parse)

    def encrypt(self, plaintext: bytes, *, context: str) -> str:
        """`v1.<key name>.<wrapped data key>.<ciphertext>`; `context` says whose value it is, such
        as `contacts:<row id>`, and must be given again to decrypt.
        """
        data_key = AESGCM.generate_key(_KEY_BYTES * 8)
        wrapped = _seal(self._keys[self._active], data_key, context)
        return f"v1.{self._active}.{wrapped}.{_seal(AESGCM(data_key), plaintext, context)}"

    def decrypt(self, token: str, *, context: str) -> bytes:
        """Raises `UnknownKey` or `Tampered`; neither repeats anything of the value."""
        version, _, rest = token.partition(".")
        name, _, sealed = rest.partition(".")
        wrapped, _, body = sealed.partition(".")
        if version != "v1":
            raise Tampered
        if name not in self._keys:
            raise UnknownKey
        try:
            data_key = _open(self._keys[name], wrapped, context)
            return _open(AESGCM(data_key), body, context)
        except (InvalidTag, ValueError):
            raise Tampered from None

    def blind_index(self, value: str) -> str:
        """HMAC-SHA256 in hex: finds equal values without telling them. Normalise `value` first."""
        return hmac.digest(self._index, value.encode(), "sha256").hex()


def _seal(key: AESGCM, plaintext: bytes, context: str) -> str:
    nonce = os.urandom(_NONCE_BYTES)
    return urlsafe_b64encode(nonce + key.encrypt(nonce, plaintext, context.encode())).decode()


def _open(key: AESGCM, sealed: str, context: str) -> bytes:
    raw = b64decode(sealed, altchars=b"-_", validate=True)
    return key.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], context.encode())
