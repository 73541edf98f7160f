"""The `motcua` command as a person meets it."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from motcua_contracts.topics import CERTIFICATION_EVENTS, PAYMENT_EVENTS
from motcua_local import service_commands
from motcua_local.cli import app
from motcua_local.errors import LocalError
from motcua_local.processes import Command, DetachedProcess
from motcua_local.programs import KINDS, Program
from motcua_local.stack import Stack
from motcua_local.surroundings import SERVICES, Surroundings

PAYMENTS, CERTIFICATIONS = PAYMENT_EVENTS.name, CERTIFICATION_EVENTS.name
DECISIONS = "motcua.agency.H42.10.decisions.v1"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MOTCUA_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


def test_a_mistake_is_told_in_words_without_a_traceback() -> None:
    argv = (sys.executable, "-m", "motcua_local", "up", "intaek")
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == (
        f"there is no program named intaek\n  next: name one of: {', '.join(KINDS)}\n"
    )


def test_status_as_json_names_every_program_and_fails_while_not_all_is_up() -> None:
    result = CliRunner().invoke(app, ["status", "--json"])
    assert result.exit_code == 1
    programs = json.loads(result.stdout)["programs"]
    assert {program["name"]: program["state"] for program in programs} == dict.fromkeys(
        KINDS, "stopped"
    )


def test_status_as_a_table_names_every_program() -> None:
    result = CliRunner().invoke(app, ["status"])
    assert all(name in result.stdout for name in KINDS)


def test_a_pipe_is_wide_enough_for_every_table() -> None:
    argv = (sys.executable, "-c", "from motcua_local.cli import out; print(out.width)")
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert int(done.stdout) == 160


def test_down_and_kill_of_what_does_not_run_are_no_errors() -> None:
    down = CliRunner().invoke(app, ["down"])
    assert (down.exit_code, down.stdout) == (0, "nothing was running\n")
    assert "was not running" in CliRunner().invoke(app, ["kill", "payment"]).stdout


def test_logs_show_the_last_lines(state: Path) -> None:
    (state / "logs").mkdir(parents=True)
    (state / "logs" / "payment.log").write_text("first\n[second] line\nthird\n")
    result = CliRunner().invoke(app, ["logs", "payment", "--lines", "2"])
    assert "[second] line\nthird" in result.stdout
    assert "first" not in result.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("held", "redrive", "3", "--why", "mended"), "add --service with one of: intake"),
        (("held", "show", "3"), "add --service with one of: intake, payment"),
        (("held", "lsit"), "one of: list, show, redrive, discard"),
        (("held", "list", "--service", "intaek"), "payment, certification, notification"),
        (("held",), "next: motcua up postgres"),
        (("audit",), "next: motcua up postgres"),
        (("audit", "haed"), "one of: verify, head"),
        (("audit", "verify", "--head", "00@0"), "a noted head needs to know the service"),
        (("paid",), "next: motcua up postgres"),
        (("replay",), "add --topic TOPIC, --dossier ID, or both"),
        (("replay", "--topic", PAYMENTS), "next: motcua up postgres"),
        (("replay", "--dossier", "1"), "next: motcua up postgres"),
        (
            ("replay", "--topic", "motcua.payments"),
            f"name one of these, or add --service:\n    {CERTIFICATIONS}",
        ),
        (("replay", "--topic", DECISIONS), "ask the agency to send its decisions again"),
        (("replay", "--dossier", "1", "--from", "7"), "add --topic, or --service"),
        (("replay", "--dossier", "1", "--to", "new"), "add --topic, or --service"),
        (("story", "d"), "one of: a, c, b"),
        (("story",), "next: motcua up"),
    ],
)
def test_what_stands_in_the_way_is_told_with_the_next_step(
    arguments: tuple[str, ...], told: str
) -> None:
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, LocalError)
    assert told in str(result.exception)


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        (("--topic", PAYMENTS), ["payment"]),
        ((f"--topic={CERTIFICATIONS}", "--dossier", "1", "--to", "new"), ["certification"]),
        (("--dossier", "1", "--from", "2h"), list(SERVICES)),
        (("--dossier", "1", "--from", "7", "--service", "intake"), ["intake"]),
    ],
)
def test_a_replay_is_asked_of_who_wrote(
    arguments: tuple[str, ...], asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []

    def answer(_: object, service: str, *words: str) -> subprocess.CompletedProcess[bytes]:
        heard.append(service)
        assert words[0] == "replay"
        return subprocess.CompletedProcess(words, 0)

    def runs(_: DetachedProcess) -> int:
        return 1

    monkeypatch.setattr(service_commands, "_ask", answer)
    monkeypatch.setattr(DetachedProcess, "running", runs)
    result = CliRunner().invoke(app, ["replay", *arguments])
    assert (result.exit_code, heard) == (0, asked)


def test_what_a_service_says_and_how_it_ends_is_passed_on(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    says = "import sys; print(sys.argv[1:]); print('progress', file=sys.stderr); sys.exit(3)"
    command = Command((sys.executable, "-c", says, "serve"), cwd=tmp_path)

    def catalogue(_: Surroundings) -> Mapping[str, Program]:
        return {"payment": Program("payment", KINDS["payment"], command)}

    stack = Stack(tmp_path, catalogue=catalogue)
    answer = service_commands._ask(stack, "payment", "replay", "--topic", PAYMENTS)
    said = capfdbinary.readouterr()
    assert said.out.decode() == f"['replay', '--topic', '{PAYMENTS}']\n"
    assert (said.err, answer.returncode, answer.stdout) == (b"progress\n", 3, said.out)
