"""No file but the certified one is ever valid, and what pyHanko alone would say of the others.

Each forgery goes through the whole verification too, as if its digest were the register's: so it is
known what the digest is for.
"""

import hashlib
import os
import random
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from certification.check import Expected, Verdict, of_stranger, proves
from certification.check_files import read_proof, read_traces
from certification.check_job import check
from certification.pdf_traces import traces
from motcua_contracts.types import SignatureLevel

from .forgeries import FORGERIES, flipped
from .scene import OFFICE, Scene, SignedFile

SEED = int(os.environ.get("MOTCUA_SEED", random.SystemRandom().randrange(2**32)))
FLIPS = 1_000
SAMPLE = 60


@pytest.fixture
def bits(file: SignedFile) -> Sequence[int]:
    print(f"MOTCUA_SEED={SEED}")  # noqa: T201 - to have the same bits again
    return random.Random(SEED).sample(range(len(file.content) * 8), FLIPS)


@pytest.fixture
def accepted(scene: Scene, file: SignedFile, tmp_path: Path) -> Callable[[bytes], bool]:
    """What the full verification says when nobody asks for the digest. Not confined: here a
    thousand times faster.
    """
    path, authority = tmp_path / "forged.pdf", scene.authority
    expected = Expected(
        authority.person.fingerprint, authority.seal.fingerprint, SignatureLevel.B_LTA
    )
    terms = str(scene.roots), file.signed_at.isoformat(), "require"

    def accepts(content: bytes) -> bool:
        path.write_bytes(content)
        proof = read_proof(check("verify", str(path), *terms))
        return proof is not None and proves(proof, expected)

    return accepts


async def test_a_thousand_flipped_bits_are_refused_each(
    scene: Scene, file: SignedFile, bits: Sequence[int], tmp_path: Path
) -> None:
    path, verdicts = tmp_path / "flipped.pdf", Counter[Verdict]()
    async with scene.service.transaction() as work:
        for bit in bits:
            content = flipped(file.content, bit)
            assert await work.copies.by_sha256(hashlib.sha256(content).hexdigest()) is None
            path.write_bytes(content)
            found = read_traces(traces(path, OFFICE.check_url("")))
            known = await work.certificates.known(found.certificates)
            verdicts[of_stranger(found, signing=known, links={file.link})] += 1
    # Shown when it fails, and by `pytest -s`.
    print(f"{FLIPS} flipped bits: {dict(verdicts)}")  # noqa: T201
    assert verdicts[Verdict.ALTERED] == FLIPS


async def test_flipped_bits_over_http(scene: Scene, file: SignedFile, bits: Sequence[int]) -> None:
    verdicts = [await scene.verdict(flipped(file.content, bit)) for bit in bits[:12]]
    assert verdicts == ["altered"] * 12


def test_what_pyhanko_alone_says_of_flipped_bits(
    file: SignedFile, bits: Sequence[int], accepted: Callable[[bytes], bool]
) -> None:
    """It passes over what no signature covers, as the end of the place of the last time-stamp."""
    assert accepted(file.content)
    passed = [bit for bit in bits[:SAMPLE] if accepted(flipped(file.content, bit))]
    print(f"of {SAMPLE} flipped bits pyHanko alone accepts {len(passed)}: {passed}")  # noqa: T201
    assert len(passed) < SAMPLE // 3


@pytest.mark.parametrize("name", FORGERIES)
async def test_a_forgery_is_altered(scene: Scene, file: SignedFile, name: str) -> None:
    assert await scene.verdict(FORGERIES[name](file.content)) == "altered"


def test_what_pyhanko_alone_says_of_forgeries(
    file: SignedFile, accepted: Callable[[bytes], bool]
) -> None:
    passed = [name for name, forge in FORGERIES.items() if accepted(forge(file.content))]
    print(f"of {len(FORGERIES)} forgeries pyHanko alone accepts {passed}")  # noqa: T201
    assert passed == []
