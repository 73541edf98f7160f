"""The command line of a service, as an operator types it."""

import getpass
import os
import sys
from collections.abc import Sequence

import pytest
from pydantic_settings import SettingsConfigDict

from chassis.settings import ServiceSettings, load
from chassis.testing.postgres import Databases
from operations import cli, held_commands
from operations.commands import Call, Commands

COMMANDS = (
    ("held", "list"),
    ("held", "show", "1"),
    ("held", "redrive", "1", "--why", "the type is known now"),
    ("held", "discard", "1", "--why", "a test"),
    ("audit", "verify"),
    ("audit", "head"),
    ("migrate",),
)
ENVIRONMENT = {
    "TRIAL_DATABASE_URL": "postgresql://trial:db-secret@127.0.0.1:1/trial",
    "TRIAL_HTTP_PORT": "8080",
    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
    "KAFKA_USERNAME": "trial",
    "KAFKA_PASSWORD": "kafka-secret",
    "OIDC_ISSUER": "https://identity.example.vn",
    "OIDC_AUDIENCE": "motcua",
}


class TrialSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="TRIAL_")


def settings_for(database_url: str, monkeypatch: pytest.MonkeyPatch) -> TrialSettings:
    for name, value in {**ENVIRONMENT, "TRIAL_DATABASE_URL": database_url}.items():
        monkeypatch.setenv(name, value)
    return load(TrialSettings)


def nameless() -> str:
    raise KeyError("getpwuid(): uid not found: 54321")


def test_a_user_without_a_name_can_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    """Containers run as a bare number."""
    monkeypatch.setattr(getpass, "getuser", nameless)
    assert cli._parser("payment").parse_args(["serve"]).command == "serve"


def test_a_decision_of_nobody_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", nameless)
    with pytest.raises(SystemExit) as exit_:
        held_commands._user()
    assert exit_.value.code == "say who decides: --operator NAME"


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_database_that_is_down_is_told_in_one_line_that_says_what_to_do(
    command: Sequence[str], *, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["trial", *command])
    with pytest.raises(SystemExit) as exit_:
        cli.main("trial", TrialSettings, pytest.fail)
    assert exit_.value.code == os.EX_UNAVAILABLE
    said = capsys.readouterr()
    assert said.out == ""
    [line] = said.err.splitlines()
    assert "postgresql+asyncpg://trial:***@127.0.0.1:1/trial cannot be asked" in line
    assert line.endswith("start it, or correct TRIAL_DATABASE_URL")


async def test_a_database_that_lets_nobody_in_is_told_with_its_own_words(
    databases: Databases, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_for(databases.url + "-of-nobody", monkeypatch)
    options = cli._parser("trial").parse_args(["held", "list"])
    assert await cli._run("trial", settings, options) == os.EX_UNAVAILABLE
    [line] = capsys.readouterr().err.splitlines()
    assert '-of-nobody" does not exist; start it, or correct TRIAL_DATABASE_URL' in line


async def test_a_service_adds_commands_of_its_own(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, int]] = []

    async def count_visits(call: Call) -> int:
        asked.append((call.service, call.options.limit))
        return 3

    def add(commands: Commands) -> None:
        command = commands.add_parser("visits", help="how many there were")
        command.add_argument("--limit", type=int)
        command.set_defaults(run=count_visits)

    options = cli._parser("trial", (add,)).parse_args(["visits", "--limit", "7"])
    assert await cli._run("trial", settings_for(databases.url, monkeypatch), options) == 3
    assert asked == [("trial", 7)]
