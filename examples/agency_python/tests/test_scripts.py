"""The scripts beside the system say what to do where something is missing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[1]


def run(folder: Path, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    argv = (sys.executable, EXAMPLE / script, *arguments)
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with what `motcua up` leaves, and nothing that runs."""
    login = {"username": "agency-H42.10", "password": "it's secret"}
    kafka = {
        "bootstrap": "127.0.0.1:1",
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "SCRAM-SHA-512",
        "principals": {"agency-H42.10": login},
    }
    endpoints = {
        "kafka": kafka,
        "services": {"intake": {"url": "http://127.0.0.1:2"}},
        "identity": {"issuer": "http://127.0.0.1:3"},
    }
    identity = tmp_path / "var" / "local" / "data" / "identity"
    identity.mkdir(parents=True)
    (tmp_path / "var/local/endpoints.json").write_text(json.dumps(endpoints))
    (identity / "clients.json").write_text(json.dumps({"agency-H42.10": "s", "other": "t"}))
    return tmp_path


@pytest.mark.parametrize(
    ("script", "arguments"), [("first_event.py", ()), ("environment.py", ("H42.10", "approve"))]
)
def test_without_a_running_motcua_they_say_how_to_start_one(
    tmp_path: Path, script: str, arguments: tuple[str, ...]
) -> None:
    done = run(tmp_path, script, *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert "no var/local/endpoints.json here: `" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_kafka_the_reader_says_so(checkout: Path) -> None:
    done = run(checkout, "first_event.py")
    assert done.returncode == 1
    assert "no Kafka at 127.0.0.1:1: is `make demo` still open?" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_environment_is_what_the_system_reads(checkout: Path) -> None:
    done = run(checkout, "environment.py", "H42.10", "approve")
    settings = dict(line.removeprefix("export ").split("=", 1) for line in done.stdout.splitlines())
    assert settings["AGENCY_CODE"] == "H42.10"
    assert settings["INTAKE_URL"] == "http://127.0.0.1:2"
    assert settings["KAFKA_PASSWORD"] == """'it'"'"'s secret'"""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "environment.py CODE POLICY, such as H42.10 approve"),
        (("H42.99", "approve"), "there is no agency H42.99 here: H42.10\n"),
    ],
)
def test_a_wrong_use_is_answered_with_the_right_one(
    checkout: Path, arguments: tuple[str, ...], told: str
) -> None:
    done = run(checkout, "environment.py", *arguments)
    assert done.returncode == 1
    assert told in done.stderr
