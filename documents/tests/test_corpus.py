"""Hostile and broken files: each is refused with its reason or comes out clean, soon and in little
memory, and whoever takes files goes on.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from documents import confined
from documents.confined import Limits, Verdict
from documents.kinds import ActivePdf
from documents.rewriting import rewrite
from documents.store import FileStore

from .bare import require_bare
from .cases import Case, Error
from .corpus import CORPUS
from .raw import one_page

# What pikepdf says of files that are broken on purpose.
pytestmark = pytest.mark.filterwarnings("ignore")

LIMITS = Limits(cpu_seconds=5, seconds=15, written_bytes=100 * 1024 * 1024)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[Verdict]:
    """What the confined jobs answered."""
    answers, run = list[Verdict](), confined.run

    async def listen(job: str, *arguments: str | Path, limits: Limits) -> Verdict:
        answer = await run(job, *arguments, limits=limits)
        answers.append(answer)
        return answer

    monkeypatch.setattr(confined, "run", listen)
    return answers


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FileStore:
    folder = tmp_path_factory.mktemp("files")
    return FileStore.open(folder, most_bytes=30 * 1024 * 1024, pdf_limits=LIMITS)


@pytest.mark.parametrize("name", CORPUS)
async def test_a_hostile_file_is_refused_with_its_reason_or_comes_out_clean(
    tmp_path: Path, store: FileStore, answers: list[Verdict], name: str
) -> None:
    case = CORPUS[name]
    source, target = tmp_path / "source", tmp_path / "clean.pdf"
    source.write_bytes(case.build())
    with refused(case.upload, case):
        await store.store(f"x{case.extension}", chunks(source))
    with refused(case.rewrite, case):
        assert await rewrite([source], target, LIMITS) == require_bare(target)
    assert target.exists() == (case.rewrite is None)
    # Nothing is known of the memory of what was killed, but that it was bound to stay within.
    peaks = [peak for answer in answers if isinstance(peak := answer.get("peakBytes"), int)]
    assert all(peak <= LIMITS.memory_bytes for peak in peaks)


async def test_after_all_of_them_files_are_taken_as_before(
    tmp_path: Path, store: FileStore
) -> None:
    good = tmp_path / "good.pdf"
    good.write_bytes(one_page())
    await store.store("good.pdf", chunks(good))
    assert len(CORPUS) >= 60


async def chunks(file: Path) -> AsyncIterator[bytes]:
    yield await asyncio.to_thread(file.read_bytes)


@contextmanager
def refused(error: Error | None, case: Case) -> Generator[None]:
    """Within it, this is raised and nothing else, in less than 20 seconds."""
    started = time.monotonic()
    if error is None:
        yield
    else:
        with pytest.raises(error) as caught:
            yield
        assert type(caught.value) is error
        if isinstance(caught.value, ActivePdf):
            assert str(case.found) in str(caught.value.members["found"])
    assert time.monotonic() - started < 20
