"""Real engines: what they keep, and what they come back from."""

import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from confluent_kafka import Consumer, Producer

from motcua_local import databases, postgres
from motcua_local.engines import Engines
from motcua_local.errors import LocalError
from motcua_local.kafka_topics import Connection
from motcua_local.kafka_topics.plan import TopicPlan
from motcua_local.postgres import Postgres


@pytest.fixture
def written(engines: Engines) -> Iterator[str]:
    """The URL of a database with one row, beside a topic with one record."""
    url = engines.create_database("keeps", role="keeps", password="secret")
    databases.query(url, "CREATE TABLE kept (what text)")
    databases.query(url, "INSERT INTO kept VALUES ('hồ sơ')")
    engines.kafka.cluster().create_topic("keeps", TopicPlan(partitions=1), replication=1, in_sync=1)
    producer = Producer(_admin(engines).settings() | {"acks": "all"})
    producer.produce("keeps", value="hồ sơ".encode())
    assert producer.flush(10) == 0
    yield url
    engines.drop_database("keeps")
    engines.kafka.cluster().delete_topic("keeps")


def test_kill_of_both_engines_loses_nothing(engines: Engines, written: str) -> None:
    before = engines.endpoints()
    assert engines.kafka.process.kill()
    assert engines.postgres.process.kill()

    assert engines.start() == before
    _all_is_there(engines, written)


def test_a_server_pid_file_that_names_another_process_is_no_obstacle(
    engines: Engines, written: str
) -> None:
    engines.postgres.process.kill()
    pid_file = engines.folder / "data" / "postgres" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")

    engines.start()
    _all_is_there(engines, written)


def test_lost_pid_files_lead_to_a_restart_not_to_two_servers(
    engines: Engines, written: str
) -> None:
    running = engines.kafka.process.running()
    assert running
    for pid_file in (engines.folder / "run").iterdir():
        pid_file.unlink()

    engines.start()
    assert not running.is_running() or running.status() == psutil.STATUS_ZOMBIE
    _all_is_there(engines, written)


def test_start_of_what_runs_changes_nothing(engines: Engines) -> None:
    before = engines.kafka.process.running(), engines.postgres.process.running()
    engines.start()
    assert (engines.kafka.process.running(), engines.postgres.process.running()) == before


def test_two_checkouts_run_side_by_side(engines: Engines, open_folder: Path) -> None:
    other = Engines(open_folder / "other checkout", short_lived=True)
    try:
        theirs = other.start()
        assert theirs.bootstrap != engines.endpoints().bootstrap
        assert theirs.postgres_url != engines.endpoints().postgres_url
        engines.create_database("ours", role="ours", password="secret")
        ours = "SELECT 1 FROM pg_database WHERE datname = 'ours'"
        assert databases.query(theirs.postgres_url, ours) == []
    finally:
        other.stop()
        engines.drop_database("ours")


def test_a_service_cannot_enter_the_database_of_another(engines: Engines) -> None:
    engines.create_database("one", role="one", password="secret")
    url = engines.create_database("two", role="two", password="secret")
    assert databases.try_query(url, "SELECT 1") is not None
    assert databases.try_query(url.removesuffix("two") + "one", "SELECT 1") is None


def test_a_lost_password_is_told_before_anything_is_started(open_folder: Path) -> None:
    folder = open_folder / "lost"
    (folder / "data" / "kafka").mkdir(parents=True)
    (folder / "data" / "kafka" / "formatted").touch()
    with pytest.raises(LocalError, match=r"password is lost.*\n.*next: bring secrets.json back"):
        Engines(folder).start(["kafka"])


def test_a_folder_that_cannot_be_written_is_told_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LocalError, match=r"cannot write to .*file/below(.|\n)*next: free space"):
        Engines(tmp_path / "file" / "below").start()


def test_the_data_of_another_user_is_left_alone(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = open_folder / "theirs"
    (folder / "data").mkdir(parents=True)
    monkeypatch.setattr("motcua_local.engines.os.geteuid", lambda: 4321)
    with pytest.raises(LocalError, match=r"not to you \(uid 4321\)\n.*next: run motcua as"):
        Engines(folder).start()


def test_data_goes_elsewhere_when_root_and_the_folder_is_closed(
    engines: Engines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed, elsewhere = tmp_path / "closed", tmp_path / "elsewhere"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(postgres, "is_root", lambda: True)
    monkeypatch.setattr(postgres, "ELSEWHERE", elsewhere)

    server = Postgres(closed, engines.ports, engines.credentials)
    data = server._data_folder()
    assert data.is_relative_to(elsewhere)
    assert server._data_folder() == server.elsewhere == data, "and it is found there again"


def _admin(engines: Engines) -> Connection:
    return engines.kafka.cluster().connection


def _all_is_there(engines: Engines, url: str) -> None:
    assert databases.query(url, "SELECT what FROM kept") == [{"what": "hồ sơ"}]
    consumer = Consumer(
        _admin(engines).settings() | {"group.id": "keeps", "auto.offset.reset": "earliest"}
    )
    consumer.subscribe(["keeps"])
    try:
        record = consumer.poll(20)
        assert record is not None
        assert record.value() == "hồ sơ".encode()
    finally:
        consumer.close()
