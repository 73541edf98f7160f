from dataclasses import replace

import pytest

from certification.check import (
    STANDING,
    Expected,
    Proof,
    Signature,
    Stamp,
    Traces,
    Verdict,
    of_stranger,
    proves,
)
from certification.domain import CopyState
from motcua_contracts.types import SignatureLevel

PERSON = Signature("a" * 64, True, True, True, True, "FORM_FILLING")
SEAL = Signature("b" * 64, True, False, True, True, "LTA_UPDATES")
EXPECTED = Expected("a" * 64, "b" * 64, SignatureLevel.B_LTA)
STAMP = Stamp(holds=True, covers_all=True)
PROOF = Proof((PERSON, SEAL), (STAMP,))


def test_two_signatures_by_the_recorded_certificates_prove_a_copy() -> None:
    assert proves(PROOF, EXPECTED)


@pytest.mark.parametrize(
    "proof",
    [
        Proof((), ()),
        Proof((PERSON,), (STAMP,)),
        Proof((SEAL, PERSON), (STAMP,)),
        Proof((PERSON, SEAL, SEAL), (STAMP,)),
        Proof((replace(PERSON, certificate="c" * 64), SEAL), (STAMP,)),
        Proof((PERSON, replace(SEAL, certificate="c" * 64)), (STAMP,)),
        Proof((PERSON, PERSON), (STAMP,)),
        Proof((replace(PERSON, holds=False), SEAL), (STAMP,)),
        Proof((PERSON, replace(SEAL, holds=False)), (STAMP,)),
        Proof((replace(PERSON, certifies=False), SEAL), (STAMP,)),
        Proof((PERSON, replace(SEAL, certifies=True)), (STAMP,)),
        Proof((replace(PERSON, time_stamped=False), SEAL), (STAMP,)),
        Proof((PERSON, replace(SEAL, time_stamped=False)), (STAMP,)),
        Proof((replace(PERSON, covers=False), SEAL), (STAMP,)),
        Proof((PERSON, replace(SEAL, covers=False)), (STAMP,)),
        Proof((replace(PERSON, changes="ANNOTATIONS"), SEAL), (STAMP,)),
        Proof((replace(PERSON, changes="UNKNOWN"), SEAL), (STAMP,)),
        Proof((PERSON, replace(SEAL, changes="FORM_FILLING")), (STAMP,)),
        Proof((PERSON, SEAL), (replace(STAMP, holds=False),)),
        Proof((PERSON, SEAL), (replace(STAMP, covers_all=False),)),
        Proof((PERSON, SEAL), (STAMP, replace(STAMP, covers_all=False))),
        Proof((PERSON, SEAL), (STAMP, replace(STAMP, holds=False))),
        Proof((PERSON, SEAL), (replace(STAMP, holds=False), STAMP)),
        Proof((PERSON, SEAL), ()),
    ],
)
def test_anything_less_proves_nothing(proof: Proof) -> None:
    assert not proves(proof, EXPECTED)


@pytest.mark.parametrize("level", [SignatureLevel.B_T, SignatureLevel.B_LT])
def test_below_the_archival_level_no_time_stamp_over_the_whole_is_asked_for(
    level: SignatureLevel,
) -> None:
    assert proves(replace(PROOF, stamps=()), replace(EXPECTED, level=level))


def test_a_chain_that_is_fine_is_not_enough() -> None:
    other = replace(EXPECTED, person_certificate="c" * 64, seal_certificate="d" * 64)
    assert not proves(PROOF, other)


@pytest.mark.parametrize(
    ("traces", "verdict"),
    [
        (Traces((), ()), Verdict.NOT_OURS),
        (Traces(("a" * 64,), ()), Verdict.ALTERED),
        (Traces(("c" * 64, "b" * 64), ()), Verdict.ALTERED),
        (Traces(("c" * 64,), ("nobodyslink0",)), Verdict.NOT_OURS),
        (Traces((), ("k7m29xq4t0ad",)), Verdict.ALTERED),
    ],
)
def test_traces_tell_altered_from_not_ours(traces: Traces, verdict: Verdict) -> None:
    signing, links = {"a" * 64, "b" * 64}, {"k7m29xq4t0ad"}
    assert of_stranger(traces, signing=signing, links=links) is verdict


def test_nobody_is_told_of_a_copy_that_is_not_certified_yet() -> None:
    told = {CopyState.CERTIFIED, CopyState.REVOKED, CopyState.REPLACED}
    assert set(STANDING) == told
