"""Who may see and pay what over HTTP."""

import asyncio
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from sqlalchemy import event

from chassis.access import Role
from chassis.testing.access import assert_guarded
from motcua_contracts.dossier import DossierWithdrawn
from payment.domain import UNDECIDED_ATTEMPTS

from .scene import FEE, START, Scene, ended, obligation


def test_only_what_proves_itself_is_open_without_a_token(scene: Scene):
    assert_guarded(
        scene.service.http,
        public=(
            "GET /livez",
            "GET /readyz",
            "GET /metrics",
            "GET /v1/gateways/{gateway}/ipn",
            "GET /v1/gateways/{gateway}/return",
        ),
    )


async def test_the_owner_gets_a_pay_url_for_the_open_order(scene: Scene):
    order = await scene.order(await scene.owe())
    started = await scene.start(order["orderId"], language="en")
    assert started.status_code == 201
    sent = started.json()
    assert set(sent) == {"attemptId", "txnRef", "expiresAt", "payUrl"}
    assert sent["expiresAt"] == "2026-03-02T08:15:00Z"
    assert sent["payUrl"].startswith("https://vnpay.test/paymentv2/vpcpay.html?")
    fields = parse_qs(urlsplit(sent["payUrl"]).query)
    assert fields["vnp_TxnRef"] == [sent["txnRef"]]
    assert fields["vnp_Amount"] == [str(FEE * 100)]
    assert fields["vnp_Locale"] == ["en"]
    assert fields["vnp_ReturnUrl"] == ["https://motcua.test/v1/gateways/vnpay/return"]
    assert fields["vnp_OrderInfo"] == ["Nop phi ho so H42.10-20260302-0000001"]


async def test_the_same_key_starts_one_attempt(scene: Scene):
    order = await scene.order(await scene.owe())
    answers = await asyncio.gather(*(scene.start(order["orderId"], "key") for _ in range(10)))
    assert {a.status_code for a in answers} == {201}
    assert len({a.text for a in answers}) == 1
    assert len(await scene.rows("SELECT * FROM attempts")) == 1


async def test_the_same_key_for_another_request_is_refused(scene: Scene):
    order = await scene.order(await scene.owe())
    await scene.start(order["orderId"], "key")
    other = await scene.start(order["orderId"], "key", language="en")
    assert other.status_code == 422
    assert other.json()["type"].endswith("idempotency-key-reused")


async def test_an_attempt_needs_a_key(scene: Scene):
    order = await scene.order(await scene.owe())
    url = f"/v1/orders/{order['orderId']}/attempts"
    answer = await scene.http.post(url, json={"gateway": "vnpay"}, headers=scene.token())
    assert answer.status_code == 400


async def test_the_pay_url_and_the_payers_address_are_not_kept(scene: Scene):
    order = await scene.order(await scene.owe())
    sent = (await scene.start(order["orderId"])).json()
    ((body,),) = await scene.rows("SELECT body FROM idempotency_keys")
    assert body == sent["attemptId"]


async def test_what_is_not_offered_cannot_be_asked_for(scene: Scene):
    order = await scene.order(await scene.owe())
    wrong: list[dict[str, str]] = [
        {"gateway": "momo"},
        {"gateway": ""},
        {"language": "fr"},
        {"amount": "1"},
    ]
    for sent in wrong:
        assert (await scene.start(order["orderId"], **sent)).status_code in (400, 422)
    assert await scene.rows("SELECT * FROM attempts") == []


async def test_an_order_that_is_over_takes_no_attempt(scene: Scene):
    dossier = await scene.owe()
    order = await scene.order(dossier)
    await scene.consume(ended(dossier, DossierWithdrawn))
    refused = await scene.start(order["orderId"])
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (
        409,
        "order-not-open",
    )


async def test_no_attempt_starts_at_the_very_end_of_an_order(scene: Scene):
    order = await scene.order(await scene.owe())
    scene.clock.pass_by(timedelta(days=5) - timedelta(seconds=30))
    refused = await scene.start(order["orderId"])
    assert refused.json()["type"].endswith("/order-expiring")


async def test_attempts_that_are_not_decided_are_bounded(scene: Scene):
    order = await scene.order(await scene.owe())
    for _ in range(UNDECIDED_ATTEMPTS):
        assert (await scene.start(order["orderId"])).status_code == 201
    refused = await scene.start(order["orderId"])
    assert refused.json()["type"].endswith("/too-many-attempts")


async def test_somebody_who_failed_many_times_can_still_pay(scene: Scene):
    dossier = await scene.owe()
    failed = {"ResponseCode": "51", "TransactionStatus": "02", "TransactionNo": "0"}
    for _ in range(UNDECIDED_ATTEMPTS * 3):
        await scene.notify(scene.vnpay.notification(await scene.attempt(dossier), **failed))
    await scene.notify(scene.vnpay.notification(await scene.attempt(dossier)))
    assert (await scene.order(dossier))["state"] == "paid"


