"""Kafka as detached processes, brokers and controllers in one, with SCRAM and ACLs."""

import contextlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from motcua_local.concurrency import together
from motcua_local.credentials import Credentials
from motcua_local.downloads import installed
from motcua_local.kafka_broker import Broker
from motcua_local.kafka_settings import (
    ADMIN,
    Listener,
    Listeners,
    Node,
    Shape,
    broker_names,
    controller_port,
)
from motcua_local.kafka_topics import Cluster, Connection
from motcua_local.pins import kafka_distribution
from motcua_local.ports import HOST, Ports
from motcua_local.processes import DetachedProcess

__all__ = ["ADMIN", "Kafka", "Listener", "Listeners", "Shape", "broker_names"]

_ALONE = Shape()
# Several JVMs that start at once beside other work share what processors there are.
_READY_WITHIN = 120.0


class Kafka:
    """The brokers of one folder, one or several: their data, their ports, an administrator.

    Several hold every topic that many times over, and go on while one of them is away.
    """

    def __init__(
        self, folder: Path, ports: Ports, credentials: Credentials, *, shape: Shape = _ALONE
    ) -> None:
        self._ports = ports
        self._credentials = credentials
        self.shape = shape
        self.brokers = tuple(Broker(folder, 1 + place) for place in range(shape.brokers))

    @property
    def process(self) -> DetachedProcess:
        """The first broker's."""
        return self.brokers[0].process

    @property
    def bootstrap(self) -> str:
        ports = self._ports.remembered()
        return ",".join(f"{HOST}:{ports.get(broker.name, 0)}" for broker in self.brokers)

    @property
    def password(self) -> str:
        """The password of the brokers' administrator."""
        return self._credentials.password("kafka")

    def cluster(self) -> Cluster:
        """The running cluster, seen as its administrator."""
        return self._seen_at(self.bootstrap)

    def claim_ports(self) -> dict[str, int]:
        """The port of each broker, by its name."""
        return {broker.name: self._claim(broker.name, broker) for broker in self.brokers}

    def start(self) -> None:
        """Bring every broker up with the data it had, whatever ended it last time."""
        self._start(self.brokers)

    def start_broker(self, number: int) -> None:
        """Bring one broker up, counted from 1."""
        self._start([self.brokers[number - 1]])

    def kill_broker(self, number: int) -> int | None:
        """SIGKILL one broker, counted from 1, as a crash would. Gives the pid if it ran."""
        return self.brokers[number - 1].process.kill()

    def stop(self) -> None:
        together([broker.process.stop for broker in self.brokers])

    def _start(self, brokers: Sequence[Broker]) -> None:
        stopped = [broker for broker in brokers if broker.process.running() is None]
        if stopped:
            jars = installed(kafka_distribution())
            self._refuse_lost_password()
            ports = self._claim_all()
            nodes = [Node(broker.number, ports, self.password, self.shape) for broker in stopped]
            together(
                [
                    partial(broker.start, node, jars)
                    for broker, node in zip(stopped, nodes, strict=True)
                ]
            )
        for broker in brokers:
            broker.process.wait_until(partial(self._answers, broker), within=_READY_WITHIN)

    def _claim_all(self) -> dict[str, int]:
        names = {controller_port(broker.name): broker for broker in self.brokers}
        return self.claim_ports() | {name: self._claim(name, names[name]) for name in names}

    def _claim(self, name: str, broker: Broker) -> int:
        return self._ports.claim(name, held=broker.process.running() is not None)

    def _refuse_lost_password(self) -> None:
        if "kafka" not in self._credentials:
            for broker in self.brokers:
                broker.refuse_lost_password()

    def _answers(self, broker: Broker) -> bool:
        """Whether the broker serves, and the cluster counts it in."""
        itself = self._seen_at(f"{HOST}:{self._ports.remembered()[broker.name]}")
        with contextlib.suppress(TimeoutError):
            return broker.number in itself.broker_ids(within=2)
        return False

    def _seen_at(self, bootstrap: str) -> Cluster:
        return Cluster(Connection(bootstrap, ADMIN, self.password))
