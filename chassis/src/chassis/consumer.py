"""The batch consumer: one poll, one batch, one transaction, one offset commit.

FastStream declares and connects; what happens to a record is decided here. Its own defaults lose
messages (it commits what failed, and parses headers before any code of ours runs), so the
subscriber is in batch mode with manual acknowledgement and hands the raw records over.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any, Generic, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage

from chassis import correlation, held_messages, inbox, metrics, polling
from chassis.clock import Clock
from chassis.database import is_away
from chassis.errors import Permanent
from chassis.failpoints import failpoint
from chassis.held_messages import OrderingKey, RawRecord, ToHold, Verdict
from chassis.kafka import ended, happens, within
from chassis.work import Work
from motcua_contracts.consumer import UndecodableRecord, decode, deduplication_key
from motcua_contracts.envelope import Event, EventData
from motcua_contracts.topics import Topic

W = TypeVar("W", bound=Work)

SESSION_SECONDS = 30
CONNECT_SECONDS = 120
COMMIT_SECONDS = 15
POLL_SECONDS = 120
WAIT_PAUSES = (0.1, 0.5, 1.0, 2.0, 5.0)

Handler = Callable[[Event[Any], Any], Awaitable[None]]
"""`async def handle_<fact>(event: Event[<Fact>], work: <Service>Work) -> None`"""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a service takes from some topics, and why: the consumer group is `<service>.<purpose>`.

    A type that the contracts know and `handlers` does not is passed over and counted; a type that
    nobody knows is parked. Records of one topic are taken only from its writer.
    """

    purpose: str
    topics: tuple[Topic, ...]
    handlers: Mapping[type[EventData], Handler]


@dataclass(frozen=True, slots=True)
class Message:
    """A record and what it says: an event, or a reason why it says nothing we understand."""

    record: RawRecord
    event: Event[EventData] | None
    refusal: Exception | None

    @property
    def order(self) -> OrderingKey | None:
        key = held_messages.ordering_key(self.record)
        return (self.record.topic, key) if key is not None else None

    @property
    def key(self) -> inbox.Key | None:
        return deduplication_key(self.event) if self.event else None

    def hold(self, verdict: Verdict) -> ToHold:
        return ToHold(self.record, verdict, self.key, self.event.type if self.event else None)


