"""Which certificates are believed: paths to the configured roots, none of it revoked."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import aiohttp
from asn1crypto import x509
from pyhanko.keys import load_certs_from_pemder
from pyhanko.sign.general import SigningError
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import (
    CertificateFetchError,
    ExpiredError,
    InsufficientRevinfoError,
    NotYetValidError,
    PathBuildingError,
    PathError,
    RevokedError,
    ValidationError,
)

from certification.fetching import UNREADABLE, FetcherBackend
from certification.keys import Key
from certification.ports import Hindered, Hindrance
from motcua_contracts.types import SignatureLevel

MOST_DIFFERENCE = timedelta(minutes=5)
"""Between another clock and ours. An answer that took a while is newer than the question, too."""

_SIGNING = {"non_repudiation"}


@dataclass(frozen=True)
class Trust:
    """Roots, and authorities below them that need not be fetched."""

    roots: Sequence[x509.Certificate]
    authorities: Sequence[x509.Certificate]

    @classmethod
    def read(cls, path: Path) -> "Trust":
        """From a file of PEM certificates; who signed itself is a root."""
        found = list(load_certs_from_pemder([str(path)]))
        return cls(
            roots=[one for one in found if one.self_signed != "no"],
            authorities=[one for one in found if one.self_signed == "no"],
        )

    def online(
        self, session: aiohttp.ClientSession, level: SignatureLevel, *, seconds: int
    ) -> ValidationContext:
        """For one copy: what it learns of revocation is new, and no older than that copy.

        Above B-T nobody's state may be unknown, below it only a known revocation hinders.
        """
        return ValidationContext(
            trust_roots=list(self.roots),
            other_certs=list(self.authorities),
            allow_fetching=True,
            revocation_mode="soft-fail" if level is SignatureLevel.B_T else "require",
            time_tolerance=MOST_DIFFERENCE,
            fetcher_backend=FetcherBackend(session, per_request_timeout=seconds),
        )

    def within(self, store: DocumentSecurityStore) -> ValidationContext:
        """With nothing but what a file carries."""
        return store.as_validation_context(
            {
                "trust_roots": list(self.roots),
                "revocation_mode": "require",
                "time_tolerance": MOST_DIFFERENCE,
            }
        )

    def offline(self) -> ValidationContext:
        """Paths alone."""
        return ValidationContext(
            trust_roots=list(self.roots), other_certs=list(self.authorities), allow_fetching=False
        )


async def require_usable(key: Key, context: ValidationContext) -> None:
    """Raises `Hindered` unless the key's certificate leads to a root and none is revoked."""
    with online(key.label), as_hindrance(key.label):
        validator = CertificateValidator(
            key.certificate, intermediate_certs=key.chain, validation_context=context
        )
        await validator.async_validate_usage(_SIGNING)


@contextmanager
def as_hindrance(whose: str, unusable: Hindrance | None = None) -> Generator[None]:
    """Tell why a certificate is not believed; with `unusable`, tell only that."""
    try:
        yield
    except (SigningError, PathError, ValidationError, OSError) as error:
        cause = error.__cause__ if isinstance(error, SigningError) and error.__cause__ else error
        # pyHanko's own questions end in TimeoutError as it comes, an OSError.
        if isinstance(cause, InsufficientRevinfoError | CertificateFetchError | OSError):
            hindrance = Hindrance.REVOCATION_UNKNOWN
        else:
            hindrance = unusable or _hindrance(cause)
        # A path that cannot be built is told with the name of whom the certificate is for.
        told = type(cause).__name__ if isinstance(cause, PathBuildingError) else cause
        raise Hindered(hindrance, f"{whose}: {told}") from error


@contextmanager
def online(whose: str) -> Generator[None]:
    """While authorities are asked: over an answer that makes no sense pyHanko may stumble anywhere,
    which is no bug of ours. Their words are not told: they may hold anybody's name.
    """
    try:
        yield
    except UNREADABLE as error:
        told = f"{whose}: an answer makes no sense: {type(error).__name__}"
        raise Hindered(Hindrance.REVOCATION_UNKNOWN, told) from error


def _hindrance(error: BaseException) -> Hindrance:
    match error:
        case RevokedError():
            return Hindrance.CERTIFICATE_REVOKED
        case ExpiredError() | NotYetValidError():
            return Hindrance.CERTIFICATE_EXPIRED
        case _:
            return Hindrance.LEVEL_NOT_REACHED
