"""The confined jobs of the public check: `verify` what signs a PDF, find `traces` of ours in one.

Only a file that is one of our copies by its digest is verified; what strangers made up is searched
for traces.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import cast

from documents import job


def check(what: str, path: str, *terms: str) -> Mapping[str, object]:
    """`verify <path> <roots> <moment> <revocation>` or `traces <path> <check URL>`."""
    try:
        return _verify(Path(path), terms) if what == "verify" else _traces(Path(path), terms)
    except (MemoryError, ImportError):  # no fault of the file
        raise
    except Exception as error:  # noqa: BLE001 - whatever a parser meets in a hostile file
        return {"verdict": "damaged", "why": type(error).__name__}


# What they need is imported within the limits.
def _verify(path: Path, terms: Sequence[str]) -> Mapping[str, object]:
    from certification import pdf_verification as pdf  # noqa: PLC0415

    roots, moment, revocation = terms
    mode = cast("pdf.Revocation", revocation)
    read = pdf.Terms(Path(roots), datetime.fromisoformat(moment), mode)
    return asyncio.run(pdf.verify(path, read))


def _traces(path: Path, terms: Sequence[str]) -> Mapping[str, object]:
    from certification.pdf_traces import traces  # noqa: PLC0415

    [check_url] = terms
    return traces(path, check_url)


if __name__ == "__main__":
    job.run(check)
