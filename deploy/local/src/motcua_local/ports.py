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

    def remembered(self, name: str) -> int | None:
        """The port this name had last time."""
        return read_json(self._path).get(name)

    def claim(self, name: str) -> int:
        """A port that is free now, the remembered one if it can be had."""
        with locked(self._lock):
            known = read_json(self._path)
            port = _fixed(name) or known.get(name)
            if port is None or not is_free(port):
                port = _free_port(without=set(known.values()))
            if known.get(name) != port:
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


def _fixed(name: str) -> int | None:
    variable = f"MOTCUA_{name.upper().replace('-', '_').replace('.', '_')}_PORT"
    value = os.environ.get(variable)
    if value is None:
        return None
    if not value.isdigit() or not 0 < int(value) < 65536:
        raise LocalError(f"{variable}={value} is not a port", next_step="give 1 to 65535")
    port = int(value)
    if not is_free(port):
        raise LocalError(
            f"port {port}, asked for by {variable}, is taken by {listener(port)}",
            next_step=f"stop that program, or unset {variable} and let motcua choose a free port",
        )
    return port


def _free_port(*, without: set[int]) -> int:
    # Below the range that outgoing connections take theirs from, so that it is still free later.
    while True:
        port = random.randint(20000, 32000)  # noqa: S311 - not a secret
        if port not in without and is_free(port):
            return port