async def test_a_key_that_is_used_again_gives_no_page_for_an_order_that_is_paid(scene: Scene):
    dossier = await scene.owe()
    order = (await scene.order(dossier))["orderId"]
    assert (await scene.start(order, "key")).status_code == 201
    await scene.notify(scene.vnpay.notification(await scene.attempt(dossier)))
    refused = await scene.start(order, "key")
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (
        409,
        "order-not-open",
    )


async def test_a_key_that_is_used_again_waits_for_nobody(scene: Scene):
    """Whoever decides about the order holds its lock, and wants the attempt's next."""
    order = (await scene.order(await scene.owe()))["orderId"]
    first = await scene.start(order, "key")
    async with scene.service.database.engine.begin() as deciding:
        await deciding.exec_driver_sql("SELECT * FROM orders FOR UPDATE")
        async with asyncio.timeout(5):
            again = await scene.start(order, "key")
    assert again.json() == first.json()


async def test_an_order_too_large_for_the_gateway_starts_no_attempt(scene: Scene):
    order = await scene.order(await scene.owe(obligation(10_000_000_000)))
    refused = await scene.start(order["orderId"])
    assert refused.status_code == 409
    assert refused.json()["type"].endswith("/amount-not-taken")
    assert await scene.rows("SELECT * FROM attempts") == []


async def test_orders_are_shown_in_as_many_queries_however_many_they_are(scene: Scene):
    async def queries() -> int:
        asked: list[str] = []
        engine = scene.service.database.engine.sync_engine

        def note(*arguments: Any) -> None:
            asked.append(arguments[2])

        event.listen(engine, "before_cursor_execute", note)
        await scene.orders(dossier)
        event.remove(engine, "before_cursor_execute", note)
        return len(asked)

    due = obligation()
    dossier = await scene.owe(due)
    one = await queries()
    for amount in (1_000, 2_000, 3_000):
        await scene.owe(due.model_copy(update={"amount": amount}), dossier_id=dossier)
    assert len(await scene.orders(dossier)) == 4
    assert await queries() == one


async def test_nobody_else_learns_that_an_order_exists(scene: Scene):
    dossier = await scene.owe()
    order = (await scene.order(dossier))["orderId"]
    stranger = scene.token("citizen-binh") | {"Idempotency-Key": "k"}
    posted = await scene.http.post(
        f"/v1/orders/{order}/attempts", json={"gateway": "vnpay"}, headers=stranger
    )
    got = [
        await scene.http.get(url, headers=stranger)
        for url in (
            f"/v1/dossiers/{dossier}/orders",
            f"/v1/orders/{order}",
            f"/v1/orders/{order}/receipt",
        )
    ]
    unknown = await scene.http.get(f"/v1/orders/{uuid4()}", headers=stranger)
    assert [answer.status_code for answer in (posted, *got, unknown)] == [404] * 5
    assert {answer.json()["detail"] for answer in (*got, unknown)} == {unknown.json()["detail"]}


async def test_a_token_is_needed_and_it_must_be_a_citizens_or_an_officers(scene: Scene):
    order = (await scene.order(await scene.owe()))["orderId"]
    url = f"/v1/orders/{order}"
    assert (await scene.http.get(url)).status_code == 401
    for role in (Role.SIGNER, Role.AGENCY_SYSTEM, Role.OPERATOR):
        answer = await scene.http.get(url, headers=scene.token("citizen-dao", role))
        assert answer.status_code == 403


async def test_an_id_that_is_none_is_refused_in_order(scene: Scene):
    for order in ("x", "1", "0" * 36, "%00", "..%2f.."):
        answer = await scene.http.get(f"/v1/orders/{order}", headers=scene.token())
        assert answer.status_code in (404, 422)


async def test_an_order_shows_its_receipts_once_it_is_paid(scene: Scene):
    dossier = await scene.owe()
    assert (await scene.order(dossier))["receipts"] == []
    await scene.notify(scene.vnpay.notification(await scene.attempt(dossier)))
    order_id = (await scene.order(dossier))["orderId"]
    order = (await scene.http.get(f"/v1/orders/{order_id}", headers=scene.token())).json()
    (receipt,) = order["receipts"]
    issued = await scene.fact(dossier, "receipt-issued")
    assert {k: receipt[k] for k in ("receiptId", "number", "sha256", "amount")} == {
        k: issued[k] for k in ("receiptId", "number", "sha256", "amount")
    }
    assert order["state"] == "paid"
    assert order["gateways"] == []
    assert order["openedAt"] == START.isoformat().replace("+00:00", "Z")
