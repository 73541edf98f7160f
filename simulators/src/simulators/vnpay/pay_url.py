"""Reading the signed pay URL as strictly as the specification allows."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from simulators.ledger import Record
from simulators.vnpay.signing import SIGNATURE, query_hash, same
from simulators.vnpay.times import read_stamp


class PayUrlRefusedError(Exception):
    """`code` is the gateway's error code, `detail` says which parameter and why."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class PayRequest(Record):
    """What the merchant asked for. `amount` is as on the wire: đồng × 100."""

    txn_ref: str
    amount: int
    order_info: str
    order_type: str
    locale: str
    ip_addr: str
    return_url: str
    bank_code: str
    create_date: str
    expire_date: str

    @property
    def key(self) -> str:
        """vnp_TxnRef is unique within a day, no longer."""
        return f"{self.create_date[:8]}-{self.txn_ref}"

    @property
    def dong(self) -> int:
        return self.amount // 100

    def expired(self, at: datetime) -> bool:
        return at >= read_stamp(self.expire_date)

    @classmethod
    def from_parameters(cls, parameters: dict[str, str]) -> Self:
        return cls(
            txn_ref=parameters["vnp_TxnRef"],
            amount=int(parameters["vnp_Amount"]),
            order_info=parameters["vnp_OrderInfo"],
            order_type=parameters["vnp_OrderType"],
            locale=parameters["vnp_Locale"],
            ip_addr=parameters["vnp_IpAddr"],
            return_url=parameters["vnp_ReturnUrl"],
            bank_code=parameters.get("vnp_BankCode", ""),
            create_date=parameters["vnp_CreateDate"],
            expire_date=parameters["vnp_ExpireDate"],
        )


def read_pay_url(query: str, *, tmn_code: str, secret: str) -> PayRequest:
    """The request behind a query string; checks terminal, signature and format, not the time."""
    parameters = _single(query)
    if parameters.get("vnp_TmnCode") != tmn_code:
        raise PayUrlRefusedError("72", "vnp_TmnCode names no merchant here")
    if not same(parameters.get(SIGNATURE, ""), query_hash(parameters, secret)):
        raise PayUrlRefusedError("70", f"{SIGNATURE} does not fit the parameters")
    for name, rule in _RULES.items():
        if not rule(parameters.get(name, "")):
            raise PayUrlRefusedError("03", f"{name} is missing or malformed")
    unknown = parameters.keys() - _RULES.keys() - {SIGNATURE}
    if unknown:
        raise PayUrlRefusedError("03", f"{min(unknown)} is not a parameter of version 2.1.0")
    return PayRequest.from_parameters(parameters)


def _single(query: str) -> dict[str, str]:
    parameters: dict[str, str] = {}
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True, errors="strict")
    except (ValueError, UnicodeDecodeError) as error:
        raise PayUrlRefusedError("03", "the query string cannot be read") from error
    for name, value in pairs:
        if name in parameters:
            raise PayUrlRefusedError("03", f"{name} is given twice")
        parameters[name] = value
    return parameters


def _matches(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda value: compiled.fullmatch(value) is not None


def _is_stamp(value: str) -> bool:
    try:
        read_stamp(value)
    except ValueError:
        return False
    return True


def _is_return_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return 10 <= len(value) <= 255 and parts.scheme in {"http", "https"} and bool(parts.netloc)


# The documentation wants vnp_OrderInfo "không dấu", without special characters; its own example
# has a colon.
_RULES: dict[str, Callable[[str], bool]] = {
    "vnp_TmnCode": _matches(r"[A-Za-z0-9]{8}"),
    "vnp_Version": _matches(r"2\.1\.0"),
    "vnp_Command": _matches("pay"),
    "vnp_Amount": _matches(r"[1-9][0-9]{0,11}"),
    "vnp_BankCode": _matches(r"|[A-Za-z0-9]{3,20}"),
    "vnp_CreateDate": _is_stamp,
    "vnp_CurrCode": _matches("VND"),
    "vnp_IpAddr": _matches(r"[0-9A-Fa-f.:]{7,45}|::1"),
    "vnp_Locale": _matches("vn|en"),
    "vnp_OrderInfo": _matches(r"[A-Za-z0-9 .,:_/-]{1,255}"),
    "vnp_OrderType": _matches(r"[A-Za-z0-9_-]{1,100}"),
    "vnp_ReturnUrl": _is_return_url,
    "vnp_ExpireDate": _is_stamp,
    "vnp_TxnRef": _matches(r"[A-Za-z0-9_-]{1,100}"),
}
