"""Questions to the gateway, the end of orders, and money that met no order."""

import asyncio
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from payment.inquiries import Inquiries
from payment.sweeps import STRAY_AFTER, UNPROVEN_KEPT, expire_orders, purge_journal, suspend_strays

from .scene import FEE, Scene, obligation

MINUTE = timedelta(minutes=1)


async def state(scene: Scene, reference: str) -> tuple[object, ...]:
    rows = await scene.rows(
        "SELECT state, next_query_at IS NULL FROM attempts WHERE reference = $1", reference
    )
    return rows[0]


async def test_a_payment_whose_notification_never_came_is_found_by_asking(scene: Scene):
    dossier = await scene.owe()
    reference = await scene.attempt(dossier)
    scene.vnpay.transact(reference)
    assert await scene.inquiries.ask_due() == 0
    scene.clock.pass_by(6 * MINUTE)
    assert await scene.inquiries.ask_due() == 1
    assert await scene.announced(dossier) == ["requested", "succeeded", "receipt-issued"]
    assert await state(scene, reference) == ("paid", True)


async def test_the_same_fact_by_notification_query_and_return_is_one_payment(scene: Scene):
    dossier = await scene.owe()
    reference = await scene.attempt(dossier)
    query = scene.vnpay.notification(reference)
    scene.clock.pass_by(6 * MINUTE)
    await asyncio.gather(
        scene.notify(query),
        scene.inquiries.ask_due(),
        scene.inquiries.ask_now(reference, "vnpay"),
        scene.http.get(f"/v1/gateways/vnpay/return?{query}"),
        scene.notify(query),
    )
    assert await scene.announced(dossier) == ["requested", "succeeded", "receipt-issued"]
    assert len(await scene.rows("SELECT * FROM gateway_transactions")) == 1


async def test_an_attempt_that_nobody_finished_lapses_after_its_time(scene: Scene):
    dossier = await scene.owe()
    reference = await scene.attempt(dossier)
    for _ in range(5):
        assert await state(scene, reference) == ("started", False)
        scene.clock.pass_by(6 * MINUTE)
        await scene.inquiries.ask_due()
    scene.clock.pass_by(6 * MINUTE)
    await scene.inquiries.ask_due()
    assert await state(scene, reference) == ("lapsed", True)
    assert (await scene.fact(dossier, "attempt-failed"))["responseCode"] == "91"
    assert (await scene.order(dossier))["state"] == "open"


async def test_a_gateway_that_is_away_is_asked_more_and_more_seldom(scene: Scene):
    dossier = await scene.owe(obligation(due=timedelta(days=30)))
    reference = await scene.attempt(dossier)
    scene.vnpay.away = True
    for _ in range(24 * 12):
        scene.clock.pass_by(5 * MINUTE)
        await scene.inquiries.ask_due()
    assert 6 <= len(scene.vnpay.queries) <= 16
    assert await state(scene, reference) == ("started", False)
    scene.vnpay.away = False
    scene.vnpay.transact(reference)
    scene.clock.pass_by(timedelta(hours=6))
    await scene.inquiries.ask_due()
    assert (await scene.order(dossier))["state"] == "paid"


async def test_a_payer_who_reloads_the_page_does_not_delay_our_own_questions(scene: Scene):
    dossier = await scene.owe()
    reference = await scene.attempt(dossier)
    scene.vnpay.away = True
    for _ in range(10):
        scene.clock.pass_by(timedelta(seconds=11))
        await scene.inquiries.ask_now(reference, "vnpay")
    assert len(scene.vnpay.queries) == 10
    scene.vnpay.away = False
    scene.vnpay.transact(reference)
    scene.clock.pass_by(4 * MINUTE)
    await scene.inquiries.ask_due()
    assert (await scene.order(dossier))["state"] == "paid"


