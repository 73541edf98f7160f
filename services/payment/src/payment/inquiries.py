"""Asking gateways what became of attempts. The question is asked between two transactions."""

import asyncio
from collections.abc import Mapping

import structlog

from chassis.app import Service
from chassis.failpoints import failpoint
from payment import metrics
from payment.domain import AFTER_EXPIRY, next_query
from payment.models import Attempt, Door
from payment.ports import OpenAttempt, PaymentGateway
from payment.settlement import record_statement
from payment.work import PaymentWork

AT_ONCE = 10

log = structlog.stdlib.get_logger(__name__)


class Inquiries:
    """The questions of one service to its gateways."""

    def __init__(
        self, service: Service[PaymentWork], gateways: Mapping[str, PaymentGateway]
    ) -> None:
        self._service = service
        self._gateways = gateways

    async def ask_due(self) -> int:
        """Ask about the attempts whose time has come; gives back how many."""
        asked = 0
        while attempts := await self._take_due():
            asking = (self._ask(attempt) for attempt in attempts)
            outcomes = await asyncio.gather(*asking, return_exceptions=True)
            if failures := [outcome for outcome in outcomes if isinstance(outcome, Exception)]:
                raise ExceptionGroup("attempts could not be asked about", failures)
            asked += len(attempts)
        return asked

    async def ask_now(self, reference: str, gateway: str) -> None:
        """Ask about one attempt at once, unless it is decided or was asked about just now. Our own
        questions come as if nobody had.
        """
        async with self._service.request() as work:
            place = await work.attempts.place(gateway, reference)
            attempt = await work.attempts.find(place.attempt_id) if place else None
            if attempt is None or not _may_ask_now(attempt, work):
                return
            attempt.queried_at = work.now
        await self._ask(attempt)

    async def _take_due(self) -> list[Attempt]:
        """Settle when each is asked about next before asking: after a crash it is asked again."""
        async with self._service.transaction() as work:
            attempts = await work.attempts.to_query(work.now, limit=AT_ONCE)
            for attempt in attempts:
                _take(attempt, work)
            if attempts:
                await failpoint("payment.before-take")
        return attempts

    async def _ask(self, attempt: Attempt) -> None:
        gateway = self._gateways.get(attempt.gateway)
        if gateway is None:
            metrics.UNASKED.labels(attempt.gateway).inc()
            log.error("an attempt waits for a gateway that is not set up", gateway=attempt.gateway)
            return
        await failpoint("payment.before-query")
        with metrics.QUERY_SECONDS.labels(gateway.name).time():
            statement = await gateway.query(
                OpenAttempt(
                    reference=attempt.reference,
                    started_at=attempt.started_at,
                    expires_at=attempt.expires_at,
                )
            )
        await failpoint("payment.after-query")
        async with self._service.request() as work:
            await record_statement(statement, work, door=Door.QUERY)
            await failpoint("payment.before-statement")
        await failpoint("payment.after-statement")


def _take(attempt: Attempt, work: PaymentWork) -> None:
    attempt.next_query_at = next_query(
        attempt, work.now, queries=attempt.queries, first=work.terms.first_query
    )
    attempt.queries += 1
    attempt.queried_at = work.now


def _may_ask_now(attempt: Attempt, work: PaymentWork) -> bool:
    """A return page can be loaded over and over, and left open: the gateway is not asked each
    time, and not by a page once the attempt is over.
    """
    lately = attempt.queried_at and work.now - attempt.queried_at < work.terms.query_pause
    over = work.now > attempt.expires_at + AFTER_EXPIRY
    return attempt.next_query_at is not None and not lately and not over
