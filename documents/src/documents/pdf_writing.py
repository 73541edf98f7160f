"""One new PDF of the pages of several files: of one revision, and always the same bytes."""

from collections.abc import Iterable
from contextlib import AbstractContextManager, ExitStack
from io import BytesIO
from pathlib import Path

import pikepdf
from pikepdf import ObjectStreamMode, Pdf, StreamDecodeLevel

from documents.bounds import REWRITTEN
from documents.pdf_inspection import opened
from documents.pdf_pages import leave_what_is_seen, strip
from documents.refused import Refused


def rewritten(sources: Iterable[str]) -> bytes:
    """Pages alone go over, so nothing of a document's catalog does. Raises `Refused`."""
    try:
        with ExitStack() as still_read, Pdf.new() as new:
            for source in sources:
                pdf = still_read.enter_context(_document(source))
                leave_what_is_seen(pdf)
                new.pages.extend(pdf.pages)
                if len(new.pages) > REWRITTEN.pages:
                    raise Refused.large("pages", REWRITTEN.pages)
            strip(new)
            return _saved(new)
    except pikepdf.PikepdfError as error:
        raise Refused.damaged(type(error).__name__) from error


def _document(source: str) -> AbstractContextManager[Pdf]:
    with Path(source).open("rb") as file:
        is_pdf = file.read(5) == b"%PDF-"
    if is_pdf:
        return opened(source, REWRITTEN)
    # Imported where there is an image at all: that takes a third of the time of a small PDF.
    from documents.image_pages import image_as_pdf  # noqa: PLC0415

    return pikepdf.open(BytesIO(image_as_pdf(source)))


def _saved(pdf: Pdf) -> bytes:
    """Streams as they came, except that what was not compressed now is."""
    file = BytesIO()  # qpdf aborts when it cannot write
    pdf.save(
        file,
        min_version="1.7",
        object_stream_mode=ObjectStreamMode.disable,
        stream_decode_level=StreamDecodeLevel.none,
        fix_metadata_version=False,
        deterministic_id=True,
    )
    return file.getvalue()
