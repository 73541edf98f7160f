"""Notifications over HTTP: what each is answered, and what it leaves on the books."""

import asyncio
import json
from datetime import timedelta
from hashlib import sha256
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY

from chassis.database import Database
from motcua_contracts.dossier import DossierWithdrawn
from motcua_contracts.types import ObligationKind
from payment import metrics
from payment.notifications import FORGERIES_A_MINUTE

from .scene import FEE, SECRET, Scene, digest, ended, obligation


async def reference_of(scene: Scene, dossier: str | None = None) -> tuple[str, str]:
    dossier = dossier or await scene.owe()
    return dossier, await scene.attempt(dossier)


async def books(scene: Scene) -> list[tuple[object, ...]]:
    return await scene.rows(
        "SELECT transaction_id, amount, suspended_for FROM gateway_transactions ORDER BY id"
    )


async def journal(scene: Scene) -> list[tuple[object, ...]]:
    return await scene.rows(
        "SELECT reception, reference, outcome FROM gateway_notifications ORDER BY id"
    )


async def test_a_verified_payment_settles_its_order(scene: Scene):
    dossier, reference = await reference_of(scene)
    assert await scene.notify(scene.vnpay.notification(reference)) == "00"
    assert await scene.announced(dossier) == ["requested", "succeeded", "receipt-issued"]
    order = await scene.order(dossier)
    succeeded = await scene.fact(dossier, "succeeded")
    assert order["state"] == "paid"
    assert succeeded["orderId"] == order["orderId"]
    assert succeeded["amount"] == FEE
    assert succeeded["gateway"] == "vnpay"
    assert succeeded["gatewayTransactionId"] == "14422574"
    assert succeeded["paidAt"] == "2026-03-02T08:03:12Z"
    assert await journal(scene) == [("accepted", reference, "paid")]


async def test_phi_and_le_phi_get_receipts_of_their_own_series(scene: Scene):
    fee = obligation(8_000, kind=ObligationKind.FEE)
    dossier, reference = await reference_of(scene, await scene.owe(obligation(), fee))
    amount = str((FEE + 8_000) * 100)
    assert await scene.notify(scene.vnpay.notification(reference, Amount=amount)) == "00"
    receipts = (await scene.order(dossier))["receipts"]
    assert {(r["template"], r["serial"], r["number"], r["amount"]) for r in receipts} == {
        ("01BLP0-001", "BI-26T", 1, FEE),
        ("01BLP0-001", "BL-26T", 1, 8_000),
    }
    assert (await scene.announced(dossier))[-2:] == ["receipt-issued"] * 2
    url = f"/v1/orders/{(await scene.order(dossier))['orderId']}/receipt"
    for receipt in receipts:
        asked = f"{url}?receiptId={receipt['receiptId']}"
        document = await scene.http.get(asked, headers=scene.token())
        assert sha256(document.content).hexdigest() == receipt["sha256"]


async def test_a_failed_payment_leaves_the_order_open_for_another_attempt(scene: Scene):
    dossier, first = await reference_of(scene)
    failed = {"ResponseCode": "24", "TransactionStatus": "02", "TransactionNo": "0"}
    assert await scene.notify(scene.vnpay.notification(first, **failed)) == "00"
    assert await scene.notify(scene.vnpay.notification(first, **failed)) == "02"
    fact = await scene.fact(dossier, "attempt-failed")
    assert fact["responseCode"] == "24"
    assert (await scene.order(dossier))["state"] == "open"
    _, second = await reference_of(scene, dossier)
    assert await scene.notify(scene.vnpay.notification(second)) == "00"
    assert (await scene.order(dossier))["state"] == "paid"


async def test_money_after_a_failure_of_the_same_attempt_is_money(scene: Scene):
    dossier, reference = await reference_of(scene)
    failed = {"ResponseCode": "75", "TransactionStatus": "02"}
    await scene.notify(scene.vnpay.notification(reference, **failed))
    assert await scene.notify(scene.vnpay.notification(reference)) == "00"
    assert (await scene.order(dossier))["state"] == "paid"


