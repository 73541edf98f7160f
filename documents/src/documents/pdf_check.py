"""A confined job: check one PDF, and write nothing."""

from collections.abc import Mapping

from documents import job


def check(path: str) -> Mapping[str, object]:
    """What `pdf_inspection.inspect_pdf` finds."""
    # Imported within the limits.
    from documents.pdf_inspection import inspect_pdf  # noqa: PLC0415

    return inspect_pdf(path)


if __name__ == "__main__":
    job.run(check)
