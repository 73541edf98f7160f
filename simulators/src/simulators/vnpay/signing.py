"""VNPAY 2.1.0 checksums: HMAC-SHA512, one rule for URLs, another for the JSON API."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

SIGNATURE = "vnp_SecureHash"
_NOT_SIGNED = {SIGNATURE, "vnp_SecureHashType"}


def query_hash(parameters: Mapping[str, str], secret: str) -> str:
    """Over the vnp_ parameters that are not empty: sorted, form-encoded (a space is `+`)."""
    return _hmac(canonical_query(parameters), secret)


def canonical_query(parameters: Mapping[str, str]) -> str:
    return urlencode(
        sorted(
            (name, value)
            for name, value in parameters.items()
            if name.startswith("vnp_") and name not in _NOT_SIGNED and value
        )
    )


def signed_query(parameters: Mapping[str, str], secret: str) -> str:
    return f"{canonical_query(parameters)}&{SIGNATURE}={query_hash(parameters, secret)}"


def fields_hash(values: Iterable[str], secret: str) -> str:
    """Over the values of the JSON API: in the documented order, joined by `|`, not encoded."""
    return _hmac("|".join(values), secret)


def same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.lower().encode(), right.encode())


def _hmac(text: str, secret: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha512).hexdigest()