async def test_the_same_payment_fifty_times_at_once_is_one_payment(scene: Scene):
    dossier, reference = await reference_of(scene)
    query = scene.vnpay.notification(reference)
    answers = await asyncio.gather(*(scene.notify(query) for _ in range(50)))
    assert sorted(answers) == ["00"] + ["02"] * 49
    assert await scene.announced(dossier) == ["requested", "succeeded", "receipt-issued"]
    assert await books(scene) == [("14422574", FEE, None)]
    assert await scene.rows("SELECT number FROM receipts") == [(1,)]
    assert len(await journal(scene)) == 50


async def test_many_orders_paid_at_once_number_their_receipts_without_gaps(scene: Scene):
    queries: list[str] = []
    for number in range(20):
        _, reference = await reference_of(scene)
        queries.append(scene.vnpay.notification(reference, TransactionNo=str(1000 + number)))
    answers = await asyncio.gather(*(scene.notify(query) for query in queries * 2))
    assert sorted(answers) == ["00"] * 20 + ["02"] * 20
    numbers = await scene.rows("SELECT number FROM receipts ORDER BY number")
    assert numbers == [(n,) for n in range(1, 21)]


async def test_a_receipt_number_is_not_lost_with_its_transaction(scene: Scene):
    """The database refuses one payment halfway; its number goes to the next."""
    dossier, reference = await reference_of(scene)
    async with scene.service.database.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE receipts ADD CONSTRAINT no CHECK (false)")
    assert await scene.notify(scene.vnpay.notification(reference)) == "99"
    assert (await scene.order(dossier))["state"] == "open"
    async with scene.service.database.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE receipts DROP CONSTRAINT no")
    assert await scene.notify(scene.vnpay.notification(reference)) == "00"
    assert await scene.rows("SELECT number FROM receipts") == [(1,)]


