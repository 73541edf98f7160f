"""A confined job: make one new PDF of the pages of PDFs and of images, and look at it."""

import errno
import resource
from collections.abc import Mapping
from pathlib import Path

from documents import job


def rewrite(target: str, *sources: str) -> Mapping[str, object]:
    """Write `target`; the verdict is that on the new PDF, as anybody would find it."""
    # Imported within the limits.
    from documents.bounds import REWRITTEN  # noqa: PLC0415
    from documents.pdf_inspection import inspect_pdf  # noqa: PLC0415
    from documents.pdf_writing import rewritten  # noqa: PLC0415
    from documents.refused import Refused  # noqa: PLC0415

    try:
        Path(target).write_bytes(rewritten(sources))
    except Refused as refused:
        return refused.verdict
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        most, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
        return Refused.large("bytes", most).verdict
    return inspect_pdf(target, REWRITTEN)


if __name__ == "__main__":
    job.run(rewrite)
