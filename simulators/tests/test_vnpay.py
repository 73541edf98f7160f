"""The pay page and the merchant API."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest

from simulators.errors import SimulatorError
from simulators.running import RunningSimulator

from .conftest import Merchant, http, vietnam_time

REPLY = (
    "ResponseId Command ResponseCode Message TmnCode TxnRef Amount BankCode PayDate TransactionNo "
    "TransactionType TransactionStatus OrderInfo"
)
REFUND = (
    "RequestId Version Command TmnCode TransactionType TxnRef Amount TransactionNo "
    "TransactionDate CreateBy CreateDate IpAddr OrderInfo"
)
QUERY = "RequestId Version Command TmnCode TxnRef TransactionDate CreateDate IpAddr OrderInfo"


def way_back(answer: httpx2.Response) -> dict[str, str]:
    assert answer.status_code == 303, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def charges(merchant: Merchant, gateway: RunningSimulator) -> list[object]:
    return [e["amountDong"] for e in merchant.ledger(gateway) if e["kind"] == "charged"]


def is_genuine(merchant: Merchant, reply: dict[str, str], order: str) -> bool:
    signed = "|".join(reply[f"vnp_{name}"] for name in order.split())
    return reply["vnp_SecureHash"] == merchant.hash(signed)


def test_the_pay_page_shows_what_is_paid_and_the_three_ways_out(
    merchant: Merchant, gateway: RunningSimulator
) -> None:
    page = http.get(merchant.pay_url(gateway, merchant.parameters()))

    assert page.status_code == 200
    assert "200.000 ₫" in page.text
    assert "Le phi ho so H42.01-261125-0001" in page.text
    assert all(f'value="{decision}"' in page.text for decision in ("pay", "cancel", "funds"))
    assert "<script" not in page.text
    english = {**merchant.parameters("b"), "vnp_Locale": "en"}
    assert "Insufficient" in http.get(merchant.pay_url(gateway, english)).text.title()


def test_a_person_pays_by_the_form_on_the_page(
    merchant: Merchant, gateway: RunningSimulator
) -> None:
    parameters = merchant.parameters()
    http.get(merchant.pay_url(gateway, parameters)).raise_for_status()
    form = {"vnp_TxnRef": merchant.txn_ref, "vnp_CreateDate": parameters["vnp_CreateDate"]}
    answer = http.post(f"{gateway.url}/paymentv2/decide", data={**form, "decision": "pay"})

    result = way_back(answer)
    assert answer.headers["Location"].startswith("http://127.0.0.1:9/return?from=vnpay&")
    assert (result["vnp_ResponseCode"], result["vnp_TransactionStatus"]) == ("00", "00")
    assert (result["vnp_Amount"], result["vnp_TxnRef"]) == ("20000000", merchant.txn_ref)
    assert merchant.is_genuine([pair for pair in result.items() if pair[0] != "from"])
    assert charges(merchant, gateway) == [200000]


@pytest.mark.parametrize(
    ("decision", "code", "status"),
    [
        ("cancel", "24", "02"),
        ("funds", "51", "02"),
        ("suspect", "07", "07"),
        ("maintenance", "75", "02"),
    ],
)
def test_every_decision_has_its_documented_codes(
    merchant: Merchant, gateway: RunningSimulator, decision: str, code: str, status: str
) -> None:
    result = way_back(merchant.pay(gateway, decision=decision))

    assert (result["vnp_ResponseCode"], result["vnp_TransactionStatus"]) == (code, status)
    assert len(charges(merchant, gateway)) == (1 if decision == "suspect" else 0)


def test_deciding_twice_charges_once(merchant: Merchant, gateway: RunningSimulator) -> None:
    first = merchant.pay(gateway)
    form = {"txnRef": merchant.txn_ref, "decision": "cancel"}
    second = http.post(f"{gateway.url}/paymentv2/decide", data=form)

    assert second.headers["Location"] == first.headers["Location"]
    assert len(charges(merchant, gateway)) == 1


BAD_URLS: list[tuple[str, str, str]] = [
    ("vnp_TmnCode", "UNKNOWN1", "72"),
    ("vnp_Version", "2.0.0", "03"),
    ("vnp_Command", "token", "03"),
    ("vnp_Amount", "200000.5", "03"),
    ("vnp_Amount", "0", "03"),
    ("vnp_Amount", "1234567890123", "03"),
    ("vnp_CurrCode", "USD", "03"),
    ("vnp_Locale", "fr", "03"),
    ("vnp_OrderInfo", "Lệ phí", "03"),
    ("vnp_ReturnUrl", "javascript:alert(1)", "03"),
    ("vnp_TxnRef", "", "03"),
    ("vnp_IpAddr", "", "03"),
    ("vnp_CreateDate", "20261331000000", "03"),
    ("vnp_ExpireDate", "", "03"),
    ("vnp_ExpireDate", vietnam_time(timedelta(seconds=-1)), "15"),
    ("vnp_SecureHashType", "SHA512", "03"),
]


def refusal_code(page: httpx2.Response) -> str:
    assert page.status_code == 400
    return page.text.partition('id="code">')[2][:2]


def test_a_wrong_pay_url_gets_the_documented_error(
    merchant: Merchant, gateway: RunningSimulator
) -> None:
    for name, value, code in BAD_URLS:
        parameters = {**merchant.parameters(), name: value}
        if name == "vnp_SecureHashType":  # 2.1.0 dropped it, and never signed it
            url = f"{merchant.pay_url(gateway, merchant.parameters())}&{name}={value}"
        else:
            url = merchant.pay_url(gateway, parameters)
        assert refusal_code(http.get(url)) == code, (name, value)
    assert merchant.ledger(gateway) == []


def test_a_changed_repeated_or_unsigned_parameter_is_refused(
    merchant: Merchant, gateway: RunningSimulator
) -> None:
    url = merchant.pay_url(gateway, merchant.parameters())

    assert refusal_code(http.get(url.replace("=20000000", "=100"))) == "70"
    assert refusal_code(http.get(url[:-1])) == "70"
    assert refusal_code(http.get(url.partition("&vnp_SecureHash")[0])) == "70"
    assert refusal_code(http.get(f"{url}&vnp_Amount=20000000")) == "03"
    assert refusal_code(http.get(f"{url}&other=1")) == "03"


def test_a_reference_serves_one_payment_a_day(
    merchant: Merchant, gateway: RunningSimulator
) -> None:
    parameters = merchant.parameters()
    url = merchant.pay_url(gateway, parameters)
    assert http.get(url).status_code == 200
    assert http.get(url).status_code == 200, "reloading the page is not a second payment"

    other = merchant.pay_url(gateway, {**parameters, "vnp_Amount": "100"})
    assert refusal_code(http.get(other)) == "01"
    form = {"payUrl": url, "decision": "pay"}
    assert http.post(f"{gateway.url}/paymentv2/decide", data=form).status_code == 303
    assert refusal_code(http.get(url)) == "01"


def test_a_payer_who_waits_too_long_pays_nothing(
    merchant: Merchant, gateway: RunningSimulator
) -> None:
    soon = vietnam_time(timedelta(seconds=2))
    parameters = {**merchant.parameters(), "vnp_ExpireDate": soon}
    http.get(merchant.pay_url(gateway, parameters)).raise_for_status()
    assert merchant.querydr(gateway)["vnp_TransactionStatus"] == "01"
    merchant.wait(
        lambda: merchant.querydr(gateway)["vnp_TransactionStatus"] == "02", "the payment to expire"
    )

    form = {"txnRef": merchant.txn_ref, "decision": "pay"}
    result = way_back(http.post(f"{gateway.url}/paymentv2/decide", data=form))

    assert result["vnp_ResponseCode"] == "11"
    assert charges(merchant, gateway) == []


def test_what_was_paid_is_still_paid_after_kill_9(
    merchant: Merchant, start_gateway: Callable[..., RunningSimulator]
) -> None:
    gateway = start_gateway()
    paid = way_back(merchant.pay(gateway))
    gateway.kill()

    again = start_gateway()
    reply = merchant.querydr(again)
    assert reply["vnp_TransactionNo"] == paid["vnp_TransactionNo"]
    other = way_back(merchant.pay(again, "b"))
    assert int(other["vnp_TransactionNo"]) > int(paid["vnp_TransactionNo"])


def test_querydr_answers_signed_for_a_paid_transaction(
    merchant: Merchant, gateway: RunningSimulator
) -> None:
    paid = way_back(merchant.pay(gateway))

    reply = merchant.querydr(gateway)

    assert is_genuine(merchant, reply, f"{REPLY} PromotionCode PromotionAmount")
    assert (reply["vnp_ResponseCode"], reply["vnp_TransactionStatus"]) == ("00", "00")
    assert reply["vnp_Amount"] == "20000000"
    assert reply["vnp_TransactionNo"] == paid["vnp_TransactionNo"]
    assert reply["vnp_PayDate"] == paid["vnp_PayDate"]
    assert reply["vnp_TransactionType"] == "01"


def test_querydr_refuses_with_the_documented_codes(
    merchant: Merchant, gateway: RunningSimulator
) -> None:
    merchant.pay(gateway)
    url = f"{gateway.url}/merchant_webapi/api/transaction"

    codes = {
        "02": merchant.querydr(gateway, vnp_TmnCode="OTHER001"),
        "03": merchant.querydr(gateway, vnp_TransactionDate="yesterday"),
        "91": merchant.querydr(gateway, vnp_TxnRef="HS9999x"),
        "97": merchant.querydr(gateway, vnp_SecureHash="0" * 128),
    }
    assert {code: reply["vnp_ResponseCode"] for code, reply in codes.items()} == {
        code: code for code in codes
    }
    assert http.post(url, content=b"not json").json()["vnp_ResponseCode"] == "03"
    fields = merchant.query_fields("same1")
    assert merchant.request(gateway, fields, order=QUERY)["vnp_ResponseCode"] == "00"
    assert merchant.request(gateway, fields, order=QUERY)["vnp_ResponseCode"] == "94"


def refund(
    merchant: Merchant, gateway: RunningSimulator, amount: str, **changes: str
) -> dict[str, str]:
    fields = {
        **merchant.query_fields(f"r{vietnam_time()}{amount}{len(changes)}"),
        "vnp_Command": "refund",
        "vnp_TransactionType": "03",
        "vnp_Amount": amount,
        "vnp_TransactionNo": "",
        "vnp_CreateBy": "ke-toan",
        **changes,
    }
    return merchant.request(gateway, fields, order=REFUND)


def test_a_refund_never_exceeds_what_was_paid(
    merchant: Merchant, gateway: RunningSimulator
) -> None:
    merchant.pay(gateway)

    part = refund(merchant, gateway, "15000000")
    assert is_genuine(merchant, part, REPLY)
    assert (part["vnp_ResponseCode"], part["vnp_TransactionStatus"]) == ("00", "05")
    assert refund(merchant, gateway, "5000001")["vnp_ResponseCode"] == "95"
    assert refund(merchant, gateway, "5000000")["vnp_ResponseCode"] == "00"
    assert merchant.querydr(gateway)["vnp_TransactionType"] == "03"


def test_nothing_is_refunded_that_was_not_paid(
    merchant: Merchant, gateway: RunningSimulator
) -> None:
    merchant.pay(gateway, decision="cancel")

    assert (
        refund(merchant, gateway, "20000000", vnp_TransactionType="02")["vnp_ResponseCode"] == "91"
    )


def test_a_query_lies_delays_and_breaks_when_told_to(
    merchant: Merchant, gateway: RunningSimulator
) -> None:
    merchant.pay(gateway)
    kinds = [
        "query-pending",
        "query-wrong-amount",
        "query-bad-signature",
        "status-500",
        "query-cut",
    ]
    faults = [{"kind": kind, "target": merchant.txn_ref} for kind in kinds]
    http.put(f"{gateway.url}/_faults", json=faults).raise_for_status()
    url = f"{gateway.url}/merchant_webapi/api/transaction"

    assert http.post(url, json=merchant.query_fields("a1")).status_code == 500
    with pytest.raises(httpx2.RemoteProtocolError):
        merchant.querydr(gateway)
    assert merchant.querydr(gateway)["vnp_Amount"] == "20000100"
    truth = merchant.querydr(gateway)
    assert is_genuine(merchant, truth, f"{REPLY} PromotionCode PromotionAmount")
    assert truth["vnp_TransactionStatus"] == "00"


def test_a_missing_or_malformed_setting_says_what_to_do() -> None:
    with pytest.raises(SimulatorError, match="--hash-secret or SIMULATORS_VNPAY_HASH_SECRET"):
        RunningSimulator("vnpay", "--tmn-code", "MOTCUA01")
    with pytest.raises(SimulatorError, match="8 letters and digits"):
        RunningSimulator("vnpay", "--tmn-code", "short", "--hash-secret", "x")
