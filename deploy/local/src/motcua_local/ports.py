"""Free ports, remembered, so that a restart finds everything where it was."""

import contextlib
import json
import os
import random
import socket
from pathlib import Path

import psutil

from motcua_local.errors import LocalError
from motcua_local.folders import locked, read_json, write_secret

HOST = "127.0.0.1"


class Ports:
    """The ports of one folder, kept in `ports.json`.

    `MOTCUA_<NAME>_PORT` (for example `MOTCUA_INTAKE_PORT`) fixes one: then a port in use is an
    error. Otherwise a remembered port that somebody took meanwhile is replaced by a free one.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "ports.json"
        self._lock = folder / ".ports.lock"

    def remembered(self) -> dict[str, int]:
        """The ports that names had last time."""
        return read_json(self._path)

    def claim(self, name: str, *, held: bool = False) -> int:
        """A port that is free now, the remembered one if it can be had.

        `held` says that the program which this port is for runs, so the port is rightly in use.
        """
        with locked(self._lock):
            known = read_json(self._path)
            remembered = known.get(name)
            port = _fixed(name) or remembered
            if held and port == remembered and port is not None:
                return port
            if port is None or not is_free(port):
                _refuse_if_fixed(name, port)
                port = _free_port(without=set(known.values()))
            if remembered != port:
                write_secret(self._path, json.dumps(known | {name: port}, indent=2))
            return port


def is_free(port: int) -> bool:
    """Whether a server could listen there now (connections still closing do not count)."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def listener(port: int) -> str:
    """Who listens on a port, in words."""
    with contextlib.suppress(psutil.Error):
        for connection in psutil.net_connections("tcp"):
            listening = connection.status == psutil.CONN_LISTEN
            if listening and connection.pid and tuple(connection.laddr)[1:2] == (port,):
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    return "another program"


def _variable(name: str) -> str:
    return f"MOTCUA_{name.upper().replace('-', '_').replace('.', '_')}_PORT"


def _fixed(name: str) -> int | None:
    value = os.environ.get(_variable(name))
    if value is None:
        return None
    if not value.isdigit() or not 0 < int(value) < 65536:
        raise LocalError(f"{_variable(name)}={value} is not a port", next_step="give 1 to 65535")
    return int(value)


def _refuse_if_fixed(name: str, port: int | None) -> None:
    if port is not None and _fixed(name) == port:
        raise LocalError(
            f"port {port}, asked for by {_variable(name)}, is taken by {listener(port)}",
            next_step=f"stop that program, or unset {_variable(name)} to get a free port",
        )


def _free_port(*, without: set[int]) -> int:
    # Below the range that outgoing connections take theirs from, so that it is still free later.
    while True:
        port = random.randint(20000, 32000)  # noqa: S311 - not a secret
        if port not in without and is_free(port):
            return port
