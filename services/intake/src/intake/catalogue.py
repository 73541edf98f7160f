"""The catalogue of procedures (danh mục thủ tục hành chính): all versions, chosen by day."""

from collections.abc import Iterable, Iterator
from datetime import date
from importlib.resources import files
from itertools import chain
from pathlib import Path

from chassis.errors import NotFound, Text
from intake.procedures import Decider, Procedure
from intake.yaml_files import UnusableFile, read_yaml

SHIPPED = Path(str(files("intake") / "procedures"))


class UnknownProcedure(NotFound, vi="Không có thủ tục này", en="There is no such procedure"):
    """No version of it is in force on the day asked for."""


class Catalogue:
    """Procedures by code and version."""

    def __init__(self, procedures: Iterable[Procedure]) -> None:
        self._versions: dict[str, list[Procedure]] = {}
        for procedure in sorted(procedures, key=lambda p: (p.valid_from, p.version)):
            self._versions.setdefault(procedure.code, []).append(procedure)

    def in_force(self, code: str, *, on: date) -> Procedure:
        """The version of `code` for dossiers filed on a day, in Vietnam."""
        for procedure in reversed(self._versions.get(code, [])):
            if procedure.valid_from <= on:
                if procedure.valid_until and procedure.valid_until < on:
                    break
                return procedure
        raise UnknownProcedure(
            Text(
                f"Thủ tục {code[:40]} không có hoặc chưa, không còn hiệu lực ngày {on:%d/%m/%Y}.",
                f"Procedure {code[:40]} does not exist or is not in force on {on}.",
            )
        )

    def version(self, code: str, version: int) -> Procedure:
        """The version that a dossier was filed under."""
        for procedure in self._versions.get(code, []):
            if procedure.version == version:
                return procedure
        raise UnknownProcedure(
            Text(
                f"Không có phiên bản {version} của thủ tục {code}; không được xóa tệp đã dùng.",
                f"There is no version {version} of {code}: a file once in use must be kept.",
            )
        )

    def deciding_agencies(self) -> set[str]:
        """Every agency whose own system decides under some version of some procedure."""
        procedures = chain.from_iterable(self._versions.values())
        return {p.competent_agency for p in procedures if p.decided_by is Decider.AGENCY}

    def all_in_force(self, *, on: date) -> Iterator[Procedure]:
        """Every procedure that can be filed on a day."""
        for code in sorted(self._versions):
            try:
                yield self.in_force(code, on=on)
            except UnknownProcedure:
                continue


def load_catalogue(folder: Path = SHIPPED) -> Catalogue:
    """Read every `*.yaml` of `folder`; raises `UnusableFile` for the first that is wrong."""
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise UnusableFile(folder, ["holds no *.yaml: name the folder of the procedure files"])
    procedures: dict[tuple[str, int], Procedure] = {}
    starts: dict[tuple[str, date], Path] = {}
    for path in paths:
        procedure = read_yaml(path, Procedure)
        key, start = (procedure.code, procedure.version), (procedure.code, procedure.valid_from)
        if key in procedures:
            raise UnusableFile(path, [f"version: {key[0]} version {key[1]} exists: raise it"])
        if start in starts:
            raise UnusableFile(path, [f"valid_from: {starts[start].name} starts the same day"])
        procedures[key], starts[start] = procedure, path
    return Catalogue(procedures.values())
