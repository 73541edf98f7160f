"""The authorities: one root with two below it, and a root that nobody here trusts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.x509.oid import NameOID

from simulators.errors import SimulatorError
from simulators.keeping import write_whole
from simulators.trust.holders import Holder, new_keys
from simulators.trust.profiles import (
    OCSP_SIGNING_PROFILE,
    TIME_STAMPING_PROFILE,
    Extension,
    Issuer,
    Subject,
    authority_profile,
    certify,
    pointers,
)

ROOT, ISSUING, STAMPING, FOREIGN, TSA = "root", "issuing", "stamping", "foreign", "tsa"

# Long before now: test certificates that ended long ago still have a chain that was valid then.
_SINCE, _UNTIL = timedelta(days=5 * 365), timedelta(days=20 * 365)


@dataclass(frozen=True)
class Plan:
    """One certificate of the hierarchy; the issuer stands before what it certifies."""

    name: str
    common_name: str
    issuer: str
    profile: Sequence[Extension]
    pointed: bool = True


PLANS = (
    Plan(ROOT, "Simulated Root CA", ROOT, authority_profile(None), pointed=False),
    Plan(ISSUING, "Simulated Issuing CA", ROOT, authority_profile(0)),
    Plan(STAMPING, "Simulated Time-Stamping CA", ROOT, authority_profile(0)),
    Plan(FOREIGN, "Simulated Foreign Root CA", FOREIGN, authority_profile(None), pointed=False),
    Plan(TSA, "Simulated TSA", STAMPING, TIME_STAMPING_PROFILE),
    *(
        Plan(f"{name}-ocsp", f"Simulated OCSP of {name}", name, OCSP_SIGNING_PROFILE, pointed=False)
        for name in (ISSUING, STAMPING, FOREIGN)
    ),
)


@dataclass(frozen=True)
class Authority:
    """Certifies others. The root has no responder: like real ones it is asleep, its CRL speaks."""

    name: str
    holder: Holder
    responder: Holder | None
    pointers: Sequence[Extension]

    def issue(self, subject: Subject, profile: Sequence[Extension]) -> x509.Certificate:
        issuer = Issuer(self.holder.certificate.subject, self.holder.key, self.pointers)
        return certify(subject, issuer, profile)


class Hierarchy:
    """Everything that exists before anybody enrols."""

    def __init__(self, url: str, holders: Mapping[str, Holder]) -> None:
        self.tsa = holders[TSA]
        self.authorities = {
            name: Authority(
                name=name,
                holder=holders[name],
                responder=holders.get(f"{name}-ocsp"),
                pointers=_pointers(url, name),
            )
            for name in (ROOT, ISSUING, STAMPING, FOREIGN)
        }

    @classmethod
    def open(cls, folder: Path, url: str) -> Self:
        """What is kept, and what is not there yet."""
        _claim(folder, url)
        paths = {plan.name: folder / f"{plan.name}.pem" for plan in PLANS}
        keys = new_keys(name for name, path in paths.items() if not path.exists())
        holders: dict[str, Holder] = {}
        for plan in PLANS:
            if plan.name in keys:
                made = _made(plan, keys[plan.name], holders, url=url)
                made.keep(paths[plan.name])
                holders[plan.name] = made
            else:
                holders[plan.name] = Holder.read(paths[plan.name])
        return cls(url, holders)


def _pointers(url: str, name: str) -> tuple[Extension, ...]:
    return pointers(url, name, answers_ocsp=any(plan.name == f"{name}-ocsp" for plan in PLANS))


def _made(plan: Plan, key: RSAPrivateKey, above: Mapping[str, Holder], *, url: str) -> Holder:
    now, name = datetime.now(UTC), _name(plan)
    subject = Subject(name, key.public_key(), now - _SINCE, now + _UNTIL)
    pointed = _pointers(url, plan.issuer) if plan.pointed else ()
    if plan.issuer == plan.name:
        issuer = Issuer(name, key, pointed)
    else:
        parent = above[plan.issuer]
        issuer = Issuer(parent.certificate.subject, parent.key, pointed)
    return Holder(certify(subject, issuer, plan.profile), key)


def _name(plan: Plan) -> x509.Name:
    # no real country has ZZ (ISO 3166-1 leaves it to users)
    country = "ZZ" if FOREIGN in {plan.name, plan.issuer} else "VN"
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, country),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Simulators, for trials only"),
            x509.NameAttribute(NameOID.COMMON_NAME, plan.common_name),
        ]
    )


def _claim(folder: Path, url: str) -> None:
    """The URL stands in every certificate, so it must be the same after each start."""
    path = folder / "public-url"
    try:
        if not path.exists():
            write_whole(path, url.encode())
        kept = path.read_text()
    except OSError as error:
        raise SimulatorError(
            f"cannot use the state folder {folder}: {error.strerror}; "
            "choose a writable --state-folder"
        ) from error
    if kept != url:
        raise SimulatorError(
            f"the certificates in {folder} point to {kept}, not to {url}; start with that --port "
            "or --public-url, or choose another --state-folder"
        )