async def test_a_question_that_fails_leaves_the_others_to_be_asked(scene: Scene):
    """What a gateway says of one attempt meets a bug of ours."""
    unlucky, lucky = await scene.owe(), await scene.owe()
    for number, dossier in enumerate((unlucky, lucky)):
        scene.vnpay.transact(await scene.attempt(dossier), TransactionNo=str(number + 1))
    async with scene.service.database.engine.begin() as connection:
        await connection.exec_driver_sql(
            "ALTER TABLE gateway_transactions ADD CHECK (transaction_id <> '1')"
        )
    scene.clock.pass_by(6 * MINUTE)
    with pytest.raises(ExceptionGroup, match="could not be asked about"):
        await scene.inquiries.ask_due()
    assert (await scene.order(lucky))["state"] == "paid"
    assert (await scene.order(unlucky))["state"] == "open"


async def test_replicas_ask_about_an_attempt_once(scene: Scene):
    for _ in range(6):
        await scene.attempt(await scene.owe())
    scene.clock.pass_by(6 * MINUTE)
    await asyncio.gather(*(scene.inquiries.ask_due() for _ in range(4)))
    assert len(scene.vnpay.queries) == len(set(scene.vnpay.queries)) == 6


async def test_an_order_that_nobody_tried_to_pay_expires(scene: Scene):
    dossier = await scene.owe()
    scene.clock.pass_by(timedelta(days=5))
    assert await expire_orders(scene.service) == 0
    scene.clock.pass_by(MINUTE)
    assert await expire_orders(scene.service) == 1
    assert await expire_orders(scene.service) == 0
    assert await scene.announced(dossier) == ["requested", "expired"]
    assert (await scene.order(dossier))["state"] == "expired"


async def test_a_payment_at_the_last_minute_is_found_before_the_order_expires(scene: Scene):
    dossier = await scene.owe()
    scene.clock.pass_by(timedelta(days=5) - 2 * MINUTE)
    reference = await scene.attempt(dossier)
    scene.vnpay.transact(reference)
    scene.clock.pass_by(3 * MINUTE)
    assert await expire_orders(scene.service) == 0
    scene.clock.pass_by(6 * MINUTE)
    await scene.inquiries.ask_due()
    assert await expire_orders(scene.service) == 0
    assert (await scene.order(dossier))["state"] == "paid"


async def test_an_unfinished_attempt_lets_the_order_expire_once_it_is_decided(scene: Scene):
    dossier = await scene.owe()
    scene.clock.pass_by(timedelta(days=5) - 2 * MINUTE)
    await scene.attempt(dossier)
    scene.clock.pass_by(20 * MINUTE)
    await scene.inquiries.ask_due()
    assert await expire_orders(scene.service) == 1
    assert await scene.announced(dossier) == ["requested", "attempt-failed", "expired"]


async def test_a_gateway_in_doubt_holds_the_order_open_but_not_for_ever(scene: Scene):
    dossier = await scene.owe()
    scene.clock.pass_by(timedelta(days=5) - 2 * MINUTE)
    reference = await scene.attempt(dossier)
    scene.vnpay.away = True
    scene.clock.pass_by(timedelta(hours=20))
    await scene.inquiries.ask_due()
    assert await expire_orders(scene.service) == 0
    scene.clock.pass_by(timedelta(hours=6))
    await scene.inquiries.ask_due()
    assert await expire_orders(scene.service) == 1
    assert (await scene.order(dossier))["state"] == "expired"
    scene.vnpay.away = False
    scene.vnpay.transact(reference)
    scene.clock.pass_by(timedelta(hours=7))
    await scene.inquiries.ask_due()
    assert (await scene.announced(dossier))[-2:] == ["suspended", "refund-requested"]


