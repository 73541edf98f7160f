"""Check the papers of a dossier against what its procedure asks for (thành phần hồ sơ)."""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from chassis.errors import FieldError
from intake.procedures import Procedure, RequiredPaper


class HandedPaper(NamedTuple):
    """A paper that somebody hands in: its kind and the type of its file, None when the sender
    uploaded no such file.
    """

    kind: str
    media_type: str | None


def paper_errors(procedure: Procedure, handed: Sequence[HandedPaper]) -> list[FieldError]:
    """What is wrong with the papers of a new dossier; empty when all is well."""
    required = [paper.kind for paper in procedure.papers if paper.required]
    wrong = _wrong(handed, procedure.papers, field="papers")
    return [*wrong, *_missing(procedure, required, handed)]


def supplement_errors(
    procedure: Procedure, wanted: Collection[str], handed: Sequence[HandedPaper]
) -> list[FieldError]:
    """What is wrong with a supplement: all wanted kinds have to come, in one go."""
    wrong = _wrong(handed, procedure.papers, field="papers")
    return [*wrong, *_missing(procedure, wanted, handed)]


def wanted_errors(procedure: Procedure, wanted: Sequence[str]) -> list[FieldError]:
    """What is wrong with a list of papers that somebody asks the applicant for."""
    known = [paper.kind for paper in procedure.papers]
    return [
        _unknown_kind(f"papersWanted.{n}", known)
        for n, kind in enumerate(wanted)
        if kind not in known
    ]


def result_errors(procedure: Procedure, handed: Sequence[HandedPaper]) -> list[FieldError]:
    """What is wrong with the papers of a result (giấy tờ kết quả)."""
    return list(_wrong(handed, procedure.results, field="resultPapers"))


def _wrong(
    handed: Sequence[HandedPaper], known: Sequence[RequiredPaper], *, field: str
) -> Iterator[FieldError]:
    kinds = {paper.kind: paper for paper in known}
    for n, paper in enumerate(handed):
        if paper.media_type is None:
            yield FieldError(
                field=f"{field}.{n}.fileId",
                vi="Bạn chưa tải lên tệp này; hãy tải lên rồi dùng mã tệp nhận được.",
                en="You uploaded no such file: upload it and use the id in the answer.",
            )
        if (asked := kinds.get(paper.kind)) is None:
            yield _unknown_kind(f"{field}.{n}.kind", kinds)
        elif paper.media_type and paper.media_type not in asked.media_types:
            types = ", ".join(media_type.split("/")[1].upper() for media_type in asked.media_types)
            yield FieldError(
                field=f"{field}.{n}.fileId",
                vi=f"{asked.name.vi}: chỉ nhận tệp {types}.",
                en=f"{asked.name.en}: only {types} files are taken.",
            )


def _unknown_kind(field: str, known: Collection[str]) -> FieldError:
    listed = ", ".join(known)
    return FieldError(
        field=field,
        vi=f"Thủ tục không có loại giấy tờ này; các loại: {listed}.",
        en=f"The procedure has no paper of this kind; there are: {listed}.",
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
