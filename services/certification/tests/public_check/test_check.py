from dataclasses import replace

import pytest

from certification.check import (
    STANDING,
    Expected,
    Proof,
    Signature,
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
PROOF = Proof((PERSON, SEAL), (True,))


def test_two_signatures_by_the_recorded_certificates_prove_a_copy() -> None:
    assert proves(PROOF, EXPECTED)


@pytest.mark.parametrize(
    "proof",
    [
        Proof((), ()),
        Proof((PERSON,), (True,)),
        Proof((SEAL, PERSON), (True,)),
        Proof((PERSON, SEAL, SEAL), (True,)),
        Proof((replace(PERSON, certificate="c" * 64), SEAL), (True,)),
        Proof((PERSON, replace(SEAL, certificate="c" * 64)), (True,)),
        Proof((PERSON, PERSON), (True,)),
        Proof((replace(PERSON, holds=False), SEAL), (True,)),
        Proof((PERSON, replace(SEAL, holds=False)), (True,)),
        Proof((replace(PERSON, certifies=False), SEAL), (True,)),
        Proof((PERSON, replace(SEAL, certifies=True)), (True,)),
        Proof((replace(PERSON, time_stamped=False), SEAL), (True,)),
        Proof((PERSON, replace(SEAL, time_stamped=False)), (True,)),
        Proof((replace(PERSON, covers=False), SEAL), (True,)),
        Proof((PERSON, replace(SEAL, covers=False)), (True,)),
        Proof((replace(PERSON, changes="ANNOTATIONS"), SEAL), (True,)),
        Proof((replace(PERSON, changes="UNKNOWN"), SEAL), (True,)),
        Proof((PERSON, replace(SEAL, changes="FORM_FILLING")), (True,)),
        Proof((PERSON, SEAL), (False,)),
        Proof((PERSON, SEAL), (True, False)),
        Proof((PERSON, SEAL), (False, True)),
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
