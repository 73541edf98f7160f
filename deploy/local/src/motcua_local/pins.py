"""What the engines are made of: coordinates, digests and sizes from `engines.toml`."""

import platform
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from motcua_local.errors import LocalError

_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64v8", "arm64": "arm64v8"}


@dataclass(frozen=True)
class PinnedFile:
    """One artifact: Maven coordinates `group:artifact:version`, SHA-256 in hex, size in bytes."""

    coordinates: str
    sha256: str
    size: int

    @property
    def name(self) -> str:
        _, artifact, version = self.coordinates.split(":")
        return f"{artifact}-{version}.jar"


@dataclass(frozen=True)
class Distribution:
    """One engine in one version: `label` names its folder in the cache."""

    label: str
    files: tuple[PinnedFile, ...]

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


def kafka_distribution() -> Distribution:
    pins = _pins()["kafka"]
    return Distribution(
        f"kafka-{pins['version']}", tuple(PinnedFile(**file) for file in pins["files"])
    )


def postgres_distribution() -> Distribution:
    pins, here = _pins()["postgres"], _platform()
    if here not in pins:
        known = ", ".join(name for name in pins if name != "version")
        raise LocalError(
            f"there is no pinned PostgreSQL for {here}; there is one for {known}",
            next_step="run on one of those, or add the coordinates and digest to engines.toml",
        )
    return Distribution(f"postgresql-{pins['version']}-{here}", (PinnedFile(**pins[here]),))


def _pins() -> dict[str, Any]:
    return tomllib.loads(files("motcua_local").joinpath("engines.toml").read_text("utf-8"))


def _platform() -> str:
    machine = platform.machine().lower()
    return f"{platform.system().lower()}-{_ARCHITECTURES.get(machine, machine)}"
