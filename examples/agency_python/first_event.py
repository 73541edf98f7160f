"""Print what happens to dossiers, from the first one on.

`python first_event.py [var/local/endpoints.json]`
"""

import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaConnectionError

from motcua_contracts.consumer import UndecodableRecord, decode
from motcua_contracts.topics import DOSSIER_EVENTS

AGENCY = "H42.10"


async def main(kafka: dict[str, Any]) -> None:
    """Read all dossier events as the agency, and go on with those that come."""
    login = kafka["principals"][f"agency-{AGENCY}"]
    consumer: Any = AIOKafkaConsumer(
        DOSSIER_EVENTS.name,
        bootstrap_servers=kafka["bootstrap"],
        security_protocol=kafka["security_protocol"],
        sasl_mechanism=kafka["sasl_mechanism"],
        sasl_plain_username=login["username"],
        sasl_plain_password=login["password"],
        group_id=f"agency.{AGENCY}.first-event",  # groups begin with the agency's name
        enable_auto_commit=False,  # nothing is committed: each run begins at the beginning
        auto_offset_reset="earliest",
    )
    try:
        await consumer.start()
        async for record in consumer:
            try:
                event = decode(record, topic=DOSSIER_EVENTS)
            except UndecodableRecord as refusal:
                say(f"cannot read {record.partition}/{record.offset}: {refusal}")
            else:
                say(f"{event.time:%H:%M:%S} {event.subject} {event.sequence:>3} {event.data!r}")
    except KafkaConnectionError:
        raise SystemExit(f"no Kafka at {kafka['bootstrap']}: is `make demo` still open?") from None
    finally:
        await consumer.stop()


def read_kafka(path: Path) -> dict[str, Any]:
    """Where Kafka is and who we are there, as `motcua up` leaves it."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))["kafka"]
    except FileNotFoundError:
        raise SystemExit(f"no {path} here: `make demo` writes it, in the checkout") from None


def say(line: str) -> None:
    """One line, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "var/local/endpoints.json")
    with suppress(KeyboardInterrupt):
        asyncio.run(main(read_kafka(path)))
