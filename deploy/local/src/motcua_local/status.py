"""What runs, and what waits: the picture that `motcua status` shows."""

import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from confluent_kafka import KafkaException

from motcua_local import databases
from motcua_local.kafka_settings import broker_names
from motcua_local.kafka_topics import Connection
from motcua_local.kafka_topics.lag import group_lag
from motcua_local.ports import HOST
from motcua_local.programs import KINDS, PORTS, Kind, answers, ready_url
from motcua_local.stack import Stack
from motcua_local.surroundings import SERVICES, Surroundings

_OUTBOX = "SELECT count(*) AS rows, extract(epoch FROM now() - min(created_at)) AS age FROM outbox"
_HELD = """
SELECT state, count(*) AS rows FROM held_messages WHERE state IN ('waiting', 'parked')
GROUP BY state
"""


class State(StrEnum):
    """How a program is."""

    STOPPED = "stopped"
    CRASHED = "crashed"
    NOT_READY = "not ready"
    READY = "ready"


@dataclass(frozen=True)
class ProgramStatus:
    """One program; `ports` with the HTTP port first. Of several brokers all must be well, and `pid`
    is that of the first that runs.
    """

    name: str
    kind: Kind
    state: State
    pid: int | None
    ports: tuple[int, ...]


@dataclass(frozen=True)
class Backlog:
    """What waits in one service's database; None where the database cannot be asked.

    `outbox_age` is the age in seconds of the oldest event that is not published.
    """

    outbox_rows: int | None
    outbox_age: float | None
    held: dict[str, int] | None


@dataclass(frozen=True)
class StackStatus:
    """The whole picture; `lag` by consumer group and topic, None while Kafka is away."""

    programs: tuple[ProgramStatus, ...]
    backlogs: dict[str, Backlog]
    lag: dict[str, dict[str, int]] | None

    @property
    def all_ready(self) -> bool:
        return all(program.state is State.READY for program in self.programs)


def read_status(stack: Stack) -> StackStatus:
    """Look at everything once; nothing is started or changed."""
    around = stack.last_surroundings()
    with ThreadPoolExecutor(16) as pool:
        programs = pool.map(partial(_program, stack, around), KINDS)
        backlogs = pool.map(partial(_backlog, stack, around), SERVICES)
        lag = pool.submit(_lag, stack)
        return StackStatus(
            tuple(programs), dict(zip(SERVICES, backlogs, strict=True)), lag.result()
        )


def _program(stack: Stack, around: Surroundings, name: str) -> ProgramStatus:
    processes = stack.processes([name])
    running = [process.running() for process in processes]
    claimed = broker_names(around.brokers) if name == "kafka" else PORTS.get(name, ())
    ports = tuple(around.ports[port] for port in claimed if port in around.ports)
    if None in running:
        crashed = any(process.crashed() for process in processes)
        state = State.CRASHED if crashed else State.STOPPED
    else:
        state = State.READY if _ready(name, ports) else State.NOT_READY
    pids = [process.pid for process in running if process]
    return ProgramStatus(name, KINDS[name], state, next(iter(pids), None), ports)


def _ready(name: str, ports: tuple[int, ...]) -> bool:
    match KINDS[name]:
        case Kind.AGENCY:
            return True
        case Kind.ENGINE:
            return all(_listens(port) for port in ports)
        case Kind.SIMULATOR | Kind.SERVICE:
            return answers(ready_url(name, ports[0]))


def _listens(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=2).close()
    except OSError:
        return False
    return True


def _backlog(stack: Stack, around: Surroundings, service: str) -> Backlog:
    if stack.process("postgres").running() is None:
        return Backlog(None, None, None)
    url = around.database_url(service)
    outbox = databases.try_query(url, _OUTBOX)
    held = databases.try_query(url, _HELD)
    age = outbox[0]["age"] if outbox else None
    return Backlog(
        outbox_rows=int(str(outbox[0]["rows"])) if outbox else None,
        outbox_age=None if age is None else float(str(age)),
        held=None if held is None else {str(row["state"]): int(str(row["rows"])) for row in held},
    )


def _lag(stack: Stack) -> dict[str, dict[str, int]] | None:
    if not any(broker.running() for broker in stack.processes(["kafka"])):
        return None
    password = stack.engines.principal_password("operator")
    try:
        return group_lag(Connection(stack.engines.kafka.bootstrap, "operator", password))
    except (KafkaException, TimeoutError):
        return None
