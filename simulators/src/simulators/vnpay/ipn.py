"""Telling the merchant: the IPN, with retries, in the background, resumed after a restart."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import httpx2
from pydantic import JsonValue

from simulators.errands import Errands
from simulators.faults import Fault, Faults
from simulators.vnpay.book import Book, Outcome, Transaction
from simulators.vnpay.pay_url import PayRequest
from simulators.vnpay.signing import SIGNATURE, signed_query
from simulators.vnpay.times import now

FINAL_ANSWERS = {"00", "02"}


@dataclass(frozen=True)
class IpnSettings:
    """`back_off` in seconds; its last value repeats until `attempts` are used up."""

    url: str | None
    tmn_code: str
    secret: str
    back_off: Sequence[float]
    attempts: int
    timeout: float

    def pause_after(self, attempt: int) -> float:
        return self.back_off[min(attempt, len(self.back_off)) - 1]


def result_parameters(request: PayRequest, outcome: Outcome, tmn_code: str) -> dict[str, str]:
    """What both the return URL and the IPN carry."""
    return {
        "vnp_Amount": str(request.amount),
        "vnp_BankCode": outcome.bank_code,
        "vnp_BankTranNo": outcome.bank_tran_no,
        "vnp_CardType": outcome.card_type,
        "vnp_OrderInfo": request.order_info,
        "vnp_PayDate": outcome.pay_date,
        "vnp_ResponseCode": outcome.response_code,
        "vnp_TmnCode": tmn_code,
        "vnp_TransactionNo": outcome.transaction_no,
        "vnp_TransactionStatus": outcome.transaction_status,
        "vnp_TxnRef": request.txn_ref,
    }


class Notifier:
    def __init__(
        self, settings: IpnSettings, book: Book, *, faults: Faults, errands: Errands
    ) -> None:
        self._settings = settings
        self._book = book
        self._faults = faults
        self._client = httpx2.AsyncClient(
            timeout=settings.timeout,
            limits=httpx2.Limits(max_connections=None),  # many copies really leave at once
            trust_env=False,
        )
        self._errands = errands

    @property
    def configured(self) -> bool:
        return self._settings.url is not None

    def resume(self) -> None:
        """After a restart: every outcome nobody was told yet, with the attempts already used."""
        for transaction in self._book.transactions:
            if transaction.outcome is None:
                continue
            if transaction.notification.due is None and transaction.notification.end is None:
                self.plan(transaction)
            elif transaction.notification.waiting:
                self._start(transaction)

    def plan(self, transaction: Transaction) -> asyncio.Event:
        """Notes when and how often to tell, then tells in the background.

        The event is set once the first attempt was answered, or will never be made.
        """
        txn_ref, key = transaction.request.txn_ref, transaction.key
        if not self.configured or self._faults.take("drop", txn_ref):
            self._book.record("ipn-dropped", key, {"configured": self.configured})
            return _already()
        delayed, doubled = (self._faults.take(kind, txn_ref) for kind in ("delay", "duplicate"))
        due = now() + timedelta(seconds=delayed.seconds if delayed else 0)
        copies = doubled.copies if doubled else 1
        self._book.record("ipn-planned", key, {"due": due.isoformat(), "copies": copies})
        return self._start(transaction)

    async def send_now(
        self, transaction: Transaction, *, copies: int, changes: Mapping[str, str | None]
    ) -> list[dict[str, JsonValue]]:
        """Beside the plan: `copies` at once, with changed parameters, rightly signed."""
        parameters = self._parameters(transaction)
        merged = {**parameters, **{n: v for n, v in changes.items() if v is not None}}
        kept = {n: v for n, v in merged.items() if changes.get(n, v) is not None}
        query = signed_query(kept, self._settings.secret)
        answers = await asyncio.gather(*(self._get(query) for _ in range(copies)))
        self._note(transaction, answers, attempt=0, spoiled="changed" if changes else None)
        return list(answers)

    async def close(self) -> None:
        await self._client.aclose()

    def _start(self, transaction: Transaction) -> asyncio.Event:
        answered = asyncio.Event()
        self._errands.start(self._deliver(transaction, answered))
        return answered

    async def _deliver(self, transaction: Transaction, answered: asyncio.Event) -> None:
        notification = transaction.notification
        if notification.due is not None:
            await asyncio.sleep((notification.due - now()).total_seconds())
        while notification.attempts < self._settings.attempts:
            if await self._attempt(transaction):
                self._book.record("ipn-confirmed", transaction.key, {})
                answered.set()
                return
            answered.set()
            await asyncio.sleep(self._settings.pause_after(notification.attempts))
        self._book.record("ipn-abandoned", transaction.key, {"attempts": notification.attempts})

    async def _attempt(self, transaction: Transaction) -> bool:
        """All copies at once; true if the merchant has taken note."""
        number = transaction.notification.attempts + 1
        copies = transaction.notification.copies if number == 1 else 1
        spoiled, query = self._query(transaction)
        answers = await asyncio.gather(*(self._get(query) for _ in range(copies)))
        self._note(transaction, answers, attempt=number, spoiled=spoiled)
        self._book.record("ipn-attempted", transaction.key, {"attempt": number, "copies": copies})
        return any(answer["rspCode"] in FINAL_ANSWERS for answer in answers)

    def _note(
        self,
        transaction: Transaction,
        answers: Iterable[dict[str, JsonValue]],
        *,
        attempt: int,
        spoiled: str | None,
    ) -> None:
        for answer in answers:
            note: dict[str, JsonValue] = {"attempt": attempt, "spoiled": spoiled, **answer}
            self._book.record("ipn-answered", transaction.key, note)

    async def _get(self, query: str) -> dict[str, JsonValue]:
        url = self._settings.url or ""
        try:
            answer = await self._client.get(f"{url}{'&' if '?' in url else '?'}{query}")
        except httpx2.HTTPError as error:
            return {"status": None, "rspCode": None, "error": type(error).__name__}
        return {"status": answer.status_code, "rspCode": _rsp_code(answer), "error": None}

    def _parameters(self, transaction: Transaction) -> dict[str, str]:
        if transaction.outcome is None:
            raise ValueError("nothing to tell: the payment is not decided")
        return result_parameters(transaction.request, transaction.outcome, self._settings.tmn_code)

    def _query(self, transaction: Transaction) -> tuple[str | None, str]:
        """The kind of fault that struck, if any, and the query string to send."""
        parameters = self._parameters(transaction)
        for kind, spoil in SPOILERS.items():
            fault = self._faults.take(kind, transaction.request.txn_ref)
            if fault is not None:
                return kind, spoil(parameters, fault, self._settings.secret)
        return None, signed_query(parameters, self._settings.secret)


def _wrong_amount(parameters: dict[str, str], fault: Fault, secret: str) -> str:
    wrong = int(parameters["vnp_Amount"]) + 100 if fault.amount is None else fault.amount
    return signed_query({**parameters, "vnp_Amount": str(wrong)}, secret)


def _wrong_terminal(parameters: dict[str, str], _fault: Fault, secret: str) -> str:
    return signed_query({**parameters, "vnp_TmnCode": "OTHER001"}, secret)


def _unknown_order(parameters: dict[str, str], _fault: Fault, secret: str) -> str:
    return signed_query({**parameters, "vnp_TxnRef": "unknown0000"}, secret)


def _bad_signature(parameters: dict[str, str], _fault: Fault, secret: str) -> str:
    return signed_query(parameters, f"not {secret}")


def _cut_signature(parameters: dict[str, str], _fault: Fault, secret: str) -> str:
    return signed_query(parameters, secret)[:-8]


def _no_signature(parameters: dict[str, str], _fault: Fault, secret: str) -> str:
    return signed_query(parameters, secret).partition(f"&{SIGNATURE}=")[0]


def _repeated_parameter(parameters: dict[str, str], _fault: Fault, secret: str) -> str:
    return f"{signed_query(parameters, secret)}&vnp_Amount={parameters['vnp_Amount']}"


SPOILERS: dict[str, Callable[[dict[str, str], Fault, str], str]] = {
    "wrong-amount": _wrong_amount,
    "wrong-terminal": _wrong_terminal,
    "unknown-order": _unknown_order,
    "bad-signature": _bad_signature,
    "cut-signature": _cut_signature,
    "no-signature": _no_signature,
    "repeated-parameter": _repeated_parameter,
}


def _rsp_code(answer: httpx2.Response) -> str | None:
    if answer.status_code != 200:
        return None
    try:
        body: object = answer.json()
    except ValueError:
        return None
    code = body.get("RspCode") if isinstance(body, dict) else None
    return code if isinstance(code, str) else None


def _already() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event
