"""VNPAY: what is signed, and what is believed."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payment.gateways.vnpay import STATUSES
from payment.gateways.vnpay_texts import TEXTS
from payment.ports import (
    ForeignNotification,
    GatewayOutcome,
    GatewayStatement,
    Language,
    PaymentPage,
    Reception,
    RefusedNotification,
    UnreadableNotification,
    UnverifiedNotification,
)

from .vnpay_samples import ACCOUNT, NEXT_SECRET, NOW, PAID, SECRET, digest, gateway, parse, signed


def test_a_pay_url_carries_what_vnpay_asks_for_and_is_signed_over_it():
    page = PaymentPage(
        reference="r1",
        amount=200_000,
        description="Nop phi ho so H42.10-20260302-0001",
        started_at=NOW,
        expires_at=NOW + timedelta(minutes=15),
        payer_address="203.0.113.7",
        language=Language.ENGLISH,
    )
    url = gateway().pay_url(page)
    query, _, signature = urlsplit(url).query.partition("&vnp_SecureHash=")
    assert url.startswith(ACCOUNT.page_url + "?")
    assert signature == digest(query, NEXT_SECRET)
    assert query.split("&") == sorted(query.split("&"))
    assert "vnp_OrderInfo=Nop+phi+ho+so+H42.10-20260302-0001" in query
    assert {k: v for k, (v,) in parse_qs(query, strict_parsing=True).items()} == {
        "vnp_Version": "2.1.0",
        "vnp_Command": "pay",
        "vnp_TmnCode": "MOTCUA01",
        "vnp_Amount": "20000000",
        "vnp_CurrCode": "VND",
        "vnp_TxnRef": "r1",
        "vnp_OrderInfo": page.description,
        "vnp_OrderType": "other",
        "vnp_Locale": "en",
        "vnp_ReturnUrl": ACCOUNT.return_url,
        "vnp_IpAddr": "203.0.113.7",
        "vnp_CreateDate": "20260302150000",
        "vnp_ExpireDate": "20260302151500",
    }


def test_an_amount_of_more_than_twelve_digits_is_not_taken():
    assert gateway().takes(9_999_999_999)
    assert not gateway().takes(10_000_000_000)


def test_no_secret_shows_in_logs():
    shown = repr(ACCOUNT) + repr(gateway())
    assert SECRET not in shown
    assert NEXT_SECRET not in shown


@pytest.mark.parametrize("secret", [SECRET, NEXT_SECRET])
def test_a_payment_signed_with_either_live_secret_is_believed(secret: str):
    assert parse(signed(PAID, secret)) == GatewayStatement(
        gateway="vnpay",
        reference=PAID["vnp_TxnRef"],
        outcome=GatewayOutcome.PAID,
        code="00",
        amount=200_000,
        transaction_id="14422574",
        paid_at=datetime(2026, 3, 2, 8, 3, 12, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("response", "status", "outcome", "code"),
    [
        ("00", "00", GatewayOutcome.PAID, "00"),
        ("24", "02", GatewayOutcome.FAILED, "24"),
        ("51", "02", GatewayOutcome.FAILED, "51"),
        ("07", "07", GatewayOutcome.PENDING, "07"),
        ("00", "01", GatewayOutcome.PENDING, "01"),
        ("00", "04", GatewayOutcome.PENDING, "04"),
        ("00", "05", GatewayOutcome.FAILED, "05"),
        ("00", "06", GatewayOutcome.FAILED, "06"),
        ("00", "09", GatewayOutcome.PENDING, "09"),
        ("24", "00", GatewayOutcome.PENDING, "24"),
        ("00", "88", GatewayOutcome.UNKNOWN, "88"),
    ],
)
def test_paid_needs_both_codes(response: str, status: str, outcome: GatewayOutcome, code: str):
    codes = {"vnp_ResponseCode": response, "vnp_TransactionStatus": status}
    statement = parse(signed(PAID | codes))
    assert (statement.outcome, statement.code) == (outcome, code)


def test_a_cancelled_payment_has_no_transaction():
    codes = {"vnp_ResponseCode": "24", "vnp_TransactionStatus": "02", "vnp_TransactionNo": "0"}
    cancelled = {k: v for k, v in (PAID | codes).items() if k != "vnp_BankTranNo"}
    assert parse(signed(cancelled)).transaction_id is None


GOOD = signed(PAID)
BODY, _, HASH = GOOD.partition("&vnp_SecureHash=")

UNVERIFIED = {
    "nothing at all": "",
    "no signature": BODY,
    "an empty signature": BODY + "&vnp_SecureHash=",
    "a truncated signature": GOOD[:-1],
    "half a signature": GOOD[:-64],
    "a signature and more": GOOD + "00",
    "a signature with a space inside": GOOD[:-2] + "+" + GOOD[-2:],
    "a signature that is not hexadecimal": BODY + "&vnp_SecureHash=" + "g" * 128,
    "a signature of zeros": BODY + "&vnp_SecureHash=" + "0" * 128,
    "a signature by another secret": signed(PAID, "guessed"),
    "a signature with an empty secret": signed(PAID, ""),
    "a plain hash instead of a keyed one": f"{BODY}&vnp_SecureHash={digest(BODY, BODY)}",
    "the signature twice": f"{GOOD}&vnp_SecureHash={HASH}",
    "the amount twice": f"{GOOD}&vnp_Amount=20000000",
    "the amount twice, ours first": f"vnp_Amount=1&{GOOD}",
    "the reference twice": f"{GOOD}&vnp_TxnRef=other",
    "an empty name twice": f"{GOOD}&vnp_A=&vnp_A=",
    "the amount one higher": GOOD.replace("Amount=20000000", "Amount=20000001"),
    "the amount one lower": GOOD.replace("Amount=20000000", "Amount=19999999"),
    "the amount a hundredfold": GOOD.replace("Amount=20000000", "Amount=2000000000"),
    "the amount a hundredth": GOOD.replace("Amount=20000000", "Amount=200000"),
    "another reference": GOOD.replace("TxnRef=0195", "TxnRef=0196"),
    "another transaction": GOOD.replace("TransactionNo=14422574", "TransactionNo=14422575"),
    "another terminal": GOOD.replace("TmnCode=MOTCUA01", "TmnCode=MOTCUA02"),
    "another code": GOOD.replace("ResponseCode=00", "ResponseCode=24"),
    "another status": GOOD.replace("TransactionStatus=00", "TransactionStatus=02"),
    "another date": GOOD.replace("PayDate=2026", "PayDate=2025"),
    "a field left out": GOOD.replace("vnp_BankCode=NCB&", ""),
    "a field added": f"vnp_Extra=1&{GOOD}",
    "a field that is not VNPAY's": f"{GOOD}&amount=1",
    "another case of a name": GOOD.replace("vnp_Amount", "vnp_amount"),
    "a name in capitals": GOOD.replace("vnp_SecureHash", "VNP_SecureHash"),
    "a semicolon instead of an ampersand": GOOD.replace("&", ";"),
    "an empty pair": GOOD.replace("&", "&&", 1),
    "a name without a value": f"{GOOD}&vnp_Flag",
    "bad UTF-8": f"{GOOD}&vnp_X=%ff",
    "raw bytes that are not ASCII": f"{GOOD}&vnp_X=é",
    "more than is reasonable": f"{GOOD}&vnp_X={'x' * 5000}",
}


@pytest.mark.parametrize("query", UNVERIFIED.values(), ids=UNVERIFIED.keys())
def test_a_notification_that_nothing_proves_is_not_believed(query: str):
    with pytest.raises(UnverifiedNotification):
        parse(query)


def test_a_hash_type_in_the_message_chooses_nothing():
    md5 = f"{BODY}&vnp_SecureHashType=MD5&vnp_SecureHash={HASH[:32]}"
    with pytest.raises(UnverifiedNotification):
        parse(md5)
    assert parse(f"{GOOD}&vnp_SecureHashType=MD5") == parse(GOOD)


@given(position=st.integers(0, len(GOOD) - 1), byte=st.integers(0, 255))
def test_no_single_changed_byte_makes_another_payment(position: int, byte: int):
    raw = bytearray(GOOD.encode())
    raw[position] = byte
    try:
        statement = gateway().parse_notification(bytes(raw))
    except RefusedNotification:
        return
    assert statement == parse(GOOD)


@given(
    st.sampled_from(sorted(PAID)),
    st.text(max_size=24).filter(lambda t: t < "\ud800" or t > "\udfff"),
)
def test_no_field_can_be_changed_without_the_secret(name: str, value: str):
    mutated = signed(PAID | {name: value}, "guessed").partition("&vnp_SecureHash=")[0]
    if mutated == BODY:
        return
    with pytest.raises(UnverifiedNotification):
        parse(f"{mutated}&vnp_SecureHash={HASH}")


@given(st.binary(max_size=300))
def test_any_bytes_at_all_are_refused_in_order(raw: bytes):
    with pytest.raises(RefusedNotification):
        gateway().parse_notification(raw)


def test_the_order_of_the_pairs_and_the_case_of_the_signature_do_not_matter():
    pairs = GOOD.split("&")
    assert parse("&".join(reversed(pairs))) == parse(GOOD)
    assert parse(f"{BODY}&vnp_SecureHash={HASH.upper()}") == parse(GOOD)


def test_another_terminal_of_the_same_secret_has_no_order_here():
    with pytest.raises(ForeignNotification):
        parse(signed(PAID | {"vnp_TmnCode": "MOTCUA02"}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("vnp_Amount", "two"),
        ("vnp_Amount", "-20000000"),
        ("vnp_Amount", "20000000.0"),
        ("vnp_Amount", "20000001"),
        ("vnp_Amount", "٢٠٠٠٠٠٠٠"),
        ("vnp_Amount", ""),
        ("vnp_TransactionNo", "0"),
        ("vnp_TransactionNo", ""),
        ("vnp_TransactionNo", "1 OR 1=1"),
        ("vnp_PayDate", "yesterday"),
        ("vnp_ResponseCode", ""),
        ("vnp_ResponseCode", "<b>"),
        ("vnp_TransactionStatus", ""),
        ("vnp_TxnRef", ""),
    ],
)
def test_a_true_notification_with_a_field_against_the_specification(name: str, value: str):
    with pytest.raises(UnreadableNotification):
        parse(signed(PAID | {name: value}))


@pytest.mark.parametrize(
    ("reception", "code"),
    [
        (Reception.ACCEPTED, "00"),
        (Reception.UNKNOWN_ORDER, "01"),
        (Reception.REPEATED, "02"),
        (Reception.WRONG_AMOUNT, "04"),
        (Reception.UNVERIFIED, "97"),
        (Reception.UNREADABLE, "99"),
        (Reception.FAILED, "99"),
    ],
)
def test_every_reception_has_vnpays_answer(reception: Reception, code: str):
    answer = gateway().answer(reception)
    assert answer["RspCode"] == code
    assert answer["Message"]


def test_the_journal_keeps_the_message_without_its_signature():
    kept = gateway().redact(f"{GOOD}&vnp_X=é".encode())
    assert HASH not in kept
    assert "vnp_TxnRef=0195a1b2c3d47e5f8a9bacbdcedf0a1b" in kept
    assert len(gateway().redact(b"x" * 100_000)) <= 4096


def test_codes_are_explained_in_both_languages_and_unknown_ones_too():
    assert gateway().explain("24", Language.VIETNAMESE) == TEXTS["24"][0]
    assert gateway().explain("24", Language.ENGLISH) == TEXTS["24"][1]
    assert gateway().explain("?", Language.ENGLISH) == TEXTS["99"][1]
    assert set(STATUSES) <= set(TEXTS)
