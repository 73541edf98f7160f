"""`payment paid`: what is paid and does not go on, and what went on and is not paid."""

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.clock import utc_now
from operations.commands import Call, Commands
from payment.models import Order, UncoveredObligation
from payment.repository import Orders, Uncovered

Finding = dict[str, object]


def add(commands: Commands) -> None:
    paid = commands.add_parser(
        "paid",
        help="money without progress, and progress without money; ends with 1 when there is any",
    )
    paid.add_argument(
        "--redrive",
        action="store_true",
        help="let the running service send the facts of dossiers without progress again, at once",
    )
    paid.set_defaults(run=_paid)


async def _paid(call: Call) -> int:
    async with call.database.transaction() as session:
        if call.options.redrive:
            await Orders(session).redrive_awaited(utc_now())
        findings = await _findings(session, utc_now())
    for finding in findings:
        sys.stdout.write(f"{json.dumps(finding, default=str, ensure_ascii=False)}\n")
    return 1 if findings else 0


async def _findings(session: AsyncSession, now: datetime) -> list[Finding]:
    awaited = await Orders(session).awaited(now)
    uncovered = await Uncovered(session).open()
    return [*_without_progress(awaited), *_without_money(uncovered)]


def _without_progress(orders: Iterable[Order]) -> Iterator[Finding]:
    for order in orders:
        yield {
            "finding": "money-without-progress",
            "dossier_id": order.dossier_id,
            "dossier_code": order.dossier_code,
            "order_id": order.id,
            "amount": order.amount,
            "since": order.awaited_since,
            "redrives": order.redrives,
            "next_redrive_at": order.next_redrive_at,
        }


def _without_money(obligations: Iterable[UncoveredObligation]) -> Iterator[Finding]:
    for obligation in obligations:
        yield {
            "finding": "progress-without-money",
            "dossier_id": obligation.dossier_id,
            "dossier_code": obligation.dossier_code,
            "order_id": obligation.order_id,
            "obligation_id": obligation.id,
            "since": obligation.heard_at,
        }