class Consumer(Generic[W]):
    """Takes the records of one subscription through its handlers."""

    def __init__(
        self,
        name: str,
        subscription: Subscription,
        *,
        transaction: Callable[[], AbstractAsyncContextManager[W]],
        clock: Clock,
    ) -> None:
        self.name = name
        self._topics = {topic.name: topic for topic in subscription.topics}
        self._handlers = subscription.handlers
        self._transaction = transaction
        self._clock = clock
        self._stopping = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._subscriber: Any = None
        self._connected = False
        self._renewing: asyncio.Task[None] | None = None
        self._trying_since: float | None = None
        self._polled_at = 0.0

    def subscribe(self, broker: KafkaBroker, *, session_seconds: int = SESSION_SECONDS) -> None:
        """Declare the FastStream subscriber; the only place that does."""
        self._subscriber = polling.declare(
            broker,
            tuple(self._topics),
            group=self.name,
            idle=self._idle,
            session_seconds=session_seconds,
        )
        self._subscriber(self._on_batch)

    async def connect(self) -> None:
        """Join the group, however long the broker or a topic takes to come."""
        while not self._connected and not self._stopping.is_set():
            try:
                await within(self._subscriber.start(), CONNECT_SECONDS)
                self._polled()
                polling.tell_polls(self._subscriber.consumer, self._polled)
                self._connected = True
            except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
                metrics.SWALLOWED.labels(f"connect {self.name}").inc()
                log.warning("not consuming yet", consumer=self.name, error=type(error).__name__)
                await ended(
                    self._subscriber.stop(), seconds=5
                )  # half started, it would be a member
                await asyncio.sleep(1)

    def _polled(self) -> None:
        self._polled_at = time.monotonic()

    async def renew_if_stuck(self) -> int:
        """Join the group anew when no poll has ended for long with nothing in hand: aiokafka may
        wait for an assignment that never comes. Gives back how often: 0 or 1.
        """
        silent = time.monotonic() - self._polled_at > POLL_SECONDS
        stuck = self._connected and silent and self._idle.is_set()
        if stuck:
            self._renew_for("its polls hang")
        return int(stuck)

    def _renew_for(self, why: str) -> None:
        self._renewing = self._renewing or asyncio.create_task(self._renew(why))

    async def _renew(self, why: str) -> None:
        """Join the group anew: after a crash of the broker, aiokafka may wait for a coordinator for
        ever in each commit, while it goes on fetching.
        """
        log.warning("membership renewed", consumer=self.name, why=why)
        self._connected = False
        await ended(self._subscriber.stop(), seconds=CONNECT_SECONDS)
        await self.connect()
        self._renewing = None

    def stop(self) -> None:
        """Take no further batch; the one in hand is finished, unless it waits."""
        self._stopping.set()

    def healthy(self, *, transaction_seconds: float = 300) -> bool:
        """Whether the poll loop and aiokafka's coordinator live and no transaction hangs. A dead
        coordinator task leaves everything else looking well (aiokafka #703), so it is asked for
        by name. An outage is no illness: neither a broker that never came, nor a batch that waits.
        """
        since = self._trying_since
        stuck = since is not None and time.monotonic() - since > transaction_seconds
        tasks = [*self._subscriber.tasks, *polling.coordination(self._subscriber.consumer)]
        alive = bool(tasks) and not any(task.done() for task in tasks) and not stuck
        metrics.CONSUMER_HEALTHY.labels(self.name).set(alive)
        return alive or not self._connected

    async def _on_batch(self, message: KafkaMessage) -> None:
        records: tuple[RawRecord, ...] = message.raw_message  # pyright: ignore[reportAssignmentType] - batch mode
        if self._stopping.is_set():
            return
        self._idle.clear()
        try:
            with metrics.BATCH_SECONDS.labels(self.name).time():
                if await self.process(records):
                    await self._commit(records)
        finally:
            self._trying_since = None
            self._idle.set()

    async def process(self, records: Sequence[RawRecord]) -> bool:
        """Bring the records to their effect or into `held_messages`; False when stopped before
        that.

        Nothing else ends it: FastStream swallows errors, and the next commit would pass over the
        records.
        """
        messages = [self._read(record) for record in records]
        for pause in chain(WAIT_PAUSES, repeat(WAIT_PAUSES[-1])):
            try:
                await self._together_or_one_by_one(messages)
            except Exception as error:
                self._trying_since = None
                metrics.WAITS.labels(self.name).inc()
                why = None if is_away(error) else error
                log.warning("the batch waits", consumer=self.name, exc_info=why)
            else:
                return True
            if await happens(self._stopping, pause):
                return False
        return False

    async def _together_or_one_by_one(self, messages: Sequence[Message]) -> None:
        try:
            await self._in_one_transaction(messages)
        except Exception as error:
            if is_away(error):
                raise
            metrics.BATCH_FALLBACKS.labels(self.name).inc()
            log.info("batch failed: its messages run one by one", consumer=self.name)
            for message in messages:
                await self._alone(message)

    async def _alone(self, message: Message) -> None:
        try:
            await self._in_one_transaction([message])
        except Exception as error:
            if is_away(error):
                raise
            held = message.hold(held_messages.judge(error, attempts=1, now=self._clock()))
            async with self._transaction() as work:
                await held_messages.hold(await work.connection(), self.name, [held])
                await failpoint("consumer.before-hold-commit", self.name)
            await failpoint("consumer.after-hold-commit", self.name)
            self._report(held.record, held.verdict, error)

    async def _in_one_transaction(self, messages: Sequence[Message]) -> None:
        self._trying_since = time.monotonic()
        outcomes: list[str] = []
        async with self._transaction() as work:
            ready, to_hold = await self._sort(work, messages)
            await self._take_effect(work, ready, outcomes)
            await held_messages.hold(await work.connection(), self.name, to_hold)
            await work.flush()
            await failpoint("consumer.before-commit", self.name)
        await failpoint("consumer.after-commit", self.name)
        for outcome, count in Counter(outcomes).items():
            metrics.MESSAGES.labels(self.name, outcome).inc(count)
        passed_over = (event.type for event in ready if type(event.data) not in self._handlers)
        for kind, count in Counter(passed_over).items():
            metrics.PASSED_OVER.labels(self.name, kind).inc(count)
        for held in to_hold:
            self._report(held.record, held.verdict)

    async def _sort(
        self, work: W, messages: Sequence[Message]
    ) -> tuple[list[Event[EventData]], list[ToHold]]:
        """Part what can be handled from what must be held: the unreadable, and all that follows it
        under its key.
        """
        orders = {order for message in messages if (order := message.order)}
        blocked = await held_messages.blocked(await work.connection(), self.name, orders)
        now = self._clock()
        ready: list[Event[EventData]] = []
        to_hold: list[ToHold] = []
        for message in messages:
            if message.order in blocked:
                to_hold.append(message.hold(held_messages.queued_behind(now)))
            elif message.event is not None:
                ready.append(message.event)
            elif message.refusal:
                verdict = held_messages.judge(message.refusal, attempts=1, now=now)
                to_hold.append(message.hold(verdict))
                if message.order:
                    blocked.add(message.order)
        return ready, to_hold

    async def _take_effect(
        self, work: W, events: Sequence[Event[EventData]], outcomes: list[str]
    ) -> None:
        """Run the handlers of the events that are new to this consumer, in their order."""
        known = [event for event in events if type(event.data) in self._handlers]
        outcomes += ["no-handler"] * (len(events) - len(known))
        keys = [deduplication_key(event) for event in known]
        fresh = await inbox.record(await work.connection(), self.name, keys)
        new = [event for event in known if _first(fresh, deduplication_key(event))]
        outcomes += ["duplicate"] * (len(known) - len(new)) + ["handled"] * len(new)
        if new:
            await work.preload(new)
        for event in new:
            with correlation.caused_by(event):
                await self._handlers[type(event.data)](event, work)

    def _read(self, record: RawRecord) -> Message:
        topic = self._topics.get(record.topic)
        if topic is None:  # held by an earlier release
            return Message(record, None, Permanent("not-subscribed"))
        try:
            return Message(record, decode(record, topic=topic), None)
        except UndecodableRecord as error:
            return Message(record, None, Permanent(error.reason, str(error)))
        except Exception as error:  # noqa: BLE001 - a bug of the contracts' is held like a handler's
            return Message(record, None, error)

    async def retry_due(self) -> int:
        """Try again what waits in `held_messages` and is due, each in its own transaction; gives
        back how many.
        """
        tried = 0
        while not self._stopping.is_set() and await self._retry_next():
            tried += 1
        return tried

    async def _retry_next(self) -> bool:
        held: held_messages.Held | None = None
        try:
            async with self._transaction() as work:
                connection = await work.connection()
                held = await held_messages.take_due(connection, self.name, self._clock())
                if held is None:
                    return False
                await self._retry(work, self._read(held.record))
                await held_messages.settle(connection, held.id)
                await work.flush()
                await failpoint("consumer.before-retry-commit", self.name)
        except Exception as error:
            if held is None or is_away(error):
                raise
            await self._failed_again(held, error)
        else:
            await failpoint("consumer.after-retry-commit", self.name)
            metrics.MESSAGES.labels(self.name, "retried").inc()
        return True

    async def _retry(self, work: W, message: Message) -> None:
        if message.event is None:
            raise message.refusal or Permanent("unreadable")
        await self._take_effect(work, [message.event], [])

    async def _failed_again(self, held: held_messages.Held, error: Exception) -> None:
        verdict = held_messages.judge(error, attempts=held.attempts + 1, now=self._clock())
        async with self._transaction() as work:
            await held_messages.postpone(await work.connection(), held.id, verdict)
            await failpoint("consumer.before-postpone-commit", self.name)
        await failpoint("consumer.after-postpone-commit", self.name)
        self._report(held.record, verdict, error)

    def _report(self, record: RawRecord, verdict: Verdict, error: Exception | None = None) -> None:
        metrics.MESSAGES.labels(self.name, verdict.state).inc()
        metrics.HELD_REASONS.labels(self.name, verdict.reason).inc()
        log.warning(
            "message held",
            consumer=self.name,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            state=verdict.state,
            reason=verdict.reason,
            attempts=verdict.attempts,
            exc_info=error if verdict.reason == "bug" else None,
        )

    async def _commit(self, records: Sequence[RawRecord]) -> None:
        """Commit explicit offsets of the partitions that are still ours. A failure costs a
        redelivery, which the inbox absorbs.
        """
        consumer: AIOKafkaConsumer = self._subscriber.consumer
        assigned = consumer.assignment()
        offsets: dict[TopicPartition, int] = {}
        for record in records:
            partition = TopicPartition(record.topic, record.partition)
            if partition in assigned:
                offsets[partition] = max(record.offset + 1, offsets.get(partition, 0))
        await failpoint("consumer.before-offset-commit", self.name)
        try:
            if offsets:
                await within(consumer.commit(offsets), COMMIT_SECONDS)
        except (KafkaError, TimeoutError) as error:
            metrics.COMMIT_FAILURES.labels(self.name).inc()
            log.warning("offsets not committed", consumer=self.name, error=type(error).__name__)
            if isinstance(error, TimeoutError):
                self._renew_for("its commits hang")
        await failpoint("consumer.after-offset-commit", self.name)


def _first(fresh: set[inbox.Key], key: inbox.Key) -> bool:
    """Whether `key` is new; true once, so that a twin within the batch is a duplicate."""
    if key in fresh:
        fresh.remove(key)
        return True
    return False
