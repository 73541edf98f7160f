"""The whole system: events in, the desk, decisions out. Run it with `python -m agency`."""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from aiokafka.errors import KafkaError

from agency import settings
from agency.desk import Desk
from motcua_contracts.consumer import UndecodableRecord, decode
from motcua_contracts.topics import DOSSIER_EVENTS, agency_decisions

log = logging.getLogger("agency")


async def work(desk: Desk, kafka: dict[str, Any]) -> None:
    """Read, decide, answer; an offset is committed after the store has what its record brought."""
    consumer: Any = AIOKafkaConsumer(
        DOSSIER_EVENTS.name,
        group_id=f"agency.{desk.store.agency}.desk",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        **kafka,
    )
    producer: Any = AIOKafkaProducer(acks="all", **kafka)
    async with producer:
        await answer(desk, producer.send_and_wait)  # what was left, before the group is joined
        async with consumer:
            log.info("%s reads %s", desk.store.agency, DOSSIER_EVENTS.name)
            while True:
                for partition, records in (await consumer.getmany(timeout_ms=500)).items():
                    for record in records:
                        take(desk, record)
                    # After a crash of the broker the client may wait for ever in here.
                    async with asyncio.timeout(20):
                        await consumer.commit({partition: records[-1].offset + 1})
                await answer(desk, producer.send_and_wait)


def take(desk: Desk, record: ConsumerRecord[bytes, bytes]) -> None:
    """One record to the desk. What cannot be read is told, with the place to find it again."""
    try:
        desk.take(decode(record, topic=DOSSIER_EVENTS))
    except UndecodableRecord as refusal:
        place = f"{record.topic}/{record.partition}/{record.offset}"
        log.warning("cannot read %s (%s): %s", place, refusal.reason, refusal)


async def answer(desk: Desk, publish: Callable[..., Awaitable[object]]) -> None:
    """Decide, then send what is unsent in order. A crash before the mark sends again, same id."""
    await desk.decide()
    topic = agency_decisions(desk.store.agency).name
    for number, (key, value, headers) in desk.store.unsent():
        await publish(topic, value, key=key, headers=list(headers))
        desk.store.mark_sent(number)
        log.info("answer %d sent", number)


async def run() -> None:
    """Work until told to stop; while Kafka is away, wait for it."""
    desk, kafka = settings.read()
    while True:
        try:
            await work(desk, kafka)
        except (KafkaError, TimeoutError, asyncio.CancelledError) as error:
            # Stopped while the broker is away, the client lets a cancellation of its own escape.
            if (task := asyncio.current_task()) and task.cancelling():
                raise
            log.warning("Kafka fails, trying again: %r", error)
            await asyncio.sleep(2)


async def main() -> None:
    """Run until SIGTERM. A stop at any point, even by kill -9, loses and repeats nothing."""
    task = asyncio.create_task(run())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with suppress(asyncio.CancelledError):
        await task


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("aiokafka").setLevel(logging.WARNING)
    asyncio.run(main())
