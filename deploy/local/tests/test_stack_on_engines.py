"""The stack with real engines: databases, migrations, and what `status` sees of the backlog."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka import TopicPartition as Place

from motcua_local import databases
from motcua_local.engines import Engines
from motcua_local.kafka_topics import Connection
from motcua_local.processes import Command
from motcua_local.programs import KINDS, Program, ready_url
from motcua_local.stack import Stack
from motcua_local.status import Backlog, read_status
from motcua_local.surroundings import Surroundings

DOSSIERS = "motcua.dossier.events.v1"


class Payment:
    """A stand-in for the payment service, with migrations that can change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.migrations = "first"
        (folder / "readyz").touch()

    def __call__(self, around: Surroundings) -> Mapping[str, Program]:
        port = around.ports["payment"]
        serve = ("-m", "http.server", "--bind", "127.0.0.1", str(port))
        program = Program(
            "payment",
            KINDS["payment"],
            Command((sys.executable, *serve), cwd=self.folder),
            migrate=Command((sys.executable, "-c", "print('migrating')"), cwd=self.folder),
            migrations=self.migrations,
            ready_url=ready_url("payment", port),
        )
        return {"payment": program}


@pytest.fixture
def payment(tmp_path: Path) -> Payment:
    return Payment(tmp_path)


@pytest.fixture
def stack(engines: Engines, payment: Payment) -> Iterator[Stack]:
    stack = Stack(engines.folder, catalogue=payment)
    stack.up(["payment"])
    yield stack
    stack.down(["payment"])


def test_a_database_is_migrated_once_per_set_of_migrations(stack: Stack, payment: Payment) -> None:
    log = stack.process("payment").log
    before = log.read_text().count("migrating")
    stack.kill("payment")
    stack.up(["payment"])
    assert log.read_text().count("migrating") == before

    payment.migrations = "second"
    stack.kill("payment")
    stack.up(["payment"])
    assert log.read_text().count("migrating") == before + 1


def test_status_shows_what_waits_in_the_outbox_and_what_is_held(stack: Stack) -> None:
    assert read_status(stack).backlogs["payment"] == Backlog(None, None, None), "no tables yet"

    url = stack.last_surroundings().database_url("payment")
    databases.query(url, "CREATE TABLE outbox (created_at timestamptz)")
    databases.query(url, "INSERT INTO outbox VALUES (now() - interval '90 s'), (now())")
    databases.query(url, "CREATE TABLE held_messages (state text)")
    databases.query(url, "INSERT INTO held_messages VALUES ('parked'), ('waiting'), ('handled')")

    backlog = read_status(stack).backlogs["payment"]
    assert backlog.outbox_rows == 2
    assert backlog.outbox_age
    assert 90 <= backlog.outbox_age < 120
    assert backlog.held == {"parked": 1, "waiting": 1}


@pytest.mark.usefixtures("stack")
def test_status_shows_how_far_each_group_is_behind(stack: Stack, engines: Engines) -> None:
    bootstrap = engines.endpoints().bootstrap
    intake, reader = (
        Connection(bootstrap, name, engines.principal_password(name)).settings()
        for name in ("intake", "payment")
    )
    producer = Producer(intake)
    for _ in range(3):
        producer.produce(DOSSIERS, b"fact", partition=0)
    assert producer.flush(20) == 0

    consumer = Consumer(reader | {"group.id": "payment.dossiers"})
    consumer.commit(offsets=[Place(DOSSIERS, 0, 1)], asynchronous=False)
    consumer.close()

    lag = read_status(stack).lag
    assert lag is not None
    assert lag["payment.dossiers"] == {DOSSIERS: 2}
