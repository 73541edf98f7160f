"""Ports stay where they were, and give way where they must."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from motcua_local.errors import LocalError
from motcua_local.ports import HOST, Ports


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind((HOST, 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_port_is_remembered(tmp_path: Path) -> None:
    first = Ports(tmp_path).claim("intake")
    assert Ports(tmp_path).claim("intake") == first
    assert Ports(tmp_path).claim("payment") != first


def test_a_remembered_port_that_somebody_took_is_replaced(tmp_path: Path) -> None:
    port = Ports(tmp_path).claim("intake")
    with socket.socket() as server:
        server.bind((HOST, port))
        server.listen()
        assert Ports(tmp_path).claim("intake", held=True) == port, "taken by the program itself"
        moved = Ports(tmp_path).claim("intake")
    assert moved != port
    assert Ports(tmp_path).claim("intake") == moved


def test_a_fixed_port_is_taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = Ports(tmp_path).claim("other")
    monkeypatch.setenv("MOTCUA_MAIL_SMTP_PORT", str(free))
    assert Ports(tmp_path / "second").claim("mail-smtp") == free


def test_a_fixed_port_that_is_taken_is_an_error_that_names_the_taker(
    tmp_path: Path, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTCUA_INTAKE_PORT", str(taken))
    message = rf"port {taken}, .* is taken by .*pid {os.getpid()}(.|\n)*unset MOTCUA_INTAKE_PORT"
    with pytest.raises(LocalError, match=message):
        Ports(tmp_path).claim("intake")


def test_a_fixed_port_that_is_no_port_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTCUA_INTAKE_PORT", "eighty")
    with pytest.raises(LocalError, match="MOTCUA_INTAKE_PORT=eighty is not a port"):
        Ports(tmp_path).claim("intake")
