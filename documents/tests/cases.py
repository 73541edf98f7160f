"""A hostile or broken file, and what is to come of it."""

import io
from collections.abc import Callable
from dataclasses import dataclass

import pikepdf
from pikepdf import Pdf

from chassis.errors import Problem

Build = Callable[[], bytes]
Error = type[Problem]


@dataclass(frozen=True, slots=True)
class Case:
    """`upload` and `rewrite` are the refusals, None where the file is taken; `found` is what an
    active PDF is named for.
    """

    name: str
    build: Build
    extension: str
    upload: Error | None
    rewrite: Error | None
    found: str | None = None


CASES: list[Case] = []


def refused(
    error: Error, found: str | None = None, *, extension: str = ".pdf"
) -> Callable[[Build], Build]:
    """By the check of an upload, and by the rewrite if it should ever come to that."""
    return _case(error, error, found, extension)


def kept(
    error: Error, found: str | None = None, *, extension: str = ".pdf"
) -> Callable[[Build], Build]:
    """Taken as an upload, but never rewritten."""
    return _case(None, error, found, extension)


def harmless(*, extension: str = ".pdf") -> Callable[[Build], Build]:
    """Taken as an upload, and clean once it is rewritten."""
    return _case(None, None, None, extension)


def _case(
    upload: Error | None, rewrite: Error | None, found: str | None, extension: str
) -> Callable[[Build], Build]:
    def note(build: Build) -> Build:
        CASES.append(Case(build.__name__, build, extension, upload, rewrite, found))
        return build

    return note


def saved(pdf: Pdf, **how: object) -> bytes:
    content = io.BytesIO()
    pdf.save(content, **how)  # pyright: ignore[reportArgumentType] - whatever a case wants
    return content.getvalue()


def made(change: Callable[[Pdf], object], **how: object) -> bytes:
    """A PDF of one page with something done to it."""
    pdf = Pdf.new()
    page = pdf.add_blank_page(page_size=(300, 400))
    page.Contents = pikepdf.Stream(pdf, b"0 0 9 9 re f")
    change(pdf)
    return saved(pdf, **how)
