"""Notices of a gateway (IPN) that are not the gateway's, or not new: none may change anything."""

import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote_plus, urlencode, urlsplit

from chaos.commands import Command
from chaos.journey import Journey

_SIGNATURE = "vnp_SecureHash"
_PAID: Mapping[str, str] = {
    "vnp_BankCode": "NCB",
    "vnp_BankTranNo": "VNP99000001",
    "vnp_CardType": "ATM",
    "vnp_PayDate": "20260101120000",
    "vnp_ResponseCode": "00",
    "vnp_TransactionNo": "99000001",
    "vnp_TransactionStatus": "00",
}


async def forge_before(journey: Journey, pay_url: str) -> None:
    """Somebody who did not pay claims that they did, without knowing the secret."""
    asked = dict(parse_qsl(urlsplit(pay_url).query))
    names = ("vnp_Amount", "vnp_OrderInfo", "vnp_TmnCode", "vnp_TxnRef")
    claim = urlencode(sorted({**_PAID, **{name: asked[name] for name in names}}.items()))
    stolen = _stolen(journey, asked["vnp_TxnRef"]) or claim
    made_up = hmac.digest(b"not the secret", claim.encode(), "sha512").hex()
    how, query = journey.chance.choice(
        [
            ("bad-signature", f"{claim}&{_SIGNATURE}={made_up}"),
            ("no-signature", claim),
            ("borrowed-signature", f"{claim}&{_SIGNATURE}={asked[_SIGNATURE]}"),
            ("reference-changed", stolen),
        ]
    )
    await _send(journey, query, reference=asked["vnp_TxnRef"], how=how)


def _stolen(journey: Journey, reference: str) -> str:
    """What the gateway signed for somebody else, now about this attempt; empty before it did."""
    if not journey.scene.overheard:
        return ""
    theirs = dict(parse_qsl(journey.scene.overheard[-1], keep_blank_values=True))
    return urlencode({**theirs, "vnp_TxnRef": reference}, quote_via=quote_plus)


async def forge_after(journey: Journey, query: str) -> None:
    """Somebody who paid bends or repeats what the gateway signed."""
    signed = dict(parse_qsl(query, keep_blank_values=True))
    dearer = {**signed, "vnp_Amount": str(int(signed["vnp_Amount"]) + 100)}
    how, sent = journey.chance.choice(
        [
            (
                "cut-signature",
                query[:-8] if query.rpartition("&")[2].startswith(_SIGNATURE) else "",
            ),
            ("amount-changed", urlencode(dearer, quote_via=quote_plus)),
            ("replayed", query),
        ]
    )
    await _send(journey, sent, reference=signed["vnp_TxnRef"], how=how)


async def _send(journey: Journey, query: str, *, reference: str, how: str) -> None:
    command = Command(
        "forged-ipn",
        journey.citizen,
        journey.scene.doors.payment,
        f"/v1/gateways/vnpay/ipn?{query}",
        {"reference": reference, "how": how},
        method="GET",
        read=lambda answer: {"rspCode": answer.json()["RspCode"]},
    )
    await journey.submit(command)
