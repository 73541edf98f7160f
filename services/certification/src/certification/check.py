"""Whether a certified copy may be relied upon: the verdict, pure, over plain values.

The digest in the register decides, then the list of who signs for it. That a chain of certificates
is fine proves only that somebody whom the authorities know signed something.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from certification.domain import CopyState
from motcua_contracts.types import SignatureLevel


class Verdict(StrEnum):
    VALID = "valid"
    REVOKED = "revoked"
    REPLACED = "replaced"
    ALTERED = "altered"  # made from one of our copies, and not one of them
    NOT_OURS = "not-ours"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature, as it was found in a file."""

    certificate: str
    """SHA-256 of its certificate in hex."""
    holds: bool
    """The bottom line: digest, chain, time-stamp, and no change after it that it forbids."""
    certifies: bool
    """It is the one that says what may be added after it (DocMDP)."""
    time_stamped: bool
    covers: bool
    """It covers its whole revision."""
    changes: str
    """What was added after it at most, in pyHanko's words."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time-stamp over the document."""

    holds: bool
    covers_all: bool
    """There is nothing in the file but what it covers, and itself."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Everything that was found in a file that is one of our copies by its digest."""

    signatures: Sequence[Signature]
    stamps: Sequence[Stamp]


@dataclass(frozen=True, slots=True)
class Expected:
    """What the register recorded of a copy's signatures before they were made."""

    person_certificate: str
    seal_certificate: str
    level: SignatureLevel


@dataclass(frozen=True, slots=True)
class Traces:
    """What a file shows of whom it comes from: nothing of it is proof."""

    certificates: Collection[str]
    links: Collection[str]


STANDING = {
    CopyState.CERTIFIED: Verdict.VALID,
    CopyState.REVOKED: Verdict.REVOKED,
    CopyState.REPLACED: Verdict.REPLACED,
}
"""What the register says of a copy. In any other state nobody may know of it yet."""

_ARCHIVAL = frozenset({"NONE", "LTA_UPDATES"})
_SECOND_SIGNATURE = _ARCHIVAL | {"FORM_FILLING"}


def proves(proof: Proof, expected: Expected) -> bool:
    """Exactly two signatures, the person's and then the seal's, by the recorded certificates; after
    the first nothing but the second, after the second nothing but what keeps both checkable;
    at the archival level a time-stamp over all of it comes last.
    """
    if len(proof.signatures) != 2:
        return False
    person, seal = proof.signatures
    return (
        (person.certificate, seal.certificate)
        == (expected.person_certificate, expected.seal_certificate)
        and all(each.holds and each.time_stamped and each.covers for each in proof.signatures)
        and (person.certifies, seal.certifies) == (True, False)
        and person.changes in _SECOND_SIGNATURE
        and seal.changes in _ARCHIVAL
        and all(stamp.holds for stamp in proof.stamps)
        and (expected.level is not SignatureLevel.B_LTA or _closed(proof.stamps))
    )


def _closed(stamps: Sequence[Stamp]) -> bool:
    return bool(stamps) and stamps[-1].covers_all


def of_stranger(traces: Traces, *, signing: Collection[str], links: Collection[str]) -> Verdict:
    """Of a file that is none of our copies: `signing` are the certificates that ever signed for
    the register, `links` those of its copies.
    """
    ours = any(each in signing for each in traces.certificates) or any(
        each in links for each in traces.links
    )
    return Verdict.ALTERED if ours else Verdict.NOT_OURS
