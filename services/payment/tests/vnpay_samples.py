"""What VNPAY sends, made as its own samples make it."""

import hmac
from datetime import UTC, datetime
from urllib.parse import quote_plus

import httpx2

from payment.gateways.vnpay import Vnpay, VnpayAccount
from payment.ports import GatewayStatement

SECRET, NEXT_SECRET = "the-old-secret", "the-new-secret"
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ACCOUNT = VnpayAccount(
    tmn_code="MOTCUA01",
    secrets=(NEXT_SECRET, SECRET),
    page_url="https://vnpay.example/paymentv2/vpcpay.html",
    api_url="https://vnpay.example/merchant_webapi/api/transaction",
    return_url="https://motcua.example/v1/gateways/vnpay/return",
    deadline_seconds=0.2,
)
PAID = {
    "vnp_Amount": "20000000",
    "vnp_BankCode": "NCB",
    "vnp_BankTranNo": "VNP14422574",
    "vnp_CardType": "ATM",
    "vnp_OrderInfo": "Nop phi ho so H42.10-20260302-0001",
    "vnp_PayDate": "20260302150312",
    "vnp_ResponseCode": "00",
    "vnp_TmnCode": "MOTCUA01",
    "vnp_TransactionNo": "14422574",
    "vnp_TransactionStatus": "00",
    "vnp_TxnRef": "0195a1b2c3d47e5f8a9bacbdcedf0a1b",
}
OFFLINE = httpx2.AsyncClient(transport=httpx2.MockTransport(lambda _: httpx2.Response(503)))


def digest(text: str, secret: str) -> str:
    return hmac.new(secret.encode(), text.encode(), "sha512").hexdigest()


def signed(fields: dict[str, str], secret: str = SECRET) -> str:
    """A notification as VNPAY's own samples make one."""
    query = "&".join(f"{k}={quote_plus(v)}" for k, v in sorted(fields.items()) if v)
    return f"{query}&vnp_SecureHash={digest(query, secret)}"


def gateway(client: httpx2.AsyncClient | None = None, now: datetime = NOW) -> Vnpay:
    return Vnpay(ACCOUNT, client or OFFLINE, lambda: now)


def parse(query: str) -> GatewayStatement:
    return gateway().parse_notification(query.encode())
