"""Three brokers: what is acknowledged stays, and producing goes on while one of them is dead."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, Message, Producer
from confluent_kafka.admin import AdminClient

from motcua_local.engines import Engines
from motcua_local.errors import LocalError
from motcua_local.kafka import Listener
from motcua_local.kafka_topics import Plan
from motcua_local.kafka_topics.plan import TopicPlan
from motcua_local.stack import Stack
from motcua_local.status import State, read_status

DOSSIERS = "motcua.dossier.events.v1"
PARTITIONS = 3

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def three(open_folder: Path) -> Iterator[Engines]:
    folder = open_folder / "three"
    ports = Engines(folder).ports
    ways = [
        Listener(ports.claim(f"way-{number}"), advertised=ports.claim(f"told-{number}"))
        for number in (1, 2, 3)
    ]
    engines = Engines(folder, short_lived=True, brokers=3, listeners={"WAY": ways})
    try:
        engines.start(["kafka"])
        yield engines
    finally:
        engines.stop(["kafka"])


@pytest.fixture
def topic(three: Engines, request: pytest.FixtureRequest) -> str:
    name = f"of.{request.node.name.removeprefix('test_')}"
    plan = TopicPlan(partitions=PARTITIONS)
    three.kafka.cluster().create_topic(name, plan, replication=3, in_sync=2)
    return name


class Writer:
    """Produces numbers one after the other; knows which were acknowledged."""

    def __init__(self, three: Engines, topic: str) -> None:
        settings = {"acks": "all", "enable.idempotence": True, "linger.ms": 0}
        connection = three.kafka.cluster().connection
        self._producer = Producer(connection.settings() | settings)
        self._topic = topic
        self._over = threading.Event()
        self.acknowledged: set[int] = set()
        self.refused: list[KafkaError] = []
        self._thread = threading.Thread(target=self._write_on, daemon=True)

    def write(self, number: int) -> None:
        def told(error: KafkaError | None, record: Message) -> None:
            if error is None:
                self.acknowledged.add(int(record.value() or b""))
            else:
                self.refused.append(error)

        place = number % PARTITIONS
        self._producer.produce(self._topic, str(number).encode(), partition=place, on_delivery=told)

    def _write_on(self) -> None:
        number = 0
        while not self._over.is_set():
            self.write(number)
            number += 1
            self._producer.poll(0.005)

    def begin(self) -> None:
        self._thread.start()

    def wait_for_more(self, count: int) -> None:
        """Until so many more were acknowledged."""
        wanted, deadline = len(self.acknowledged) + count, time.monotonic() + 120
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < deadline, "nothing more is acknowledged"
            time.sleep(0.05)

    def end(self) -> None:
        self._over.set()
        self._thread.join()

    def outstanding(self, *, after: float) -> int:
        return self._producer.flush(after)


def test_every_topic_has_three_copies_and_needs_two(three: Engines, plan: Plan) -> None:
    three.apply_topics(plan)
    cluster = three.kafka.cluster()
    states = cluster.topics()
    assert {states[name].configuration["min.insync.replicas"] for name in plan.topics} == {"2"}
    _commit_something(three)
    copies = _copies(three)
    assert {copies[name] for name in (*plan.topics, "__consumer_offsets")} == {3}


def test_the_kill_of_one_broker_stops_nobody_and_loses_nothing(three: Engines, topic: str) -> None:
    writer = Writer(three, topic)
    writer.begin()
    writer.wait_for_more(50)
    assert three.kafka.kill_broker(2), "each leads a partition"
    # What was on its way when it died may still come: so much more cannot.
    writer.wait_for_more(2_000)
    assert three.kafka.brokers[1].process.running() is None
    three.kafka.start_broker(2)
    _wait_until_all_in_step(three, topic)
    writer.end()
    assert writer.outstanding(after=120) == 0
    assert writer.refused == []
    assert _read(three, topic) == sorted(writer.acknowledged)


def test_with_two_of_three_dead_producing_waits(three: Engines, topic: str) -> None:
    writer = Writer(three, topic)
    for number in range(30):
        writer.write(number)
    assert writer.outstanding(after=120) == 0

    three.kafka.kill_broker(2)
    three.kafka.kill_broker(3)
    for number in range(30, 60):
        writer.write(number)
    assert writer.outstanding(after=8) == 30, "one copy is not enough"

    three.kafka.start()
    assert writer.outstanding(after=120) == 0
    assert writer.refused == []
    assert _read(three, topic) == list(range(60))


def test_who_comes_by_another_way_is_told_to_come_back_that_way(three: Engines) -> None:
    ways = three.kafka.shape.listeners["WAY"]
    told = _brokers(three, f"127.0.0.1:{ways[0].port}")
    assert told == [way.advertised for way in ways]
    assert f"127.0.0.1:{told[0]}" not in three.kafka.bootstrap


def test_a_stack_shows_and_kills_and_starts_them_as_one_program(three: Engines) -> None:
    stack = Stack(three.folder, brokers=3, catalogue=lambda _around: {})
    stack.engines = three
    assert stack.surroundings().kafka("intake")["KAFKA_BOOTSTRAP_SERVERS"] == three.kafka.bootstrap
    assert three.kafka.bootstrap.count(",") == 2
    assert _kafka(stack) is State.READY

    stack.kill("kafka")
    assert [broker.process.running() is None for broker in three.kafka.brokers] == [
        True,
        False,
        False,
    ]
    assert _kafka(stack) is State.CRASHED
    stack.up(["kafka"])
    assert _kafka(stack) is State.READY


def test_the_data_of_three_is_not_taken_for_that_of_one(open_folder: Path) -> None:
    folder = open_folder / "of three"
    (folder / "data" / "kafka").mkdir(parents=True)
    (folder / "data" / "kafka" / "formatted").write_text("3")
    engines = Engines(folder)
    assert engines.kafka.password, "it is not lost"
    with pytest.raises(LocalError, match=r"is of a cluster of 3, not of 1(.|\n)*another folder"):
        engines.start(["kafka"])


def _kafka(stack: Stack) -> State:
    return next(program.state for program in read_status(stack).programs if program.name == "kafka")


def _admin(three: Engines, bootstrap: str = "") -> AdminClient:
    settings = three.kafka.cluster().connection.settings()
    return AdminClient(settings | ({"bootstrap.servers": bootstrap} if bootstrap else {}))


def _brokers(three: Engines, bootstrap: str) -> list[int]:
    brokers = _admin(three, bootstrap).list_topics(timeout=30).brokers
    return [brokers[number].port for number in sorted(brokers)]


def _copies(three: Engines) -> dict[str, int]:
    topics = _admin(three).list_topics(timeout=30).topics
    return {
        name: min(len(partition.replicas) for partition in topic.partitions.values())
        for name, topic in topics.items()
    }


def _wait_until_all_in_step(three: Engines, topic: str) -> None:
    admin, deadline = _admin(three), time.monotonic() + 120
    while True:
        partitions = admin.list_topics(topic, timeout=30).topics[topic].partitions.values()
        if all(len(partition.isrs) == 3 for partition in partitions):
            return
        assert time.monotonic() < deadline, "a copy never caught up"
        time.sleep(0.1)


def _commit_something(three: Engines) -> None:
    settings = three.kafka.cluster().connection.settings() | {"group.id": "reads"}
    consumer = Consumer(settings | {"auto.offset.reset": "earliest"})
    consumer.subscribe([DOSSIERS])
    deadline = time.monotonic() + 120
    while not consumer.assignment() and time.monotonic() < deadline:
        consumer.poll(0.2)
    consumer.close()


def _read(three: Engines, topic: str) -> list[int]:
    """Everything in the topic, in order."""
    settings = three.kafka.cluster().connection.settings() | {
        "group.id": topic,
        "auto.offset.reset": "earliest",
        "enable.partition.eof": True,
    }
    consumer, found, ends = Consumer(settings), list[int](), set[int | None]()
    consumer.subscribe([topic])
    while len(ends) < PARTITIONS:
        record = consumer.poll(120)
        assert record is not None, "the topic has no end"
        if record.error() is None:
            found.append(int(record.value() or b""))
        else:
            ends.add(record.partition())
    consumer.close()
    return sorted(found)
