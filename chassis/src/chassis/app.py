"""A service: HTTP, relay, consumers and sweeps of one database, in one process."""

import asyncio
import gc
import signal
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Generic, TypeVar

import structlog
import uvicorn
from aiokafka import AIOKafkaProducer
from fastapi import APIRouter, FastAPI

from chassis import access, backlog, correlation, health, idempotency, inbox, kafka, migrations
from chassis.clock import Clock, utc_now
from chassis.consumer import Consumer, Subscription
from chassis.database import Database, is_away
from chassis.errors import Unavailable, install_problem_handlers
from chassis.failpoints import failpoint
from chassis.kafka import ended, within
from chassis.relay import Relay
from chassis.settings import ServiceSettings
from chassis.sweeps import Sweep
from chassis.unconsumed import measure_unconsumed
from chassis.work import Transaction, Work

W = TypeVar("W", bound=Work)

INBOX_KEPT = timedelta(days=30)
"""Longer than the retention of every topic (14 days), so that no redelivery finds its mark gone."""

BODY_BYTES = 1024 * 1024
"""The largest body of a request; a route that keeps a limit of its own, as for files, names it."""

log = structlog.get_logger(__name__)


class Service(Generic[W]):
    """What `app.py` of each service wires: its name, its settings and its kind of unit of work,
    then its parts.
    """

    def __init__(
        self,
        name: str,
        settings: ServiceSettings,
        *,
        work: Callable[[Transaction], W],
        clock: Clock = utc_now,
    ) -> None:
        self.name = name
        self.settings = settings
        self.clock = clock
        self.database = Database(settings.database_url)
        # No pages of FastAPI's own: they answer everybody, and load scripts from foreign hosts.
        self.http = FastAPI(
            title=f"motcua {name}",
            lifespan=self._lifespan,
            redirect_slashes=False,
            openapi_url=None,
        )
        self._work = work
        self._source = f"/motcua/{name}"
        self._relay = Relay(settings.database_url, self._producer)
        self._consumers: list[Consumer[W]] = []
        self._groups: dict[str, list[str]] = {}
        self._sweeps: list[Sweep] = []
        self._closers: list[Callable[[], Awaitable[object]]] = []
        self._broker = kafka.broker(settings.kafka, client_id=name)
        self._stopping = asyncio.Event()
        install_problem_handlers(self.http)
        correlation.install(self.http)
        access.install(self.http, access.Tokens(settings.oidc))
        self.http.include_router(health.routes(alive=self.alive, checks=self._checks()))

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[W]:
        """One unit of work: commits at the end of the block, then wakes the relay; rolls back on
        any error.
        """
        async with self.database.transaction() as session:
            work = self._work(Transaction(session, self._source, self.clock))
            yield work
            await work.flush()
        work.committed()
        if work.announcements:
            self._relay.wake()

    @asynccontextmanager
    async def request(self) -> AsyncGenerator[W]:
        """A unit of work for an HTTP request: a database that is away is a 503, not a bug."""
        try:
            async with self.transaction() as work:
                yield work
                await work.flush()
                if work.wrote:
                    await failpoint("request.before-commit")
            if work.wrote:
                await failpoint("request.after-commit")
        except Exception as error:
            if not is_away(error):
                raise
            raise Unavailable from error

    def subscribe(self, *subscriptions: Subscription) -> None:
        """Consume what `subscriptions` say, and retry what they held."""
        for subscription in subscriptions:
            consumer = Consumer(
                f"{self.name}.{subscription.purpose}",
                subscription,
                transaction=self.transaction,
                clock=self.clock,
            )
            consumer.subscribe(self._broker, session_seconds=self.settings.kafka.session_seconds)
            self._consumers.append(consumer)
            self._groups[consumer.name] = [topic.name for topic in subscription.topics]
            self.sweep(
                Sweep(f"retry {consumer.name}", timedelta(seconds=1), consumer.retry_due),
                Sweep(f"renew {consumer.name}", timedelta(seconds=10), consumer.renew_if_stuck),
            )

    def route(self, *routers: APIRouter) -> None:
        for router in routers:
            self.http.include_router(router, max_body_size=BODY_BYTES)

    def sweep(self, *sweeps: Sweep) -> None:
        self._sweeps.extend(sweeps)

    def closing(self, *closers: Callable[[], Awaitable[object]]) -> None:
        """Call these at the end, when nothing is in hand any more: two seconds for each."""
        self._closers.extend(closers)

    def alive(self) -> bool:
        return all(consumer.healthy() for consumer in self._consumers)

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT, then finish what is in hand and return."""
        uvicorn_config = uvicorn.Config(
            self.http,
            host=self.settings.http_host,
            port=self.settings.http_port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=max(1, self.settings.grace_seconds // 3),
        )
        # A fifth of a batch's time was garbage collection, nearly all of it over what the imports
        # left behind and what a batch still needs.
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        server = _Server(uvicorn_config)
        server.run()

    def _producer(self) -> AIOKafkaProducer:
        return kafka.producer(self.settings.kafka, client_id=self.name)

    def _checks(self) -> dict[str, health.Check]:
        return {
            "database": self.database.ping,
            "migrations": lambda: migrations.check(self.database.engine, self.name),
            "broker": lambda: kafka.ping(self.settings.kafka),
        }

    @asynccontextmanager
    async def _lifespan(self, _: FastAPI) -> AsyncGenerator[None]:
        self.sweep(
            Sweep("measure the backlog", timedelta(seconds=2), self._measure_backlog),
            Sweep("measure what is unconsumed", timedelta(seconds=15), self._measure_unconsumed),
            Sweep("forget inbox and idempotency keys", timedelta(hours=1), self._forget),
        )
        relay = asyncio.create_task(self._relay.run(), name="relay")
        consuming = asyncio.create_task(self._consume(), name="consume")
        sweeping = [
            asyncio.create_task(s.repeat(self._stopping), name=s.name) for s in self._sweeps
        ]
        log.info("serving", service=self.name, port=self.settings.http_port)
        try:
            yield
        finally:
            await self._finish(relay, consuming, sweeping)

    async def _consume(self) -> None:
        """Connect the consumers, each on its own, and watch that they live."""
        await self._broker.connect()
        await asyncio.gather(health.watch(self.alive), *(c.connect() for c in self._consumers))

    async def _finish(
        self,
        relay: asyncio.Task[None],
        consuming: asyncio.Task[None],
        sweeping: Sequence[asyncio.Task[None]],
    ) -> None:
        """Stop fetching, finish the batches with their commits, end the sweeps, flush the outbox,
        close; HTTP had a third of the grace time, this has half, and some is for what is cancelled.
        """
        deadline = time.monotonic() + self.settings.grace_seconds / 2
        self._stopping.set()
        for consumer in self._consumers:
            consumer.stop()
        consuming.cancel()
        await ended(
            asyncio.gather(self._broker.stop(), *sweeping), seconds=deadline - time.monotonic()
        )
        self._relay.stop()
        await ended(relay, seconds=deadline - time.monotonic())
        for close in (*self._closers, self.database.close):
            await ended(close(), seconds=2)
        log.info("stopped", service=self.name)

    async def _measure_backlog(self) -> None:
        async with self.database.engine.connect() as connection:
            await backlog.measure(connection)

    async def _measure_unconsumed(self) -> None:
        if self._groups:
            await within(measure_unconsumed(self.settings.kafka, self._groups), 10)

    async def _forget(self) -> None:
        async with self.database.engine.begin() as connection:
            await inbox.forget(connection, older_than=INBOX_KEPT)
            await idempotency.forget(connection, older_than=idempotency.KEPT)


class _Server(uvicorn.Server):
    """uvicorn, but SIGTERM ends in exit code 0: its own handler raises the signal again after a
    clean shutdown.
    """

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self.handle_exit, number, None)
        yield
