"""A raw Kafka client outside the chassis is found, however it is spelt."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gates import raw_subscribers

Plant = Callable[[str, str], None]

DECORATED = "@broker.subscriber('motcua.dossier.events.v1')\nasync def handle(body): ...\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (DECORATED, 1),
        ("x = 1\nlistening = router.subscriber('a', batch=True)\n", 2),
        ("from faststream.kafka import subscriber\n\n@subscriber('a')\ndef handle(): ...\n", 3),
        ("announce = broker.publisher('a')\n", 1),
        ("from aiokafka import AIOKafkaProducer as Producer\n", 1),
        ("import aiokafka\n\nreader = aiokafka.AIOKafkaConsumer('a')\n", 3),
    ],
)
@pytest.mark.parametrize("room", ["services/intake/src/intake", "deploy/local/src/motcua_local"])
def test_a_raw_client_in_a_service_or_the_local_command_is_found(
    *,
    tmp_path: Path,
    plant: Plant,
    capsys: pytest.CaptureFixture[str],
    room: str,
    text: str,
    line: int,
) -> None:
    plant(f"{room}/handlers.py", text)

    assert raw_subscribers.main(tmp_path) == 1
    assert f"{room}/handlers.py:{line} " in capsys.readouterr().out


@pytest.mark.parametrize(
    "path",
    [
        "chassis/src/chassis/consumer.py",
        "examples/agency_python/src/agency/desk.py",
        "tests/e2e/test_topics.py",
    ],
)
def test_the_chassis_the_examples_and_tests_may_be_raw(
    tmp_path: Path, plant: Plant, path: str
) -> None:
    plant(path, DECORATED)

    assert raw_subscribers.main(tmp_path) == 0
