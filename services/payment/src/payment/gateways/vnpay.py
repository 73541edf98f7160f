"""VNPAY 2.1.0: payment page, notification (IPN), return and query (querydr).

Source: VNPAY developer documents; a quirk without another source is theirs.
Amounts travel as đồng × 100, times as yyyyMMddHHmmss in GMT+7.
"""

import asyncio
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha512
from types import MappingProxyType
from typing import cast
from urllib.parse import parse_qsl, quote_plus, urlencode

import httpx2

from chassis.clock import Clock, uuid7
from motcua_contracts.types import Dong
from payment.gateways.vnpay_texts import OTHER, TEXTS
from payment.ports import (
    ForeignNotification,
    GatewayOutcome,
    GatewayStatement,
    Language,
    OpenAttempt,
    PaymentPage,
    Reception,
    UnreadableNotification,
    UnverifiedNotification,
)

VERSION = "2.1.0"
GMT7 = timezone(timedelta(hours=7))
_TIME = "%Y%m%d%H%M%S"
_MOST = 999_999_999_999
"""vnp_Amount has 12 digits at most."""
_MAX_QUERY_BYTES = 4096
_MAX_REPLY_BYTES = 65_536
_REFUNDS = ("02", "03")
"""vnp_TransactionType of what went back, whole or in part: it succeeds like a payment."""
_UNSIGNED = ("vnp_SecureHash", "vnp_SecureHashType")
_SUCCESS = "00"
_EXPIRED = "11"

# A bank may still confirm what was typed in before the page closed.
_AFTER_EXPIRY = timedelta(minutes=15)

_REPLY_FIELDS = (
    "ResponseId", "Command", "ResponseCode", "Message", "TmnCode", "TxnRef", "Amount", "BankCode",
    "PayDate", "TransactionNo", "TransactionType", "TransactionStatus", "OrderInfo",
    "PromotionCode", "PromotionAmount",
)  # fmt: skip

# vnp_TransactionStatus. 04 (reversed), 07 (suspected fraud) and 09 (refund refused) mean that money
# may have moved: undecided until VNPAY says 00 or takes it back.
STATUSES: Mapping[str, GatewayOutcome] = MappingProxyType(
    {
        "00": GatewayOutcome.PAID,
        "01": GatewayOutcome.PENDING,
        "02": GatewayOutcome.FAILED,
        "04": GatewayOutcome.PENDING,
        "05": GatewayOutcome.FAILED,
        "06": GatewayOutcome.FAILED,
        "07": GatewayOutcome.PENDING,
        "09": GatewayOutcome.PENDING,
    }
)

