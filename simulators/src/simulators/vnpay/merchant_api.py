"""POST /merchant_webapi/api/transaction: querydr and refund, for the merchant's server."""

import re
from dataclasses import dataclass
from uuid import uuid4

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import TypeAdapter, ValidationError

from simulators.faults import CutConnection, Faults, break_down, pause
from simulators.vnpay.book import Book, Transaction
from simulators.vnpay.codes import API_MESSAGES
from simulators.vnpay.signing import SIGNATURE, fields_hash, same

# The order is the order of the checksum.
_QUERY = (
    "RequestId",
    "Version",
    "Command",
    "TmnCode",
    "TxnRef",
    "TransactionDate",
    "CreateDate",
    "IpAddr",
    "OrderInfo",
)
_REFUND = (
    "RequestId",
    "Version",
    "Command",
    "TmnCode",
    "TransactionType",
    "TxnRef",
    "Amount",
    "TransactionNo",
    "TransactionDate",
    "CreateBy",
    "CreateDate",
    "IpAddr",
    "OrderInfo",
)
_REFUND_REPLY = (
    "ResponseId",
    "Command",
    "ResponseCode",
    "Message",
    "TmnCode",
    "TxnRef",
    "Amount",
    "BankCode",
    "PayDate",
    "TransactionNo",
    "TransactionType",
    "TransactionStatus",
    "OrderInfo",
)
_QUERY_REPLY = (*_REFUND_REPLY, "PromotionCode", "PromotionAmount")
_SIGNED_REQUEST = {"querydr": _QUERY, "refund": _REFUND}
_SIGNED_REPLY = {"querydr": _QUERY_REPLY, "refund": _REFUND_REPLY}

_FORMATS = {
    "RequestId": r"[A-Za-z0-9]{1,32}",
    "Version": r"2\.1\.0",
    "TmnCode": r"\S{1,8}",
    "TxnRef": r"\S{1,100}",
    "TransactionDate": r"\d{14}",
    "CreateDate": r"\d{14}",
    "IpAddr": r"[0-9A-Fa-f.:]{3,45}",
    "OrderInfo": r".{1,255}",
    "TransactionType": r"0[23]",
    "Amount": r"[1-9]\d{0,11}",
    "CreateBy": r".{1,245}",
    "TransactionNo": r"\d{0,15}",
}
_body = TypeAdapter(dict[str, str | int])


class RefusedError(Exception):
    """Ends a request with one of the documented codes."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class MerchantApi:
    tmn_code: str
    secret: str
    book: Book
    faults: Faults

    def answer(self, request: dict[str, str]) -> dict[str, str]:
        command = request.get("Command", "")
        try:
            self._check(request)
            transaction = self._asked_for(request)
            if command == "querydr":
                reply = self._query(transaction)
            else:
                reply = self._refund(transaction, request)
        except RefusedError as refused:
            reply = _refusal(request, refused.code)
        return self._signed(command, reply)

    def _check(self, request: dict[str, str]) -> None:
        names = _SIGNED_REQUEST.get(request.get("Command", ""))
        if names is None or not all(_well_formed(name, request) for name in names):
            raise RefusedError("03")
        if request["TmnCode"] != self.tmn_code:
            raise RefusedError("02")
        right = fields_hash((request.get(name, "") for name in names), self.secret)
        if not same(request.get("SecureHash", ""), right):
            raise RefusedError("97")
        if not self.book.is_new_request(request["RequestId"]):
            raise RefusedError("94")

    def _asked_for(self, request: dict[str, str]) -> Transaction:
        transaction = self.book.find(request["TxnRef"], request["TransactionDate"][:8])
        if transaction is None:
            raise RefusedError("91")
        return transaction

    def _query(self, transaction: Transaction) -> dict[str, str]:
        txn_ref, amount = transaction.request.txn_ref, transaction.request.amount
        if self.faults.take("query-pending", txn_ref):
            return self._reply(transaction, amount=amount, status="01", final=False)
        wrong = self.faults.take("query-wrong-amount", txn_ref)
        if wrong is not None:
            amount = amount + 100 if wrong.amount is None else wrong.amount
        return self._reply(transaction, amount=amount, status=transaction.status, final=True)

    def _refund(self, transaction: Transaction, request: dict[str, str]) -> dict[str, str]:
        amount, transaction_type = int(request["Amount"]), request["TransactionType"]
        if transaction.outcome is None or not transaction.outcome.charged:
            raise RefusedError("91")
        if transaction_type == "02" and amount != transaction.request.amount:
            raise RefusedError("03")
        if amount > transaction.refundable or self.faults.take(
            "refund-refused", transaction.request.txn_ref
        ):
            raise RefusedError("95")
        refund = self.book.refund(transaction, transaction_type, amount)
        reply = self._reply(transaction, amount=amount, status="05", final=True)
        return {
            **reply,
            "TransactionNo": refund.transaction_no,
            "TransactionType": transaction_type,
        }

    def _reply(
        self, transaction: Transaction, *, amount: int, status: str, final: bool
    ) -> dict[str, str]:
        outcome = transaction.outcome if final else None
        refund = transaction.refunds[-1] if transaction.refunds else None
        return {
            "ResponseCode": "00",
            "TmnCode": self.tmn_code,
            "TxnRef": transaction.request.txn_ref,
            "Amount": str(amount),
            "BankCode": outcome.bank_code if outcome else "",
            "PayDate": outcome.pay_date if outcome else "",
            "TransactionNo": outcome.transaction_no if outcome else "0",
            "TransactionType": refund.transaction_type if refund else "01",
            "TransactionStatus": status,
            "OrderInfo": transaction.request.order_info,
        }

    def _signed(self, command: str, reply: dict[str, str]) -> dict[str, str]:
        names = _SIGNED_REPLY.get(command, _QUERY_REPLY)
        complete = dict.fromkeys(names, "") | {
            "ResponseId": uuid4().hex,
            "Command": command,
            "Message": API_MESSAGES[reply["ResponseCode"]],
            **reply,
        }
        spoiled = self.faults.take("query-bad-signature", reply["TxnRef"])
        secret = f"not {self.secret}" if spoiled else self.secret
        prefixed = {f"vnp_{name}": value for name, value in complete.items()}
        return {**prefixed, SIGNATURE: fields_hash((complete[name] for name in names), secret)}


def merchant_routes(api: MerchantApi) -> APIRouter:
    router = APIRouter(tags=["merchant API"])

    @router.post("/merchant_webapi/api/transaction")
    async def transaction(http: Request) -> Response:
        request = _read(await http.body())
        txn_ref = request.get("TxnRef")
        await pause(api.faults.take("query-delay", txn_ref))
        break_down(api.faults.take("status-500", txn_ref))
        reply = api.answer(request)
        cut = api.faults.take("query-cut", txn_ref)
        return CutConnection() if cut else JSONResponse(reply)

    return router


def _refusal(request: dict[str, str], code: str) -> dict[str, str]:
    return {
        "ResponseCode": code,
        "TmnCode": request.get("TmnCode", ""),
        "TxnRef": request.get("TxnRef", ""),
    }


def _read(body: bytes) -> dict[str, str]:
    """The vnp_ fields without their prefix; nothing that can be used if it is not such JSON."""
    try:
        fields = _body.validate_json(body)
    except ValidationError:
        return {}
    return {name.removeprefix("vnp_"): str(value) for name, value in fields.items()}


def _well_formed(name: str, request: dict[str, str]) -> bool:
    pattern = _FORMATS.get(name)
    if pattern is None:
        return True
    return re.fullmatch(pattern, request.get(name, "")) is not None
