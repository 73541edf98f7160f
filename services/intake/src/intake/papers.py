"""Check the papers of a dossier against what its procedure asks for (thành phần hồ sơ)."""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from chassis.errors import FieldError
from intake.procedures import Procedure, RequiredPaper


class HandedPaper(NamedTuple):
    """A paper that somebody hands in: its kind and the type of its file."""

    kind: str
    media_type: str


def paper_errors(procedure: Procedure, handed: Sequence[HandedPaper]) -> list[FieldError]:
    """What is wrong with the papers of a new dossier; empty when all is well."""
    required = [paper.kind for paper in procedure.papers if paper.required]
    return [*_wrong(procedure.papers, handed), *_missing(procedure, required, handed)]


def supplement_errors(
    procedure: Procedure, wanted: Collection[str], handed: Sequence[HandedPaper]
) -> list[FieldError]:
    """What is wrong with a supplement: all wanted kinds have to come, in one go."""
    return [*_wrong(procedure.papers, handed), *_missing(procedure, wanted, handed)]


def wanted_errors(procedure: Procedure, wanted: Sequence[str]) -> list[FieldError]:
    """What is wrong with a list of papers that somebody asks the applicant for."""
    known = [paper.kind for paper in procedure.papers]
    listed = ", ".join(known)
    return [
        FieldError(
            field=f"papersWanted.{n}",
            vi=f"Thủ tục không có loại giấy tờ này; các loại: {listed}.",
            en=f"The procedure has no paper of this kind; there are: {listed}.",
        )
        for n, kind in enumerate(wanted)
        if kind not in known
    ]


def result_errors(procedure: Procedure, handed: Sequence[HandedPaper]) -> list[FieldError]:
    """What is wrong with the papers of a result (giấy tờ kết quả)."""
    return list(_wrong(procedure.results, handed))


def _wrong(known: Sequence[RequiredPaper], handed: Sequence[HandedPaper]) -> Iterator[FieldError]:
    kinds = {paper.kind: paper for paper in known}
    for n, paper in enumerate(handed):
        if (asked := kinds.get(paper.kind)) is None:
            listed = ", ".join(kinds)
            yield FieldError(
                field=f"papers.{n}.kind",
                vi=f"Thủ tục không có loại giấy tờ này; các loại: {listed}.",
                en=f"The procedure has no paper of this kind; there are: {listed}.",
            )
        elif paper.media_type not in asked.media_types:
            types = ", ".join(media_type.split("/")[1].upper() for media_type in asked.media_types)
            yield FieldError(
                field=f"papers.{n}.fileId",
                vi=f"{asked.name.vi}: chỉ nhận tệp {types}.",
                en=f"{asked.name.en}: only {types} files are taken.",
            )


def _missing(
    procedure: Procedure, wanted: Collection[str], handed: Sequence[HandedPaper]
) -> Iterator[FieldError]:
    there = {paper.kind for paper in handed}
    for paper in procedure.papers:
        if paper.kind in wanted and paper.kind not in there:
            yield FieldError(
                field="papers",
                vi=f"Thiếu giấy tờ: {paper.name.vi}.",
                en=f"A paper is missing: {paper.name.en}.",
            )
