"""PostgreSQL as one detached process."""

import json
import shutil
import signal
import subprocess
from pathlib import Path
from uuid import uuid4

from motcua_local.credentials import Credentials
from motcua_local.databases import try_query
from motcua_local.downloads import installed
from motcua_local.errors import LocalError
from motcua_local.folders import (
    UNPRIVILEGED,
    first_closed_parent,
    is_root,
    make_folder,
    read_json,
    write_secret,
)
from motcua_local.pins import postgres_distribution
from motcua_local.ports import HOST, Ports
from motcua_local.processes import Command, DetachedProcess, end_all, processes_in

SUPERUSER = "postgres"
# For data whose own folder is closed to the unprivileged uid.
ELSEWHERE = Path("/var/lib/motcua")
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "password_encryption": "scram-sha-256",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


class Postgres:
    """The database server of one folder: `data/postgres`, a port, a superuser."""

    def __init__(self, folder: Path, ports: Ports, credentials: Credentials) -> None:
        self._folder = folder
        self._ports = ports
        self._credentials = credentials
        self.process = DetachedProcess("postgres", folder)

    @property
    def url(self) -> str:
        """`postgresql://` URL of the superuser, database `postgres`."""
        password = self._credentials.password("postgres")
        return f"postgresql://{SUPERUSER}:{password}@{HOST}:{self.port}/postgres"

    @property
    def port(self) -> int:
        return self._ports.remembered().get("postgres", 0)

    @property
    def elsewhere(self) -> Path | None:
        """Where the data is, if it could not be below our folder."""
        known = read_json(self._folder / "postgres.json").get("data")
        return Path(known) if known else None

    def start(self) -> None:
        """Bring it up with the data it had, whatever ended it last time."""
        if self.process.running() is None:
            binaries = installed(postgres_distribution())
            data = self._data_folder()
            self._initialise(binaries, data)
            _clear_remains(data)
            self.process.start(self._command(binaries, data))
        self.process.wait_until(self._answers, within=60)

    def stop(self) -> None:
        self.process.stop(interrupt=signal.SIGINT)

    def _command(self, binaries: Path, data: Path) -> Command:
        settings = _SETTINGS | {"port": str(self._ports.claim("postgres"))}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Command(
            argv=(str(binaries / "bin" / "postgres"), "-D", str(data), *options),
            cwd=Path("/"),
            environment={"LC_ALL": "C.UTF-8"},
            uid=_uid(),
        )

    def _data_folder(self) -> Path:
        """Below our folder, or, where the unprivileged uid cannot get there, below /var/lib."""
        if self.elsewhere is not None:
            return self.elsewhere
        here = make_folder(self._folder / "data")
        if not is_root() or first_closed_parent(here) is None:
            return here / "postgres"
        elsewhere = ELSEWHERE / uuid4().hex
        make_folder(elsewhere).chmod(0o755)
        elsewhere.parent.chmod(0o755)
        write_secret(
            self._folder / "postgres.json", json.dumps({"data": str(elsewhere / "postgres")})
        )
        return elsewhere / "postgres"

    def _initialise(self, binaries: Path, data: Path) -> None:
        """Make the cluster beside its place and move it there when whole."""
        if data.exists():
            _refuse_lost_password(self._credentials, data)
            return
        part = data.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        make_folder(part)
        password = part / "password"
        write_secret(password, self._credentials.password("postgres"))
        if is_root():
            shutil.chown(part, UNPRIVILEGED, UNPRIVILEGED)
            shutil.chown(password, UNPRIVILEGED, UNPRIVILEGED)
        _initdb(binaries, part)
        password.unlink()
        (part / "cluster").rename(data)
        part.rmdir()

    def _answers(self) -> bool:
        return try_query(self.url, "SELECT 1") is not None


def _initdb(binaries: Path, part: Path) -> None:
    locale = ("--locale-provider=icu", "--icu-locale=vi-VN", "--locale=C", "-E", "UTF8")
    access = ("-U", SUPERUSER, "-A", "scram-sha-256", "--pwfile", str(part / "password"))
    argv = (str(binaries / "bin" / "initdb"), "-D", str(part / "cluster"), *access, *locale)
    done = subprocess.run(  # noqa: S603 - our own binary
        argv,
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        user=_uid(),
        group=_uid(),
        extra_groups=None if _uid() is None else [],
    )
    if done.returncode != 0:
        raise LocalError(
            f"initdb failed: {done.stderr.strip() or done.stdout.strip()}",
            next_step="mend what it names (disk space, permissions, a user without a name)",
        )


def _uid() -> int | None:
    return UNPRIVILEGED if is_root() else None


def _refuse_lost_password(credentials: Credentials, data: Path) -> None:
    if "postgres" not in credentials:
        raise LocalError(
            f"{data} holds a database, but the password that belongs to it is lost",
            next_step=f"bring secrets.json back, or begin anew without that data: rm -r '{data}'",
        )


def _clear_remains(data: Path) -> None:
    """End what still runs on this folder: workers of a killed server, or a server without pid file.

    The server's own pid file goes too: its pid may belong to some other process by now, which the
    next server would take for a rival.
    """
    end_all(processes_in(data, "postgres"), interrupt=signal.SIGINT)
    (data / "postmaster.pid").unlink(missing_ok=True)