# RspCode: 01, 04, 97 and 99 make VNPAY notify again; 00 and 02 end it.
ANSWERS: Mapping[Reception, tuple[str, str]] = MappingProxyType(
    {
        Reception.ACCEPTED: ("00", "Confirm Success"),
        Reception.UNKNOWN_ORDER: ("01", "Order Not Found"),
        Reception.REPEATED: ("02", "Order already confirmed"),
        Reception.WRONG_AMOUNT: ("04", "Invalid Amount"),
        Reception.UNVERIFIED: ("97", "Invalid Signature"),
        Reception.UNREADABLE: ("99", "Invalid Request"),
        Reception.FAILED: ("99", "Unknown Error"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VnpayAccount:
    """Our terminal at VNPAY.

    The first secret signs, each of them verifies: so a secret can be changed while payments run.
    """

    tmn_code: str
    secrets: tuple[str, ...] = field(repr=False)
    page_url: str
    api_url: str
    return_url: str
    server_address: str = "127.0.0.1"
    deadline_seconds: float = 10.0


def sign(text: str, secret: str) -> str:
    return hmac.new(secret.encode(), text.encode(), sha512).hexdigest()


def canonical(fields: Mapping[str, str]) -> str:
    """What is signed of a query: nothing empty, sorted by name, form-encoded (a space is `+`)."""
    signed = sorted((k, v) for k, v in fields.items() if v and k not in _UNSIGNED)
    return urlencode(signed, quote_via=quote_plus)


def verifies(text: str, signature: str, secrets: Sequence[str]) -> bool:
    """Whether one of the live secrets made `signature`, which must be exactly 64 bytes in hex."""
    if not re.fullmatch(r"[0-9a-fA-F]{128}", signature):
        return False
    received = bytes.fromhex(signature)
    made = [hmac.digest(secret.encode(), text.encode(), "sha512") for secret in secrets]
    return any([hmac.compare_digest(received, own) for own in made])  # noqa: C419 - all, always


def _time(moment: datetime) -> str:
    return moment.astimezone(GMT7).strftime(_TIME)


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    return datetime.strptime(text, _TIME).replace(tzinfo=GMT7).astimezone(UTC)


def _amount(text: str) -> Dong:
    if not re.fullmatch(r"[0-9]{1,14}", text) or int(text) % 100:
        raise ValueError(f"vnp_Amount {text!r} is not whole đồng times 100")
    return int(text) // 100


def _transaction(text: str) -> str | None:
    """VNPAY's number of the transaction; it sends 0 for what never became one."""
    if text in ("", "0"):
        return None
    if not re.fullmatch(r"[0-9]{1,20}", text):
        raise ValueError("vnp_TransactionNo is not a number")
    return text


def _code(text: str) -> str:
    if not re.fullmatch(r"[0-9A-Za-z]{1,8}", text):
        raise ValueError("a response code is not a code")
    return text


def _received(raw_query: bytes) -> dict[str, str]:
    """The pairs as they were sent, each name once; anything else cannot be what VNPAY signed."""
    if len(raw_query) > _MAX_QUERY_BYTES:
        raise UnverifiedNotification("query too long")
    try:
        pairs = parse_qsl(
            raw_query.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict"
        )
    except ValueError as error:
        raise UnverifiedNotification("query is not form-encoded UTF-8") from error
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise UnverifiedNotification("a parameter is repeated")
    if not all(name.startswith("vnp_") for name in fields):
        raise UnverifiedNotification("a parameter is not VNPAY's")
    return fields


def _outcome(response_code: str, status: str) -> GatewayOutcome:
    """Paid needs both codes at 00; where they contradict each other nothing is decided."""
    outcome = STATUSES.get(status, GatewayOutcome.UNKNOWN)
    if outcome is GatewayOutcome.PAID and response_code != _SUCCESS:
        return GatewayOutcome.PENDING
    return outcome


class Vnpay:
    """VNPAY behind the gateway port."""

    def __init__(self, account: VnpayAccount, client: httpx2.AsyncClient, clock: Clock) -> None:
        self.name: str = "vnpay"
        self._account = account
        self._client = client
        self._clock = clock

    def takes(self, amount: Dong) -> bool:
        return amount * 100 <= _MOST

    def pay_url(self, page: PaymentPage) -> str:
        query = canonical(
            {
                "vnp_Version": VERSION,
                "vnp_Command": "pay",
                "vnp_TmnCode": self._account.tmn_code,
                "vnp_Amount": str(page.amount * 100),
                "vnp_CurrCode": "VND",
                "vnp_TxnRef": page.reference,
                "vnp_OrderInfo": page.description,
                "vnp_OrderType": "other",
                "vnp_Locale": {Language.ENGLISH: "en"}.get(page.language, "vn"),
                "vnp_ReturnUrl": self._account.return_url,
                "vnp_IpAddr": page.payer_address,
                "vnp_CreateDate": _time(page.started_at),
                "vnp_ExpireDate": _time(page.expires_at),
            }
        )
        signature = sign(query, self._account.secrets[0])
        return f"{self._account.page_url}?{query}&vnp_SecureHash={signature}"

    def parse_notification(self, raw_query: bytes) -> GatewayStatement:
        fields = _received(raw_query)
        signature = fields.get("vnp_SecureHash", "")
        if not verifies(canonical(fields), signature, self._account.secrets):
            raise UnverifiedNotification("signature is absent or does not fit")
        if fields.get("vnp_TmnCode") != self._account.tmn_code:
            raise ForeignNotification("terminal is not ours")
        try:
            return self._statement(fields, fields["vnp_ResponseCode"])
        except (KeyError, ValueError) as error:
            raise UnreadableNotification(f"{type(error).__name__}: {error}") from error

    def _statement(self, fields: Mapping[str, str], response_code: str) -> GatewayStatement:
        status = fields["vnp_TransactionStatus"]
        outcome = _outcome(response_code, status)
        transaction_id = _transaction(fields.get("vnp_TransactionNo", ""))
        if outcome is GatewayOutcome.PAID and transaction_id is None:
            raise ValueError("a payment without vnp_TransactionNo")
        return GatewayStatement(
            gateway=self.name,
            reference=fields["vnp_TxnRef"],
            outcome=outcome,
            code=_code(response_code if response_code != _SUCCESS else status),
            amount=_amount(fields["vnp_Amount"]),
            transaction_id=transaction_id,
            paid_at=_moment(fields.get("vnp_PayDate", "")),
        )

    def redact(self, raw_query: bytes) -> str:
        text = re.sub(rb"[^!-~]", b"?", raw_query[:_MAX_QUERY_BYTES]).decode("ascii")
        return re.sub(r"(?i)(vnp_SecureHash)=[^&]*", r"\1=", text)

    def answer(self, reception: Reception) -> dict[str, str]:
        code, message = ANSWERS[reception]
        return {"RspCode": code, "Message": message}

    def explain(self, code: str, language: Language) -> str:
        vietnamese, english = TEXTS.get(code, TEXTS[OTHER])
        return english if language is Language.ENGLISH else vietnamese

    async def query(self, attempt: OpenAttempt) -> GatewayStatement:
        try:
            async with asyncio.timeout(self._account.deadline_seconds):
                reply = await self._post(self._query(attempt))
            return self._queried(attempt, reply)
        except (httpx2.HTTPError, TimeoutError, KeyError, ValueError, RecursionError) as error:
            return self._unknown(attempt, type(error).__name__)

    def _query(self, attempt: OpenAttempt) -> dict[str, str]:
        signed = {
            "vnp_RequestId": uuid7().hex,
            "vnp_Version": VERSION,
            "vnp_Command": "querydr",
            "vnp_TmnCode": self._account.tmn_code,
            "vnp_TxnRef": attempt.reference,
            "vnp_TransactionDate": _time(attempt.started_at),
            "vnp_CreateDate": _time(self._clock()),
            "vnp_IpAddr": self._account.server_address,
            "vnp_OrderInfo": f"Truy van giao dich {attempt.reference}",
        }
        # The order above is the order that is signed.
        signature = sign("|".join(signed.values()), self._account.secrets[0])
        return signed | {"vnp_SecureHash": signature}

    async def _post(self, body: Mapping[str, str]) -> dict[str, str]:
        response = await self._client.post(self._account.api_url, json=dict(body))
        response.raise_for_status()
        if len(response.content) > _MAX_REPLY_BYTES:
            raise ValueError("reply too long")
        reply: object = response.json()
        if not isinstance(reply, dict):
            raise ValueError("reply is not an object")  # noqa: TRY004 - the other side's value, not our type
        fields = cast("dict[str, object]", reply)
        return {name: "" if value is None else str(value) for name, value in fields.items()}

    def _queried(self, attempt: OpenAttempt, reply: Mapping[str, str]) -> GatewayStatement:
        signed = "|".join(reply.get(f"vnp_{field}", "") for field in _REPLY_FIELDS)
        if not verifies(signed, reply.get("vnp_SecureHash", ""), self._account.secrets):
            return self._unknown(attempt, "unsigned-reply")
        if reply["vnp_ResponseCode"] == "91":
            return self._stated(attempt, GatewayOutcome.NOT_FOUND, "91")
        if reply["vnp_ResponseCode"] != _SUCCESS:
            return self._unknown(attempt, reply["vnp_ResponseCode"])
        ours = (attempt.reference, self._account.tmn_code)
        if (reply.get("vnp_TxnRef"), reply.get("vnp_TmnCode")) != ours:
            return self._unknown(attempt, "foreign-reply")
        if reply.get("vnp_TransactionType", "") in _REFUNDS:
            return self._unknown(attempt, "refund")
        return self._closed_page(attempt, self._statement(reply, _SUCCESS))

    def _closed_page(self, attempt: OpenAttempt, statement: GatewayStatement) -> GatewayStatement:
        """A page that nobody finishes stays "incomplete" for ever: after its time it has failed."""
        over = self._clock() > attempt.expires_at + _AFTER_EXPIRY
        if statement.code == "01" and over:
            return self._stated(attempt, GatewayOutcome.FAILED, _EXPIRED)
        return statement

    def _unknown(self, attempt: OpenAttempt, why: str) -> GatewayStatement:
        return self._stated(attempt, GatewayOutcome.UNKNOWN, why)

    def _stated(self, attempt: OpenAttempt, outcome: GatewayOutcome, code: str) -> GatewayStatement:
        return GatewayStatement(
            gateway=self.name, reference=attempt.reference, outcome=outcome, code=code
        )
