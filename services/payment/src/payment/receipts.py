"""Receipts for phí and lệ phí (biên lai thu phí, lệ phí: NĐ 123/2020/NĐ-CP, NĐ 70/2025/NĐ-CP).

A receipt is rendered once, byte for byte the same for the same facts, and kept with its SHA-256.
The payer is named by the dossier's code: payment holds no personal data.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from html import escape
from string import Template

from motcua_contracts.types import Dong

VIETNAM = timezone(timedelta(hours=7))

_DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_SCALES = ("", "nghìn", "triệu")


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectingAgency:
    """Who collects, as the receipt must name it."""

    name: str
    tax_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptLine:
    """One obligation that the receipt proves paid."""

    name: str
    amount: Dong


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptFacts:
    """Everything that stands on a receipt."""

    template: str
    serial: str
    number: int
    agency: CollectingAgency
    dossier_code: str
    lines: Sequence[ReceiptLine]
    gateway: str
    transaction_id: str
    paid_at: datetime

    @property
    def total(self) -> Dong:
        return sum(line.amount for line in self.lines)


@dataclass(frozen=True, slots=True)
class RenderedReceipt:
    """The document (UTF-8, well-formed XHTML) and the SHA-256 of its bytes in hexadecimal."""

    document: str
    sha256: str


def receipt_serial(prefix: str, issued_at: datetime) -> str:
    """The serial of the year of issue in Vietnam, for example `BI-26T`; it counts from 1."""
    return f"{prefix}-{issued_at.astimezone(VIETNAM):%y}T"


def render(facts: ReceiptFacts) -> RenderedReceipt:
    lines = "\n".join(
        f"    <tr><td>{escape(line.name)}</td><td>{dong(line.amount)}</td></tr>"
        for line in facts.lines
    )
    document = _DOCUMENT.substitute(
        template=escape(facts.template),
        serial=escape(facts.serial),
        number=f"{facts.number:07d}",
        agency=escape(facts.agency.name),
        tax_code=escape(facts.agency.tax_code),
        dossier_code=escape(facts.dossier_code),
        lines=lines,
        total=dong(facts.total),
        words=amount_in_words(facts.total),
        method=escape(f"{facts.gateway.upper()}, giao dịch {facts.transaction_id}"),
        paid_at=f"{facts.paid_at.astimezone(VIETNAM):%d/%m/%Y %H:%M:%S}",
    )
    return RenderedReceipt(document, sha256(document.encode()).hexdigest())


def dong(amount: Dong) -> str:
    """`200000` as a Vietnamese reader expects it: `200.000 ₫`."""
    return f"{amount:,}".replace(",", ".") + " ₫"


def amount_in_words(amount: Dong) -> str:
    """The amount in Vietnamese words, for example `Hai trăm nghìn đồng`."""
    words = f"{_number(amount)} đồng"
    return words[0].upper() + words[1:]


def _number(number: int) -> str:
    if number == 0:
        return _DIGITS[0]
    billions, rest = divmod(number, 10**9)
    parts = [f"{_number(billions)} tỷ"] if billions else []
    if rest:
        parts.append(_below_billion(rest, follows=billions > 0))
    return " ".join(parts)


def _below_billion(number: int, *, follows: bool) -> str:
    """Groups of three digits; all but the first spoken name their hundreds, even "không trăm"."""
    parts: list[str] = []
    for power in (2, 1, 0):
        group = number // 1000**power % 1000
        if group:
            spoken = _group(group, full=follows or bool(parts))
            parts.append(f"{spoken} {_SCALES[power]}".strip())
    return " ".join(parts)


def _group(number: int, *, full: bool) -> str:
    hundreds, rest = divmod(number, 100)
    parts = [f"{_DIGITS[hundreds]} trăm"] if full or hundreds else []
    tens, units = divmod(rest, 10)
    if tens == 0 and units:
        parts.append(f"linh {_DIGITS[units]}" if parts else _DIGITS[units])
    elif tens:
        parts.append(_tens(tens, units))
    return " ".join(parts)


def _tens(tens: int, units: int) -> str:
    """Mười or mươi; one becomes mốt and four tư after mươi, five becomes lăm after either."""
    spoken = "mười" if tens == 1 else f"{_DIGITS[tens]} mươi"
    if units == 0:
        return spoken
    special = {5: "lăm"} if tens == 1 else {1: "mốt", 4: "tư", 5: "lăm"}
    return f"{spoken} {special.get(units, _DIGITS[units])}"


_DOCUMENT = Template("""\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" lang="vi" xml:lang="vi">
<head>
  <meta charset="UTF-8"/>
  <title>Biên lai $serial số $number</title>
  <style>
    body { font-family: "Times New Roman", serif; max-width: 42em; margin: 2em auto }
    h1 { font-size: 1.3em; text-align: center }
    table { width: 100%; border-collapse: collapse }
    td, th { border: 1px solid; padding: .3em .6em }
    td:last-child, th:last-child { text-align: right }
  </style>
</head>
<body>
  <p>Mẫu số: $template<br/>Ký hiệu: $serial<br/>Số: $number</p>
  <h1>BIÊN LAI THU PHÍ, LỆ PHÍ</h1>
  <p>Cơ quan thu: $agency<br/>Mã số thuế: $tax_code</p>
  <p>Mã hồ sơ: $dossier_code</p>
  <table>
    <tr><th>Nội dung thu</th><th>Số tiền</th></tr>
$lines
    <tr><th>Tổng cộng</th><th>$total</th></tr>
  </table>
  <p>Số tiền bằng chữ: $words.</p>
  <p>Hình thức thanh toán: $method<br/>Thời điểm thanh toán: $paid_at (GMT+7)</p>
</body>
</html>
""")
