"""Every transaction and what became of it, rebuilt from the ledger."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import JsonValue, TypeAdapter

from simulators.ledger import Entry, Ledger, Record
from simulators.vnpay.codes import CHARGED, DECISIONS, transaction_status
from simulators.vnpay.pay_url import PayRequest, PayUrlRefusedError
from simulators.vnpay.times import now, stamp

FIRST_TRANSACTION_NO = 14_000_001
_moment = TypeAdapter(datetime)


class Outcome(Record):
    """The end of a payment, in the words of the IPN."""

    response_code: str
    transaction_status: str
    transaction_no: str
    bank_code: str
    bank_tran_no: str
    card_type: str
    pay_date: str

    @property
    def charged(self) -> bool:
        return self.response_code in CHARGED


class Refund(Record):
    """`transaction_type` 02 all of it, 03 a part; `amount` in đồng × 100."""

    transaction_no: str
    transaction_type: str
    amount: int


@dataclass
class Notification:
    """How far the IPN is: `due` once it is planned, `end` once it is over."""

    due: datetime | None = None
    copies: int = 1
    attempts: int = 0
    end: str | None = None

    @property
    def waiting(self) -> bool:
        return self.progress == "waiting"

    @property
    def progress(self) -> str:
        return self.end or ("none" if self.due is None else "waiting")


@dataclass
class Transaction:
    request: PayRequest
    outcome: Outcome | None = None
    charge_due: datetime | None = None
    refunds: list[Refund] = field(default_factory=list[Refund])
    notification: Notification = field(default_factory=Notification)

    @property
    def key(self) -> str:
        return self.request.key

    @property
    def status(self) -> str:
        """vnp_TransactionStatus as querydr tells it."""
        if self.refunds:
            return "05"
        if self.outcome is not None:
            return self.outcome.transaction_status
        return "02" if self.charge_due is None and self.request.expired(now()) else "01"

    @property
    def refundable(self) -> int:
        charged = self.outcome is not None and self.outcome.response_code == "00"
        return (self.request.amount if charged else 0) - sum(r.amount for r in self.refunds)


class Book:
    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._transactions: dict[str, Transaction] = {}
        self._request_ids: set[str] = set()
        self._last_no = FIRST_TRANSACTION_NO - 1
        for entry in ledger.entries:
            self._apply(entry)

    @property
    def transactions(self) -> Iterable[Transaction]:
        return self._transactions.values()

    def find(self, txn_ref: str, day: str | None = None) -> Transaction | None:
        """Of that day (yyyyMMdd), or the newest with this reference."""
        if day is not None:
            return self._transactions.get(f"{day}-{txn_ref}")
        newest_first = reversed(self._transactions.values())
        return next((t for t in newest_first if t.request.txn_ref == txn_ref), None)

    def open(self, request: PayRequest) -> Transaction:
        """The same URL again is the same transaction; the same reference for another is refused."""
        known = self._transactions.get(request.key)
        if known is None:
            if request.expired(now()):
                raise PayUrlRefusedError("15", "vnp_ExpireDate has passed")
            self.record("opened", request.key, request.fields())
            return self._transactions[request.key]
        if known.request != request:
            raise PayUrlRefusedError("01", "vnp_TxnRef was used today for another payment")
        return known

    def refuse(self, refused: PayUrlRefusedError) -> None:
        self._ledger.record("refused", {"code": refused.code, "detail": refused.detail})

    def decide(self, transaction: Transaction, decision: str) -> Outcome:
        """Once: whoever decides again gets the first outcome."""
        if transaction.outcome is not None:
            return transaction.outcome
        late = transaction.charge_due is None and transaction.request.expired(now())
        outcome = self._outcome("11" if late else DECISIONS[decision], transaction.request)
        amounts: dict[str, JsonValue] = {
            "amount": transaction.request.amount,
            "amountDong": transaction.request.dong,
        }
        kind = "charged" if outcome.charged else "failed"
        self.record(kind, transaction.key, {**amounts, **outcome.fields()})
        return outcome

    def refund(self, transaction: Transaction, transaction_type: str, amount: int) -> Refund:
        refund = Refund(
            transaction_no=str(self._last_no + 1), transaction_type=transaction_type, amount=amount
        )
        self.record("refunded", transaction.key, refund.fields())
        return refund

    def is_new_request(self, request_id: str) -> bool:
        """vnp_RequestId is unique within a day; this notes it."""
        if f"{stamp(now())[:8]}-{request_id}" in self._request_ids:
            return False
        self._apply(self._ledger.record("requested", {"requestId": request_id}))
        return True

    def record(self, kind: str, key: str, fields: Mapping[str, JsonValue]) -> None:
        """First the ledger, then memory: what is remembered survives a kill."""
        txn_ref = key.partition("-")[2]
        self._apply(self._ledger.record(kind, {"key": key, "txnRef": txn_ref, **fields}))

    def _outcome(self, response_code: str, request: PayRequest) -> Outcome:
        cancelled = response_code in {"24", "11"}  # never reached a bank
        number = "0" if cancelled else str(self._last_no + 1)
        return Outcome(
            response_code=response_code,
            transaction_status=transaction_status(response_code),
            transaction_no=number,
            bank_code="VNPAY" if cancelled else request.bank_code or "NCB",
            bank_tran_no="" if cancelled else f"VNP{number}",
            card_type="QRCODE" if cancelled else "ATM",
            pay_date=stamp(now()),
        )

    def _apply(self, entry: Entry) -> None:
        if entry.kind == "requested":
            self._request_ids.add(f"{stamp(entry.at)[:8]}-{entry.fields['requestId']}")
        elif entry.kind == "opened":
            request = PayRequest.model_validate(entry.fields)
            self._transactions[request.key] = Transaction(request)
        elif (transaction := self._transactions.get(str(entry.fields.get("key")))) is not None:
            self._change(transaction, entry)

    def _change(self, transaction: Transaction, entry: Entry) -> None:
        match entry.kind:
            case "charged" | "failed":
                transaction.outcome = Outcome.model_validate(entry.fields)
                self._note_number(transaction.outcome.transaction_no)
            case "charge-planned":
                transaction.charge_due = _moment.validate_python(entry.fields["due"])
            case "refunded":
                refund = Refund.model_validate(entry.fields)
                transaction.refunds.append(refund)
                self._note_number(refund.transaction_no)
            case _:
                _advance(transaction.notification, entry)

    def _note_number(self, number: str) -> None:
        self._last_no = max(self._last_no, int(number))


def _advance(notification: Notification, entry: Entry) -> None:
    match entry.kind:
        case "ipn-planned":
            notification.due = _moment.validate_python(entry.fields["due"])
            notification.copies = int(str(entry.fields["copies"]))
        case "ipn-attempted":
            notification.attempts += 1
        case "ipn-confirmed" | "ipn-dropped" | "ipn-abandoned":
            notification.end = entry.kind.removeprefix("ipn-")
        case _:
            pass