@pytest.mark.parametrize("amount", ["20000100", "19999900", "100", "2000000000"])
async def test_a_wrong_amount_goes_to_suspense_once_and_pays_nothing(scene: Scene, amount: str):
    dossier, reference = await reference_of(scene)
    query = scene.vnpay.notification(reference, Amount=amount)
    assert [await scene.notify(query) for _ in range(3)] == ["04", "04", "04"]
    assert (await scene.order(dossier))["state"] == "open"
    assert await books(scene) == [("14422574", int(amount) // 100, "amount-differs")]
    assert await scene.announced(dossier) == ["requested", "suspended"]
    suspended = await scene.fact(dossier, "suspended")
    assert suspended["reasonCode"] == "amount-differs"
    assert suspended["amount"] == int(amount) // 100


async def test_a_gateway_that_corrects_its_amount_settles_the_order(scene: Scene):
    dossier, reference = await reference_of(scene)
    assert await scene.notify(scene.vnpay.notification(reference, Amount="100")) == "04"
    assert await scene.notify(scene.vnpay.notification(reference)) == "00"
    assert (await scene.order(dossier))["state"] == "paid"
    assert await books(scene) == [("14422574", FEE, None)]


async def test_a_second_payment_of_a_paid_order_goes_back(scene: Scene):
    dossier, first = await reference_of(scene)
    _, second = await reference_of(scene, dossier)
    assert await scene.notify(scene.vnpay.notification(first)) == "00"
    query = scene.vnpay.notification(second, TransactionNo="2")
    assert [await scene.notify(query) for _ in range(2)] == ["00", "02"]
    assert await books(scene) == [("14422574", FEE, None), ("2", FEE, "already-paid")]
    assert (await scene.announced(dossier))[-2:] == ["suspended", "refund-requested"]
    refund = await scene.fact(dossier, "refund-requested")
    assert (refund["amount"], refund["reasonCode"]) == (FEE, "already-paid")


async def test_a_second_transaction_under_the_same_reference_goes_back_too(scene: Scene):
    dossier, reference = await reference_of(scene)
    await scene.notify(scene.vnpay.notification(reference))
    await scene.notify(scene.vnpay.notification(reference, TransactionNo="2"))
    assert await books(scene) == [("14422574", FEE, None), ("2", FEE, "already-paid")]
    assert (await scene.order(dossier))["state"] == "paid"


async def test_a_transaction_of_another_order_pays_nothing(scene: Scene):
    _, first = await reference_of(scene)
    other, second = await reference_of(scene)
    await scene.notify(scene.vnpay.notification(first))
    assert await scene.notify(scene.vnpay.notification(second)) == "02"
    assert (await scene.order(other))["state"] == "open"


async def test_money_for_a_withdrawn_dossier_goes_back(scene: Scene):
    dossier, reference = await reference_of(scene)
    await scene.consume(ended(dossier, DossierWithdrawn))
    assert await scene.notify(scene.vnpay.notification(reference)) == "00"
    assert await scene.announced(dossier) == ["requested", "suspended", "refund-requested"]
    assert (await scene.fact(dossier, "suspended"))["reasonCode"] == "order-closed"


async def test_withdrawal_while_paying_ends_in_one_refund_whoever_comes_first(scene: Scene):
    for _ in range(5):
        dossier, reference = await reference_of(scene)
        number = str(uuid4().int % 10**12)
        query = scene.vnpay.notification(reference, TransactionNo=number)
        await asyncio.gather(scene.notify(query), scene.consume(ended(dossier, DossierWithdrawn)))
        await scene.notify(query)
        refund = await scene.fact(dossier, "refund-requested")
        assert refund["amount"] == FEE
        assert (await scene.order(dossier))["state"] in ("closed", "refunding")


async def test_an_order_that_is_not_visible_yet_is_answered_so_that_vnpay_tries_again(
    scene: Scene,
):
    query = scene.vnpay.notification("f" * 32)
    assert await scene.notify(query) == "01"
    assert await journal(scene) == [("unknown-order", "f" * 32, "paid")]
    assert await books(scene) == []


async def test_another_terminal_has_no_order_here(scene: Scene):
    _, reference = await reference_of(scene)
    assert await scene.notify(scene.vnpay.notification(reference, TmnCode="OTHER")) == "01"


async def test_a_true_notification_against_the_specification_is_told_so(scene: Scene):
    _, reference = await reference_of(scene)
    query = scene.vnpay.notification(reference, PayDate="today")
    assert await scene.notify(query) == "99"
    assert await journal(scene) == [("unreadable", None, None)]


async def test_forgeries_change_nothing_and_are_journaled(scene: Scene):
    dossier, reference = await reference_of(scene)
    good = scene.vnpay.notification(reference)
    body, _, signature = good.partition("&vnp_SecureHash=")
    forgeries = [
        "",
        body,
        f"{body}&vnp_SecureHash=",
        f"{body}&vnp_SecureHash={signature[:-1]}",
        f"{body}&vnp_SecureHash={digest('guessed')}",
        f"{good}&vnp_Amount=1",
        f"{good}&vnp_SecureHash={signature}",
        f"{good}&amount=1",
        good.replace("vnp_Amount=20000000", "vnp_Amount=100"),
        good.replace(reference, "f" * 32),
        f"{good}&vnp_X=%ff",
        f"{good}&vnp_X=%00",
    ]
    assert [await scene.notify(query) for query in forgeries] == ["97"] * len(forgeries)
    assert (await scene.order(dossier))["state"] == "open"
    assert await scene.announced(dossier) == ["requested"]
    assert await books(scene) == []
    raws = await scene.rows("SELECT raw FROM gateway_notifications")
    assert len(raws) == len(forgeries)
    assert not any(signature in raw for (raw,) in raws)


async def test_a_flood_of_forgeries_does_not_fill_the_journal(scene: Scene):
    dossier, reference = await reference_of(scene)
    flood = [f"forged={number}" for number in range(FORGERIES_A_MINUTE + 20)]
    assert {await scene.notify(query) for query in flood} == {"97"}
    assert len(await journal(scene)) == FORGERIES_A_MINUTE
    assert await scene.notify(scene.vnpay.notification(reference)) == "00"
    assert (await scene.order(dossier))["state"] == "paid"
    assert len(await journal(scene)) == FORGERIES_A_MINUTE + 1
    scene.clock.pass_by(timedelta(minutes=1))
    await scene.notify("forged=again")
    assert len(await journal(scene)) == FORGERIES_A_MINUTE + 2


async def test_a_notification_that_the_database_could_not_keep_is_asked_for_again(
    scene: Scene, database: Database
):
    dossier, reference = await reference_of(scene)
    url, query = scene.service.database, scene.vnpay.notification(reference)
    scene.service.database = Database("postgresql+asyncpg://nobody@127.0.0.1:1/none")
    assert await scene.notify(query) == "99"
    scene.service.database = url
    assert await scene.notify(query) == "00"
    assert (await scene.order(dossier))["state"] == "paid"


async def test_a_notification_that_meets_a_bug_of_ours_is_asked_for_again(scene: Scene):
    dossier, reference = await reference_of(scene)
    query = scene.vnpay.notification(reference)
    async with scene.service.database.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE receipts RENAME TO elsewhere")
    assert await scene.notify(query) == "99"
    assert await books(scene) == []
    async with scene.service.database.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO receipts")
    assert await scene.notify(query) == "00"
    assert await scene.announced(dossier) == ["requested", "succeeded", "receipt-issued"]


async def test_an_unknown_gateway_is_not_found(scene: Scene):
    assert (await scene.http.get("/v1/gateways/momo/ipn")).status_code == 404


async def test_the_receipt_that_is_fetched_is_the_one_that_was_announced(scene: Scene):
    dossier, reference = await reference_of(scene)
    order_id = (await scene.order(dossier))["orderId"]
    url = f"/v1/orders/{order_id}/receipt"
    assert (await scene.http.get(url, headers=scene.token())).status_code == 404
    await scene.notify(scene.vnpay.notification(reference))
    issued = await scene.fact(dossier, "receipt-issued")
    document = await scene.http.get(url, headers=scene.token())
    assert document.headers["content-type"] == "application/xhtml+xml"
    assert sha256(document.content).hexdigest() == issued["sha256"]
    assert "Hai trăm nghìn đồng" in document.text
    assert (issued["template"], issued["serial"], issued["number"]) == ("01BLP0-001", "BI-26T", 1)
    another = f"{url}?receiptId={uuid4()}"
    assert (await scene.http.get(another, headers=scene.token())).status_code == 404


async def test_every_notification_is_counted_by_what_it_met(scene: Scene):
    def counted(reception: str) -> float:
        labels = {"gateway": "vnpay", "reception": reception}
        return REGISTRY.get_sample_value(f"{metrics.NOTIFICATIONS._name}_total", labels) or 0

    _, reference = await reference_of(scene)
    before = {name: counted(name) for name in ("accepted", "repeated", "unverified")}
    query = scene.vnpay.notification(reference)
    for sent in (query, query, query[:-1]):
        await scene.notify(sent)
    assert {name: counted(name) - before[name] for name in before} == dict.fromkeys(before, 1)


async def test_no_event_and_no_journal_holds_a_secret_or_a_signature(scene: Scene):
    _, reference = await reference_of(scene)
    query = scene.vnpay.notification(reference)
    await scene.notify(query)
    kept = json.dumps(
        [
            [str(v) for v in row]
            for table in ("outbox", "gateway_notifications", "idempotency_keys")
            for row in await scene.rows(f"SELECT * FROM {table}")
        ]
    )
    assert reference in kept
    assert query.rpartition("=")[2] not in kept
    assert SECRET not in kept
