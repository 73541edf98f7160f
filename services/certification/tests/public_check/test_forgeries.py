"""No file but the certified one is ever valid, and what pyHanko alone would say of the others.

Each forgery goes through the whole verification too, as if its digest were the register's: so it is
known what the digest is for.
"""

import asyncio
import json
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path

import pytest

from certification.check import Expected, Verdict, proves
from certification.check_files import read_proof
from certification.check_job import check
from certification.public_check import PublicCheck
from documents import confined
from documents.confined import Limits
from documents.kinds import PDF, WrongType
from motcua_contracts.types import SignatureLevel

from .forgeries import FORGERIES, flipped
from .scene import Scene, SignedFile

SEED = int(os.environ.get("MOTCUA_SEED", random.SystemRandom().randrange(2**32)))
FLIPS = 1_000
SAMPLE = 60
MAGIC_BITS = len(PDF.magic) * 8
"""What begins otherwise is no PDF to anybody."""


@pytest.fixture
def bits(file: SignedFile) -> Sequence[int]:
    print(f"MOTCUA_SEED={SEED}")  # noqa: T201 - to have the same bits again
    return random.Random(SEED).sample(range(MAGIC_BITS, len(file.content) * 8), FLIPS)


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


@pytest.fixture
def unconfined(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> PublicCheck:
    """The check itself, whose jobs do the same in this process: a thousand starts of a process
    would take minutes.
    """

    async def run(job: str, *arguments: str, limits: Limits) -> Mapping[str, object]:
        assert (job, limits.written_bytes) == ("certification.check_job", 0)
        return json.loads(json.dumps(await asyncio.to_thread(check, *arguments)))

    monkeypatch.setattr(confined, "run", run)
    return scene.check


async def sent(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def test_a_thousand_flipped_bits_are_refused_each(
    unconfined: PublicCheck, file: SignedFile, bits: Sequence[int]
) -> None:
    verdicts = Counter[Verdict]()
    for bit in bits:
        finding = await unconfined.by_file(sent(flipped(file.content, bit)), "somebody")
        assert finding.copy is None
        verdicts[finding.verdict] += 1
    # Shown when it fails, and by `pytest -s`.
    print(f"{FLIPS} flipped bits: {dict(verdicts)}")  # noqa: T201
    assert verdicts == {Verdict.ALTERED: FLIPS}
    assert (await unconfined.by_file(sent(file.content), "somebody")).verdict is Verdict.VALID


@pytest.mark.parametrize("bit", [0, MAGIC_BITS - 1])
async def test_a_file_that_begins_otherwise_is_refused(
    scene: Scene, file: SignedFile, bit: int
) -> None:
    with pytest.raises(WrongType):
        await scene.check.by_file(sent(flipped(file.content, bit)), "somebody")


async def test_flipped_bits_over_http(scene: Scene, file: SignedFile, bits: Sequence[int]) -> None:
    """With confined jobs."""
    verdicts = [await scene.verdict(flipped(file.content, bit)) for bit in bits[:6]]
    assert verdicts == ["altered"] * 6


def test_what_pyhanko_alone_says_of_flipped_bits(
    file: SignedFile, bits: Sequence[int], accepted: Callable[[bytes], bool]
) -> None:
    """It passes over what no signature covers, as the end of the place of the last time-stamp."""
    assert accepted(file.content)
    passed = [bit for bit in bits[:SAMPLE] if accepted(flipped(file.content, bit))]
    print(f"of {SAMPLE} flipped bits pyHanko alone accepts {len(passed)}: {passed}")  # noqa: T201
    assert len(passed) < SAMPLE // 3


async def test_each_forgery_is_altered(scene: Scene, file: SignedFile) -> None:
    found = {name: await scene.verdict(forge(file.content)) for name, forge in FORGERIES.items()}
    assert found == dict.fromkeys(FORGERIES, "altered")


def test_what_pyhanko_alone_says_of_forgeries(
    file: SignedFile, accepted: Callable[[bytes], bool]
) -> None:
    passed = [name for name, forge in FORGERIES.items() if accepted(forge(file.content))]
    print(f"of {len(FORGERIES)} forgeries pyHanko alone accepts {passed}")  # noqa: T201
    assert passed == []