async def test_orders_in_doubt_do_not_keep_others_from_expiring(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("payment.sweeps.AT_ONCE", 2)
    for _ in range(3):
        await scene.attempt(await scene.owe(obligation(due=timedelta(hours=1))))
    dossiers = [await scene.owe(obligation(due=timedelta(hours=2))) for _ in range(3)]
    scene.vnpay.away = True
    scene.clock.pass_by(timedelta(hours=3))
    assert await expire_orders(scene.service) == 3
    assert {(await scene.order(dossier))["state"] for dossier in dossiers} == {"expired"}


async def test_money_after_expiry_goes_back(scene: Scene):
    dossier = await scene.owe()
    reference = await scene.attempt(dossier)
    scene.clock.pass_by(timedelta(days=5) + MINUTE)
    await scene.inquiries.ask_due()
    assert await expire_orders(scene.service) == 1
    assert await scene.notify(scene.vnpay.notification(reference)) == "00"
    assert (await scene.fact(dossier, "suspended"))["reasonCode"] == "order-expired"
    assert (await scene.fact(dossier, "refund-requested"))["amount"] == FEE
    assert (await scene.order(dossier))["state"] == "expired"


async def test_payment_and_expiry_at_once_end_in_exactly_one_of_the_two(scene: Scene):
    for number in range(8):
        dossier = await scene.owe(obligation(due=timedelta(days=5 + number)))
        reference = await scene.attempt(dossier)
        failed = {"ResponseCode": "75", "TransactionStatus": "02"}
        await scene.notify(scene.vnpay.notification(reference, **failed))
        scene.clock.now = scene.clock.now + timedelta(days=30)
        query = scene.vnpay.notification(reference, TransactionNo=str(900 + number))
        await asyncio.gather(scene.notify(query), expire_orders(scene.service))
        facts = (await scene.announced(dossier))[2:]
        assert facts in (
            ["succeeded", "receipt-issued"],
            ["expired", "suspended", "refund-requested"],
        )
        scene.clock.now = scene.clock.now - timedelta(days=30)


async def test_verified_money_for_no_order_of_ours_goes_to_suspense_in_the_end(scene: Scene):
    query = scene.vnpay.notification("f" * 32)
    await scene.notify(query)
    await scene.notify(query)
    assert await suspend_strays(scene.service) == 0
    scene.clock.pass_by(STRAY_AFTER + MINUTE)
    assert await suspend_strays(scene.service) == 1
    assert await suspend_strays(scene.service) == 0
    ((subject, kind),) = await scene.rows("SELECT subject, headers ->> 'ce_type' FROM outbox")
    assert kind == "vn.motcua.payment.suspended.v1"
    suspended = await scene.fact(subject, "suspended")
    assert suspended["reasonCode"] == "unknown-order"
    assert suspended["suspenseId"] == subject
    assert "dossierId" not in suspended


async def test_the_journal_forgets_what_nothing_proved(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("payment.sweeps.AT_ONCE", 2)
    for _ in range(5):
        await scene.notify("forged=1")
    await scene.notify(scene.vnpay.notification("f" * 32))
    assert await purge_journal(scene.service) == 0
    scene.clock.pass_by(UNPROVEN_KEPT + MINUTE)
    assert await purge_journal(scene.service) == 5
    assert await scene.rows("SELECT reception FROM gateway_notifications") == [("unknown-order",)]


async def test_an_attempt_at_a_gateway_that_is_gone_waits(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
):
    await scene.attempt(await scene.owe())
    monkeypatch.setattr(scene.inquiries, "_gateways", {})
    scene.clock.pass_by(6 * MINUTE)
    assert await scene.inquiries.ask_due() == 1
    assert scene.vnpay.queries == []


async def test_an_attempt_whose_gateway_is_not_set_up_is_counted(scene: Scene):
    """Nobody asks what became of its money, so somebody has to be told."""
    labels = {"gateway": "vnpay"}
    before = REGISTRY.get_sample_value("motcua_payment_unasked_attempts_total", labels) or 0
    await scene.attempt(await scene.owe())
    scene.clock.pass_by(timedelta(minutes=6))
    assert await Inquiries(scene.service, {}).ask_due() == 1
    assert scene.vnpay.queries == []
    after = REGISTRY.get_sample_value("motcua_payment_unasked_attempts_total", labels)
    assert after == before + 1
