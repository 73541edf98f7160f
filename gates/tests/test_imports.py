"""The import contracts of the root pyproject.toml pass a clean tree and see each violation."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gates.sources import ROOT

Plant = Callable[[str, str], None]

# What the packages may import: the direction the architecture asks for, in small.
CLEAN = {
    "motcua_contracts/envelope.py": "import pydantic\n",
    "chassis/consumer.py": "import aiokafka, faststream\nfrom motcua_contracts import envelope\n",
    "chassis/errors.py": "import fastapi\n",
    "chassis/testing/engines.py": "import pytest\n",
    "documents/rewriting.py": "from chassis import errors\n",
    "documents/store.py": "from chassis import errors\n",
    "documents/pdf_check.py": "import pikepdf\n",
    "documents/testing.py": "import pikepdf\n",
    "operations/cli.py": "from chassis import errors\n",
    "intake/__main__.py": "from operations import cli\n",
    "intake/handlers.py": "from chassis import consumer\nfrom intake import domain\n",
    "intake/domain.py": "from chassis import errors\nfrom motcua_contracts import envelope\n",
    "certification/app.py": "from certification import signing\n",
    "certification/appearance.py": "import PIL\n",
    "certification/domain.py": "from chassis import errors\n",
    "certification/embedding.py": "import pikepdf\n",
    "certification/keys.py": "import cryptography\n",
    "certification/pades.py": "from certification import appearance, keys\n",
    "certification/pdf_traces.py": "import pikepdf\n",
    "certification/pdf_verification.py": "import pyhanko\n",
    "certification/preparing.py": "import pikepdf\n",
    "certification/signing.py": "import asyncio\n",
    "payment/domain.py": "from decimal import Decimal\n",
    "notification/api.py": "import fastapi\n",
    "motcua_local/command.py": "import confluent_kafka\nfrom motcua_contracts import envelope\n",
    "simulators/vnpay.py": "import fastapi\n",
    "agency/desk.py": "import aiokafka\nfrom motcua_contracts import envelope\n",
}


@pytest.fixture
def tree(tmp_path: Path, plant: Plant) -> Path:
    """Packages with our names and nothing forbidden in them."""
    for path, text in CLEAN.items():
        for folder in Path(path).parents[:-1]:
            plant(f"{folder}/__init__.py", "")
        plant(path, text)
    return tmp_path


def lint_imports(tree: Path) -> tuple[int, str]:
    """Exit code and output of import-linter over the tree, by the project's own contracts."""
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"]
    finished = subprocess.run(
        [*command, ROOT / "pyproject.toml"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )
    return finished.returncode, finished.stdout + finished.stderr


def test_a_clean_tree_keeps_every_contract(tree: Path) -> None:
    code, said = lint_imports(tree)

    assert code == 0, said
    assert "0 broken" in said


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("intake/api.py", "import payment", "never import each other BROKEN"),
        ("chassis/outbox.py", "from intake import domain", "never import each other BROKEN"),
        ("documents/store.py", "from intake import domain", "never import each other BROKEN"),
        ("chassis/errors.py", "import documents", "never import each other BROKEN"),
        ("chassis/errors.py", "import operations", "never import each other BROKEN"),
        ("motcua_contracts/topics.py", "import chassis", "never import each other BROKEN"),
        ("intake/sweeps.py", "import motcua_local", "never import each other BROKEN"),
        ("motcua_contracts/codec.py", "import aiokafka", "drags in no framework BROKEN"),
        ("motcua_local/demo.py", "from intake import domain", "imports none of them BROKEN"),
        ("motcua_local/demo.py", "import chassis.consumer", "imports none of them BROKEN"),
        ("simulators/mail.py", "import motcua_contracts", "not from our code BROKEN"),
        ("agency/store.py", "from chassis import consumer", "nothing else of ours BROKEN"),
        ("intake/domain.py", "import sqlmodel", "no clock, no framework BROKEN"),
        ("payment/domain.py", "import time", "no clock, no framework BROKEN"),
        ("intake/handling.py", "import asyncio", "no clock, no framework BROKEN"),
        ("notification/domain.py", "from chassis import consumer", "no clock, no framework BROKEN"),
        ("payment/app.py", "from chassis.testing import engines", "not in the product BROKEN"),
        ("documents/store.py", "from documents import pdf_check", "never in a service BROKEN"),
        ("intake/uploads.py", "import pikepdf", "never in a service BROKEN"),
        ("certification/signing.py", "from certification import keys", "parses no copy BROKEN"),
        ("certification/app.py", "from certification import preparing", "parses no copy BROKEN"),
        ("payment/gateway.py", "from aiokafka import AIOKafkaProducer", "the chassis BROKEN"),
    ],
)
def test_a_planted_import_breaks_its_contract(
    *, tree: Path, plant: Plant, module: str, line: str, contract: str
) -> None:
    plant(module, line + "\n")

    code, said = lint_imports(tree)

    assert code == 1, said
    assert contract in said
