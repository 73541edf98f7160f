"""What agencies install: the wheel alone, in an empty environment, pulling pydantic alone."""

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

CONTRACTS = Path(__file__).parents[1]
ROOT = CONTRACTS.parent

PYDANTIC = {
    "pydantic",
    "pydantic-core",
    "annotated-types",
    "typing-extensions",
    "typing-inspection",
}
WHAT_IS_THERE = """
import importlib.metadata, json
from motcua_contracts.consumer import decode
from motcua_contracts.registry import EVENT_TYPES
names = [found.metadata["Name"] for found in importlib.metadata.distributions()]
print(json.dumps({"packages": names, "events": len(EVENT_TYPES)}))
"""


def uv() -> str | None:
    beside = ROOT / ".uv" / "bin" / "uv"
    return str(beside) if beside.exists() else shutil.which("uv")


def run(*command: str | Path) -> str:
    finished = subprocess.run(command, cwd=CONTRACTS, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def build(folder: Path) -> Path:
    """The wheel, by the build backend that the lock file pins."""
    run(Path(sys.executable).with_name("uv-build"), "build-wheel", folder)
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(wheel: Path, python: Path) -> None:
    installer = uv()
    if installer is not None:
        run(installer, "pip", "install", "--quiet", "--python", python, wheel)
        return
    run(python, "-m", "ensurepip", "--default-pip")
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel)
    run(python, "-m", "pip", "uninstall", "--quiet", "--yes", "setuptools", "pip")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that holds the wheel and what the wheel asked for."""
    folder = tmp_path_factory.mktemp("an agency's machine")
    venv.create(folder / "environment", symlinks=True)
    python = folder / "environment" / "bin" / "python"
    install(build(folder), python)
    return python


def test_the_wheel_alone_installs_and_pulls_pydantic_alone(python: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    printed = subprocess.run(
        [python, "-I", "-c", WHAT_IS_THERE],
        env=clean, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip

    found = json.loads(printed)
    packages = {name.lower().replace("_", "-") for name in found["packages"]}
    assert packages == {"motcua-contracts", *PYDANTIC}
    assert found["events"] >= 28
