"""Both engines of one folder, for the `motcua` command and for the tests."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from motcua_local.concurrency import together
from motcua_local.credentials import Credentials
from motcua_local.databases import drop_database, make_database
from motcua_local.errors import LocalError
from motcua_local.folders import locked, make_folder
from motcua_local.kafka import ADMIN, Kafka, Listeners, Shape
from motcua_local.kafka_topics import Plan, apply
from motcua_local.ports import HOST, Ports
from motcua_local.postgres import Postgres


@dataclass(frozen=True)
class EngineEndpoints:
    """How to reach the engines as their administrator."""

    bootstrap: str
    kafka_username: str
    kafka_password: str
    postgres_url: str


class Engines:
    """Kafka and PostgreSQL with their data under one folder.

    `start` may be called again at any time: it starts what does not run, after a clean stop or a
    kill -9 alike, and finds all data again. Processes are detached: they outlive the caller until
    `stop`. `short_lived` is for test runs: quicker to start, slower later. With three `brokers`
    every record has three copies, and needs two of them to be acknowledged. `listeners` are further
    ways into Kafka. As root, PostgreSQL's data lies elsewhere when the folder is closed to other
    users.
    """

    def __init__(
        self,
        folder: Path,
        *,
        short_lived: bool = False,
        brokers: int = 1,
        listeners: Listeners | None = None,
    ) -> None:
        self.folder = folder.absolute()
        self.ports = Ports(self.folder)
        self.credentials = Credentials(self.folder)
        shape = Shape(brokers, listeners or {}, short_lived)
        self.kafka = Kafka(self.folder, self.ports, self.credentials, shape=shape)
        self.postgres = Postgres(self.folder, self.ports, self.credentials)
        self._engines = {"kafka": self.kafka, "postgres": self.postgres}

    def start(self, names: Sequence[str] = ("kafka", "postgres")) -> EngineEndpoints:
        make_folder(self.folder)
        _refuse_other_owner(self.folder)
        with locked(self.folder / ".engines.lock"):
            together([self._engines[name].start for name in names])
        return self.endpoints()

    def stop(self, names: Sequence[str] = ("kafka", "postgres")) -> None:
        together([self._engines[name].stop for name in names])

    def endpoints(self) -> EngineEndpoints:
        return EngineEndpoints(
            bootstrap=self.kafka.bootstrap,
            kafka_username=ADMIN,
            kafka_password=self.kafka.password,
            postgres_url=self.postgres.url,
        )

    def apply_topics(self, plan: Plan) -> list[str]:
        """Bring Kafka in line with a plan, as far as it has brokers; gives what was changed."""
        passwords = {name: self.principal_password(name) for name in plan.principals}
        replication = min(plan.replication, self.kafka.shape.brokers)
        return apply(plan.with_replication(replication), self.kafka.cluster(), passwords)

    def principal_password(self, principal: str) -> str:
        """The password under which a principal of a plan logs in."""
        return self.credentials.password(f"kafka-{principal}")

    def create_database(self, name: str, *, role: str, password: str) -> str:
        """Make a database with a role that owns it, if they are not there; gives its URL."""
        make_database(self.postgres.url, name, role=role, password=password)
        return f"postgresql://{role}:{password}@{HOST}:{self.postgres.port}/{name}"

    def drop_database(self, name: str) -> None:
        """Drop a database even while somebody is connected to it."""
        drop_database(self.postgres.url, name)


def _refuse_other_owner(folder: Path) -> None:
    data = folder / "data"
    if data.exists() and (owner := data.stat().st_uid) != os.geteuid():
        raise LocalError(
            f"{data} belongs to the user with uid {owner}, not to you (uid {os.geteuid()})",
            next_step="run motcua as that user, or begin anew with another folder",
        )
