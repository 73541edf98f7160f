"""Judge a whole file before it is kept: images by their header, PDFs by a confined job."""

import asyncio
from pathlib import Path

from documents import confined
from documents.confined import Limits
from documents.images import check_image
from documents.kinds import PDF, FileType
from documents.verdicts import require_clean


async def check_content(path: Path, file_type: FileType, limits: Limits) -> None:
    """Refuse a file that is damaged, encrypted, active or too costly to read."""
    if file_type is PDF:
        require_clean(await confined.run("documents.pdf_check", path, limits=limits))
    else:
        await asyncio.to_thread(check_image, path, file_type)
