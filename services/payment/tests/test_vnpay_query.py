"""VNPAY's answers to queries: what each may mean, and when it means nothing."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import httpx2
import pytest

from payment.gateways.vnpay import Vnpay
from payment.ports import GatewayOutcome, GatewayStatement, OpenAttempt

from .vnpay_samples import NEXT_SECRET, NOW, PAID, SECRET, digest, gateway, parse, signed

ATTEMPT = OpenAttempt(
    reference=PAID["vnp_TxnRef"], started_at=NOW, expires_at=NOW + timedelta(minutes=15)
)

Reply = Callable[[httpx2.Request], httpx2.Response]
REPLY_ORDER = [
    "vnp_ResponseId", "vnp_Command", "vnp_ResponseCode", "vnp_Message", "vnp_TmnCode", "vnp_TxnRef",
    "vnp_Amount", "vnp_BankCode", "vnp_PayDate", "vnp_TransactionNo", "vnp_TransactionType",
    "vnp_TransactionStatus", "vnp_OrderInfo", "vnp_PromotionCode", "vnp_PromotionAmount",
]  # fmt: skip
FOUND = {
    "vnp_ResponseId": "5f1c",
    "vnp_Command": "querydr",
    "vnp_ResponseCode": "00",
    "vnp_Message": "QueryDR Success",
    "vnp_TmnCode": "MOTCUA01",
    "vnp_TxnRef": PAID["vnp_TxnRef"],
    "vnp_Amount": "20000000",
    "vnp_BankCode": "NCB",
    "vnp_PayDate": "20260302150312",
    "vnp_TransactionNo": "14422574",
    "vnp_TransactionType": "01",
    "vnp_TransactionStatus": "00",
    "vnp_OrderInfo": "Truy van",
}


def sealed(fields: dict[str, str], secret: str = NEXT_SECRET) -> dict[str, str]:
    text = "|".join(fields.get(name, "") for name in REPLY_ORDER)
    return fields | {"vnp_SecureHash": digest(text, secret)}


@asynccontextmanager
async def answering(reply: Reply, now: datetime = NOW) -> AsyncGenerator[Vnpay]:
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(reply)) as client:
        yield gateway(client, now)


async def ask(reply: object, now: datetime = NOW, status: int = 200) -> GatewayStatement:
    async with answering(lambda _: httpx2.Response(status, json=reply), now) as vnpay:
        return await vnpay.query(ATTEMPT)


async def test_a_query_is_signed_over_its_fields_in_vnpays_order():
    seen: list[dict[str, str]] = []

    def reply(request: httpx2.Request) -> httpx2.Response:
        seen.append(json.loads(request.content))
        return httpx2.Response(200, json=sealed(FOUND))

    async with answering(reply) as vnpay:
        await vnpay.query(ATTEMPT)
        await vnpay.query(ATTEMPT)
    first, second = seen
    names = (
        "RequestId", "Version", "Command", "TmnCode", "TxnRef", "TransactionDate", "CreateDate",
        "IpAddr", "OrderInfo",
    )  # fmt: skip
    text = "|".join(first[f"vnp_{name}"] for name in names)
    assert first["vnp_SecureHash"] == digest(text, NEXT_SECRET)
    assert first["vnp_Command"] == "querydr"
    assert first["vnp_TransactionDate"] == "20260302150000"
    assert first["vnp_RequestId"] != second["vnp_RequestId"]


async def test_a_query_and_a_notification_state_the_same_fact():
    assert await ask(sealed(FOUND)) == parse(signed(PAID))


@pytest.mark.parametrize("secret", [SECRET, NEXT_SECRET])
async def test_a_reply_signed_with_either_live_secret_is_believed(secret: str):
    assert (await ask(sealed(FOUND, secret))).outcome is GatewayOutcome.PAID


@pytest.mark.parametrize(
    ("fields", "outcome", "code"),
    [
        ({"vnp_TransactionStatus": "02"}, GatewayOutcome.FAILED, "02"),
        ({"vnp_TransactionStatus": "07"}, GatewayOutcome.PENDING, "07"),
        ({"vnp_TransactionStatus": "01"}, GatewayOutcome.PENDING, "01"),
        ({"vnp_ResponseCode": "91"}, GatewayOutcome.NOT_FOUND, "91"),
        ({"vnp_ResponseCode": "94"}, GatewayOutcome.UNKNOWN, "94"),
        ({"vnp_ResponseCode": "97"}, GatewayOutcome.UNKNOWN, "97"),
        ({"vnp_TxnRef": "another"}, GatewayOutcome.UNKNOWN, "foreign-reply"),
        ({"vnp_TmnCode": "MOTCUA02"}, GatewayOutcome.UNKNOWN, "foreign-reply"),
        ({"vnp_Amount": "x"}, GatewayOutcome.UNKNOWN, "ValueError"),
        ({"vnp_TransactionNo": ""}, GatewayOutcome.UNKNOWN, "ValueError"),
    ],
)
async def test_every_kind_of_reply(fields: dict[str, str], outcome: GatewayOutcome, code: str):
    statement = await ask(sealed(FOUND | fields))
    assert (statement.outcome, statement.code) == (outcome, code)


@pytest.mark.parametrize("name", [n for n in REPLY_ORDER if n in FOUND])
async def test_a_reply_with_one_field_changed_says_nothing(name: str):
    forged = sealed(FOUND) | {name: FOUND[name] + "0"}
    assert (await ask(forged)).outcome is GatewayOutcome.UNKNOWN


@pytest.mark.parametrize("kind", ["02", "03"])
async def test_a_refund_that_succeeded_is_no_payment(kind: str):
    refunded = FOUND | {"vnp_TransactionType": kind, "vnp_TransactionNo": "14422999"}
    assert (await ask(sealed(refunded))).outcome is GatewayOutcome.UNKNOWN


@pytest.mark.parametrize("signature", [None, "", "00", "0" * 128])
async def test_a_reply_without_a_good_signature_says_nothing(signature: str | None):
    forged = sealed(FOUND | {"vnp_ResponseCode": "91"}) | {"vnp_SecureHash": signature}
    assert (await ask(forged)).outcome is GatewayOutcome.UNKNOWN


async def test_a_page_that_nobody_finished_has_failed_after_its_time():
    incomplete = sealed(FOUND | {"vnp_TransactionStatus": "01"})
    ends = ATTEMPT.expires_at + timedelta(minutes=15)
    assert (await ask(incomplete, ends)).outcome is GatewayOutcome.PENDING
    late = await ask(incomplete, ends + timedelta(seconds=1))
    assert (late.outcome, late.code) == (GatewayOutcome.FAILED, "11")


@pytest.mark.parametrize("status", [301, 400, 500, 503])
async def test_a_status_that_is_not_ok_says_nothing(status: int):
    assert (await ask(sealed(FOUND), status=status)).outcome is GatewayOutcome.UNKNOWN


@pytest.mark.parametrize("reply", [[], "ok", None, 7, {}])
async def test_a_reply_that_is_no_object_says_nothing(reply: object):
    assert (await ask(reply)).outcome is GatewayOutcome.UNKNOWN


@pytest.mark.parametrize("content", [b"", b"<html>", b"\xff\xfe", b"[" * 50_000, b"1" * 100_000])
async def test_a_reply_that_is_no_json_says_nothing(content: bytes):
    async with answering(lambda _: httpx2.Response(200, content=content)) as vnpay:
        assert (await vnpay.query(ATTEMPT)).outcome is GatewayOutcome.UNKNOWN


async def test_a_gateway_that_cannot_be_reached_says_nothing():
    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused", request=request)

    async with answering(refuse) as vnpay:
        assert (await vnpay.query(ATTEMPT)).outcome is GatewayOutcome.UNKNOWN


async def test_a_gateway_that_does_not_answer_in_time_says_nothing():
    async def never(_: httpx2.Request) -> httpx2.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(never)) as client:
        statement = await gateway(client).query(ATTEMPT)
    assert (statement.outcome, statement.code) == (GatewayOutcome.UNKNOWN, "TimeoutError")
