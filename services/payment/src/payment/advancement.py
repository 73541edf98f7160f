"""Paid implies advanced: what our books and the dossiers' own facts say of each other. Pure.

An order is paid, and some moments later intake says that its dossier goes on by it. Where that does
not come, there is money without progress: somebody paid and waits. Where a dossier went on and no
order of ours was paid for it, there is progress without money.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from payment.domain import OrderLine, OrderState

REDRIVES = 6
"""How often the facts of a dossier are sent again before somebody has to look."""
PAID_STATES = frozenset({OrderState.PAID, OrderState.REFUNDING})
"""Money is there, or was until the dossier ended."""


class PaidOrder(Protocol):
    """What is looked at of an order."""

    @property
    def id(self) -> str: ...
    @property
    def state(self) -> OrderState: ...
    @property
    def lines(self) -> Sequence[OrderLine]: ...


@dataclass(frozen=True, slots=True)
class Progress:
    """What a dossier that went on says of our books."""

    advanced: tuple[str, ...]
    """Paid orders whose money had its effect."""
    unpaid: tuple[str, ...]
    """Obligations that count as settled there, and that no order of ours was paid for."""


def progress(
    orders: Sequence[PaidOrder], *, settled_by: str, obligation_ids: Collection[str]
) -> Progress:
    """Compare a settled dossier, which names an order and obligations, with the dossier's orders.

    An order counts as well when all that it asked for is settled, whichever order is named.
    """
    named = set(obligation_ids)
    paid = [(order.id, _asked(order)) for order in orders if order.state in PAID_STATES]
    covered = {obligation for _, asked in paid for obligation in asked}
    return Progress(
        advanced=tuple(id_ for id_, asked in paid if id_ == settled_by or asked <= named),
        unpaid=tuple(sorted(named - covered)),
    )


def _asked(order: PaidOrder) -> set[str]:
    return {line["obligation_id"] for line in order.lines}


def next_redrive(now: datetime, *, redrives: int, grace: timedelta) -> datetime:
    """When to look at a paid order again: first after the grace, then ever more seldom."""
    return now + grace * 2**redrives


def is_hopeless(redrives: int) -> bool:
    """Sent often enough: whatever keeps the dossier where it is, one more record is no answer."""
    return redrives >= REDRIVES
