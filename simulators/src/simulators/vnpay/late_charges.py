"""The bank that answers late: charged seconds after the payer pressed the button."""

import asyncio
from datetime import timedelta

from simulators.errands import Errands
from simulators.vnpay.book import Book, Transaction
from simulators.vnpay.ipn import Notifier
from simulators.vnpay.times import now


class LateCharges:
    def __init__(self, book: Book, notifier: Notifier, errands: Errands) -> None:
        self._book = book
        self._notifier = notifier
        self._errands = errands

    def resume(self) -> None:
        for transaction in self._book.transactions:
            if transaction.outcome is None and transaction.charge_due is not None:
                self._errands.start(self._charge(transaction))

    def plan(self, transaction: Transaction, seconds: float) -> None:
        due = now() + timedelta(seconds=seconds)
        self._book.record("charge-planned", transaction.key, {"due": due.isoformat()})
        self._errands.start(self._charge(transaction))

    async def _charge(self, transaction: Transaction) -> None:
        if transaction.charge_due is not None:
            await asyncio.sleep((transaction.charge_due - now()).total_seconds())
        self._book.decide(transaction, "pay")
        self._notifier.plan(transaction)
