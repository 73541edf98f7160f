"""The command line of a service, as an operator types it."""

import getpass
import os
import sys
from collections.abc import Sequence

import pytest
from pydantic_settings import SettingsConfigDict

from chassis.settings import ServiceSettings
from chassis.testing.postgres import Databases
from operations import cli

COMMANDS = (
    ("held", "list"),
    ("held", "show", "1"),
    ("held", "redrive", "1", "--why", "the type is known now"),
    ("held", "discard", "1", "--why", "a test"),
    ("audit",),
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


def nameless() -> str:
    raise KeyError("getpwuid(): uid not found: 54321")


def test_a_user_without_a_name_can_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    """Containers run as a bare number."""
    monkeypatch.setattr(getpass, "getuser", nameless)
    assert cli._parser("payment").parse_args(["serve"]).command == "serve"


def test_a_decision_of_nobody_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", nameless)
    with pytest.raises(SystemExit) as exit_:
        cli._user()
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
    databases: Databases, capsys: pytest.CaptureFixture[str]
) -> None:
    url = databases.url.replace("postgresql://", "postgresql+asyncpg://") + "-of-nobody"
    options = cli._parser("trial").parse_args(["held", "list"])
    assert await cli._with_database("trial", url, options) == os.EX_UNAVAILABLE
    [line] = capsys.readouterr().err.splitlines()
    assert '-of-nobody" does not exist; start it, or correct TRIAL_DATABASE_URL' in line
