"""The command line of a service, as an operator types it."""

import getpass

import pytest

from chassis import cli


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
