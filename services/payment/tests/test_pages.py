"""The page a payer comes back to: it shows what we know, and changes nothing."""

from datetime import timedelta

from .scene import Scene


async def page(scene: Scene, query: str) -> str:
    answer = await scene.http.get(f"/v1/gateways/vnpay/return?{query}")
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    return answer.text


async def test_a_return_that_says_paid_proves_nothing_while_the_gateway_knows_nothing(scene: Scene):
    dossier = await scene.owe()
    query = scene.vnpay.notification(await scene.attempt(dossier))
    scene.vnpay.known.clear()
    shown = await page(scene, query)
    assert "Đang chờ" in shown
    assert "http-equiv" in shown
    assert (await scene.order(dossier))["state"] == "open"
    assert await scene.announced(dossier) == ["requested"]


async def test_a_return_makes_us_ask_the_gateway_whose_answer_counts(scene: Scene):
    dossier = await scene.owe()
    query = scene.vnpay.notification(await scene.attempt(dossier))
    assert "Đã thanh toán" in await page(scene, query)
    assert (await scene.order(dossier))["state"] == "paid"


async def test_a_page_that_is_loaded_over_and_over_does_not_pester_the_gateway(scene: Scene):
    reference = await scene.attempt(await scene.owe())
    query = scene.vnpay.notification(reference)
    scene.vnpay.known.clear()
    for _ in range(5):
        await page(scene, query)
    assert scene.vnpay.queries == [reference]
    scene.clock.pass_by(timedelta(seconds=11))
    await page(scene, query)
    assert scene.vnpay.queries == [reference] * 2


async def test_a_page_left_open_asks_nothing_once_the_attempt_is_over(scene: Scene):
    reference = await scene.attempt(await scene.owe())
    query = scene.vnpay.notification(reference, TransactionStatus="07")
    await page(scene, query)
    scene.clock.pass_by(timedelta(minutes=31))
    assert "Đang chờ" in await page(scene, query)
    assert scene.vnpay.queries == [reference]


async def test_a_gateway_that_is_away_does_not_break_the_page(scene: Scene):
    query = scene.vnpay.notification(await scene.attempt(await scene.owe()))
    scene.vnpay.away = True
    assert "Đang chờ" in await page(scene, query)


async def test_a_cancelled_payment_says_so_and_offers_another_try(scene: Scene):
    dossier = await scene.owe()
    reference = await scene.attempt(dossier)
    cancelled = {"ResponseCode": "24", "TransactionStatus": "02", "TransactionNo": "0"}
    query = scene.vnpay.notification(reference, **cancelled)
    await scene.notify(query)
    shown = await page(scene, query)
    assert "không thành công" in shown
    assert "hủy giao dịch" in shown
    assert "thanh toán lại" in shown


async def test_money_in_suspense_is_not_called_a_success(scene: Scene):
    reference = await scene.attempt(await scene.owe())
    query = scene.vnpay.notification(reference, Amount="100")
    await scene.notify(query)
    assert "chưa khớp" in await page(scene, query)


async def test_a_forged_return_shows_nothing_of_anybody(scene: Scene):
    dossier = await scene.owe()
    query = scene.vnpay.notification(await scene.attempt(dossier))
    shown = await page(scene, query[:-1])
    assert "H42.10" not in shown
    assert "không hợp lệ" in shown
    assert await scene.rows("SELECT * FROM gateway_notifications") == []


async def test_a_true_return_of_an_unknown_attempt_is_not_found(scene: Scene):
    query = scene.vnpay.notification("f" * 32)
    assert (await scene.http.get(f"/v1/gateways/vnpay/return?{query}")).status_code == 404
