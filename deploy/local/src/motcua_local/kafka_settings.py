"""What one broker is told: who it is, where it and the others listen, what it asks of who comes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from motcua_local.ports import HOST

ADMIN = "broker"
_FIRST = "kafka"


@dataclass(frozen=True)
class Listener:
    """One more way into one broker: it listens at `port`, and who came this way is told to come
    back to `advertised`, where something stands in between.
    """

    port: int
    advertised: int


Listeners = Mapping[str, Sequence[Listener]]
"""By a name of capital letters and `_`: one for each broker, the first broker's first."""


@dataclass(frozen=True)
class Shape:
    """How large a cluster is, and how one gets in. `short_lived` is for test runs: half the
    start-up work, at the price of slower code later.
    """

    brokers: int = 1
    listeners: Listeners = field(default_factory=dict[str, Sequence[Listener]])
    short_lived: bool = False


def broker_names(count: int) -> tuple[str, ...]:
    """The names of the brokers' processes and ports, the first broker's first."""
    return (_FIRST, *(f"{_FIRST}-{node}" for node in range(2, count + 1)))


def controller_port(broker: str) -> str:
    """The name of the port at which a broker's other half, the controller, answers the others."""
    return f"{broker}-controller"


@dataclass(frozen=True)
class Node:
    """One broker among all: brokers and controllers in one, `number` counted from 1."""

    number: int
    ports: Mapping[str, int]
    password: str
    shape: Shape

    def settings(self) -> dict[str, str | int]:
        return (
            self._roles()
            | self._listeners()
            | _logins(self.password, self._ways_in())
            | _copies(self.shape.brokers)
            | _PACE
        )

    def _roles(self) -> dict[str, str | int]:
        names = enumerate(broker_names(self.shape.brokers), start=1)
        voters = [f"{number}@{HOST}:{self.ports[controller_port(name)]}" for number, name in names]
        return {
            "process.roles": "broker,controller",
            "node.id": self.number,
            "controller.quorum.voters": ",".join(voters),
            "inter.broker.listener.name": "SASL_PLAINTEXT",
            "controller.listener.names": "CONTROLLER",
            "log.dirs": "log",
        }

    def _ways_in(self) -> dict[str, Listener]:
        port = self.ports[broker_names(self.number)[-1]]
        further = self.shape.listeners.items()
        return {
            "SASL_PLAINTEXT": Listener(port, port),
            **{name: listeners[self.number - 1] for name, listeners in further},
        }

    def _listeners(self) -> dict[str, str | int]:
        ways = self._ways_in()
        controller = self.ports[controller_port(broker_names(self.number)[-1])]
        here = {name: way.port for name, way in ways.items()} | {"CONTROLLER": controller}
        advertised = {name: way.advertised for name, way in ways.items()}
        return {
            "listeners": _addresses(here),
            "advertised.listeners": _addresses(advertised),
            "listener.security.protocol.map": ",".join(f"{name}:SASL_PLAINTEXT" for name in here),
        }


def _addresses(ports: Mapping[str, int]) -> str:
    return ",".join(f"{name}://{HOST}:{port}" for name, port in ports.items())


def _logins(password: str, ways: Mapping[str, Listener]) -> dict[str, str | int]:
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule required"
    plain = "org.apache.kafka.common.security.plain.PlainLoginModule required"
    login = f'username="{ADMIN}" password="{password}"'
    return {
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
        **{
            f"listener.name.{name.lower()}.scram-sha-512.sasl.jaas.config": f"{scram} {login};"
            for name in ways
        },
        # Any program of this machine can reach the controller's port: it asks for a password too.
        "sasl.mechanism.controller.protocol": "PLAIN",
        "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.controller.plain.sasl.jaas.config": (
            f'{plain} {login} user_{ADMIN}="{password}";'
        ),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:{ADMIN}",
        "allow.everyone.if.no.acl.found": "false",
    }


def _copies(brokers: int) -> dict[str, str | int]:
    """As many copies of Kafka's own topics as there are brokers; all but one must have a record."""
    in_sync = max(1, brokers - 1)
    return {
        "auto.create.topics.enable": "false",
        "min.insync.replicas": in_sync,
        "offsets.topic.num.partitions": brokers,
        "offsets.topic.replication.factor": brokers,
        "transaction.state.log.num.partitions": 1,
        "transaction.state.log.replication.factor": brokers,
        "transaction.state.log.min.isr": in_sync,
        "share.coordinator.state.topic.num.partitions": 1,
        "share.coordinator.state.topic.replication.factor": brokers,
        "share.coordinator.state.topic.min.isr": in_sync,
    }


_PACE: dict[str, str | int] = {
    # After a kill -9 the controller keeps the dead broker's place until its session is over
    # (9 s by default), and the new one waits for it.
    "broker.session.timeout.ms": 2000,
    "broker.heartbeat.interval.ms": 500,
    "group.initial.rebalance.delay.ms": 0,
    "log.cleaner.dedupe.buffer.size": 8388608,
}
