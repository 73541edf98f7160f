"""The programs beside the engines: how each is started, and how it says that it is ready."""

import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from motcua_local import trust
from motcua_local.checkout import ROOT
from motcua_local.folders import make_folder, write_secret
from motcua_local.ports import HOST
from motcua_local.processes import Command
from motcua_local.surroundings import (
    AGENCIES,
    AUDIENCE,
    SERVICES,
    SIMULATORS,
    VNPAY_TERMINAL,
    Surroundings,
    agency_environment,
    service_environment,
)


class Kind(StrEnum):
    """What a program is to motcua."""

    ENGINE = "engine"
    SIMULATOR = "simulator"
    SERVICE = "service"
    AGENCY = "agency"


ENGINES = ("kafka", "postgres")
KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(ENGINES, Kind.ENGINE),
    **dict.fromkeys(SIMULATORS, Kind.SIMULATOR),
    **dict.fromkeys(SERVICES, Kind.SERVICE),
    **{f"agency-{code}": Kind.AGENCY for code in AGENCIES},
}
"""Every program by name, in the order in which they are shown."""

PORTS: Mapping[str, tuple[str, ...]] = {
    **{name: (name,) for name in (*ENGINES, "identity", "vnpay", "trust", *SERVICES)},
    "mail": ("mail", "mail-smtp"),
}
"""The ports that each program is reached at, the HTTP port first."""


@dataclass(frozen=True)
class Program:
    """One program: `ready_url` answers 200 once it can work.

    `migrate` runs to its end first, unless `migrations`, a digest of what it would apply, was
    applied to the database of that name already; `provide` gets what else it needs to start.
    """

    name: str
    kind: Kind
    command: Command
    migrate: Command | None = None
    migrations: str = ""
    ready_url: str | None = None
    provide: Callable[[], None] | None = None

    def ready(self) -> bool:
        """Whether it says that it can work; a program without HTTP can as soon as it runs."""
        return self.ready_url is None or answers(self.ready_url)


def answers(url: str) -> bool:
    """Whether something answers 200 there."""
    address = urlsplit(url)
    connection = HTTPConnection(address.hostname or HOST, address.port, timeout=2)
    try:
        connection.request("GET", address.path)
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def ready_url(name: str, port: int) -> str:
    """Where a simulator or a service says that it is ready."""
    path = "readyz" if KINDS[name] is Kind.SERVICE else "_health"
    return f"http://{HOST}:{port}/{path}"


def programs(around: Surroundings) -> dict[str, Program]:
    """Every program beside the engines, by name."""
    made = [
        *(_simulator(name, around) for name in SIMULATORS),
        *(_service(name, around) for name in SERVICES),
        *(_agency(code, around) for code in AGENCIES),
    ]
    return {program.name: program for program in made}


def _simulator(name: str, around: Surroundings) -> Program:
    options = {"identity": _identity, "vnpay": _vnpay, "mail": _mail, "trust": _trust}[name](around)
    listen = {"--host": HOST, "--port": str(around.ports[name])}
    arguments = [part for option in (listen | options).items() for part in option]
    # Not an argument, which every user of this machine can read.
    secret = {"SIMULATORS_VNPAY_HASH_SECRET": around.vnpay_secret()} if name == "vnpay" else {}
    command = _python("simulators", name, *arguments, environment=secret)
    return Program(name, Kind.SIMULATOR, command, ready_url=ready_url(name, around.ports[name]))


def _service(name: str, around: Surroundings) -> Program:
    environment = service_environment(name, around)
    return Program(
        name,
        Kind.SERVICE,
        command=_python(name, "serve", environment=environment),
        migrate=_python(name, "migrate", environment=environment),
        migrations=_migrations_digest(name),
        ready_url=ready_url(name, around.ports[name]),
        provide=partial(trust.enrol, around) if name == "certification" else None,
    )


def _migrations_digest(service: str) -> str:
    folder = ROOT / "services" / service / "src" / service / "migrations"
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        digest.update(file.read_bytes())
    return f"migrated by {digest.hexdigest()}"


def _agency(code: str, around: Surroundings) -> Program:
    make_folder(around.folder / "data" / f"agency-{code}")
    command = _python("agency", environment=agency_environment(code, around))
    return Program(f"agency-{code}", Kind.AGENCY, command)


def _identity(around: Surroundings) -> dict[str, str]:
    folder = make_folder(around.folder / "data" / "identity")
    clients = folder / "clients.json"
    write_secret(clients, json.dumps(around.client_secrets(), indent=2))
    return {
        "--audience": AUDIENCE,
        "--state-folder": str(folder),
        "--clients-file": str(clients),
        "--ledger-file": str(folder / "ledger.jsonl"),
    }


def _vnpay(around: Surroundings) -> dict[str, str]:
    folder = make_folder(around.folder / "data" / "vnpay")
    return {
        "--tmn-code": VNPAY_TERMINAL,
        "--ipn-url": f"{around.url('payment')}/v1/gateways/vnpay/ipn",
        "--ledger-file": str(folder / "ledger.jsonl"),
    }


def _trust(around: Surroundings) -> dict[str, str]:
    folder = make_folder(around.trust_folder)
    return {"--state-folder": str(folder), "--ledger-file": str(folder / "ledger.jsonl")}


def _mail(around: Surroundings) -> dict[str, str]:
    folder = make_folder(around.folder / "data" / "mail")
    return {
        "--smtp-port": str(around.ports["mail-smtp"]),
        "--ledger-file": str(folder / "ledger.jsonl"),
    }


def _python(module: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Command:
    return Command(
        argv=(sys.executable, "-m", module, *arguments),
        cwd=ROOT,
        environment={"PYTHONUNBUFFERED": "1", **(environment or {})},
    )
