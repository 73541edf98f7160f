"""Make one clean PDF of files that were judged: their pages, in order, and nothing else."""

import asyncio
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from documents import confined
from documents.confined import Limits
from documents.images import check_image
from documents.kinds import PDF, type_by_content
from documents.verdicts import require_clean

REWRITE_LIMITS = Limits(cpu_seconds=20, seconds=60, written_bytes=100 * 1024 * 1024)
"""A scan of 200 pages takes about a second."""


async def rewrite(sources: Sequence[Path], target: Path, limits: Limits = REWRITE_LIMITS) -> int:
    """Write the pages of `sources` (PDF, JPEG, PNG) to `target`, which must not exist yet; gives
    back how many pages. The same sources make the same bytes.

    Each page keeps its contents and size. Scripts, links, forms, signatures, attachments, layers,
    bookmarks, metadata and earlier revisions do not come along; what annotations show becomes part
    of the page. An image becomes a page as wide as A4, pixel for pixel.

    Raises `WrongType`, `FileTooLarge`, `DamagedFile`, `EncryptedPdf` or `ActivePdf`; also where
    what a page shows depends on who looks (hidden layers, a form that is not drawn). After any
    error there is no `target`. It is not yet durable: whoever keeps it sees to that.
    """
    if not sources:
        raise ValueError("nothing to rewrite")
    with _whole_or_gone(target):
        await asyncio.to_thread(_check_images, sources)
        return require_clean(
            await confined.run("documents.pdf_rewrite", target, *sources, limits=limits)
        )


@contextmanager
def _whole_or_gone(target: Path) -> Generator[None]:
    target.touch(exist_ok=False)
    try:
        yield
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _check_images(sources: Sequence[Path]) -> None:
    for source in sources:
        with source.open("rb") as file:
            file_type = type_by_content(file.read(16))
        if file_type is not PDF:
            check_image(source, file_type)
