"""An order that ran out leaves nobody behind: what is due can be paid after all."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import httpx2
import pytest

from motcua_contracts.dossier import DossierRefused, DossierStopped, DossierWithdrawn
from motcua_contracts.envelope import EventData
from payment.sweeps import expire_orders

from .scene import FEE, Scene, ended, obligation

MINUTE = timedelta(minutes=1)


async def ask_for_order(scene: Scene, dossier: str, *, by: str = "citizen-dao") -> httpx2.Response:
    url = f"/v1/dossiers/{dossier}/orders"
    return await scene.http.post(url, headers=scene.token(by))


async def expired(scene: Scene) -> str:
    """A dossier whose order ran out unpaid."""
    due = obligation()
    dossier = await scene.owe(due)
    scene.clock.pass_by(timedelta(days=5) + MINUTE)
    assert await expire_orders(scene.service) == 1
    return dossier


async def test_an_order_that_ran_out_can_be_asked_for_again_and_paid(scene: Scene):
    dossier = await expired(scene)
    renewed = await ask_for_order(scene, dossier)
    assert renewed.status_code == 200, renewed.text
    assert (renewed.json()["state"], renewed.json()["amount"]) == ("open", FEE)
    assert renewed.json()["gateways"] == ["vnpay"]
    query = scene.vnpay.notification(await scene.attempt(dossier))
    assert await scene.notify(query) == "00"
    assert [order["state"] for order in await scene.orders(dossier)] == ["expired", "paid"]
    assert await scene.announced(dossier) == [
        "requested",
        "expired",
        "requested",
        "succeeded",
        "receipt-issued",
    ]
    succeeded = await scene.fact(dossier, "succeeded")
    assert succeeded["orderId"] == renewed.json()["orderId"]
    ((settled_by,),) = await scene.rows("SELECT settled_by FROM obligations")
    assert str(settled_by) == renewed.json()["orderId"]


async def test_money_that_came_too_late_goes_back_and_the_dossier_can_still_be_paid(scene: Scene):
    """The path on which verified money would leave its dossier waiting for ever."""
    dossier = await scene.owe()
    late = await scene.attempt(dossier)
    scene.clock.pass_by(timedelta(days=5) + MINUTE)
    await scene.inquiries.ask_due()
    assert await expire_orders(scene.service) == 1
    assert await scene.notify(scene.vnpay.notification(late)) == "00"
    assert (await scene.fact(dossier, "refund-requested"))["reasonCode"] == "order-expired"
    await ask_for_order(scene, dossier)
    again = await scene.attempt(dossier)
    assert await scene.notify(scene.vnpay.notification(again, TransactionNo="2")) == "00"
    assert (await scene.order(dossier))["state"] == "paid"
    assert (await scene.announced(dossier))[-2:] == ["succeeded", "receipt-issued"]


async def test_an_order_that_is_asked_for_again_leaves_time_to_pay_it(scene: Scene):
    dossier = await expired(scene)
    await ask_for_order(scene, dossier)
    scene.clock.pass_by(59 * MINUTE)
    assert await expire_orders(scene.service) == 0
    scene.clock.pass_by(2 * MINUTE)
    assert await expire_orders(scene.service) == 1
    assert (await ask_for_order(scene, dossier)).json()["state"] == "open"


async def test_asking_for_an_order_again_and_again_opens_one(scene: Scene):
    dossier = await expired(scene)
    answers = await asyncio.gather(*(ask_for_order(scene, dossier) for _ in range(10)))
    assert len({answer.json()["orderId"] for answer in answers}) == 1
    assert [order["state"] for order in await scene.orders(dossier)] == ["expired", "open"]
    assert await scene.announced(dossier) == ["requested", "expired", "requested"]


async def test_an_open_order_is_the_order_to_pay(scene: Scene):
    dossier = await scene.owe()
    assert (await ask_for_order(scene, dossier)).json() == await scene.order(dossier)
    assert await scene.announced(dossier) == ["requested"]


async def test_what_is_paid_is_not_due_again(scene: Scene):
    dossier = await scene.owe()
    await scene.notify(scene.vnpay.notification(await scene.attempt(dossier)))
    answer = await ask_for_order(scene, dossier)
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("/nothing-due")
    assert len(await scene.orders(dossier)) == 1


@pytest.mark.parametrize("end", [DossierWithdrawn, DossierRefused, DossierStopped])
async def test_a_dossier_that_is_over_owes_nothing(scene: Scene, end: type[EventData]):
    dossier = await expired(scene)
    await scene.consume(ended(dossier, end))
    assert (await ask_for_order(scene, dossier)).json()["type"].endswith("/nothing-due")
    assert [order["state"] for order in await scene.orders(dossier)] == ["expired"]


async def test_nobody_but_the_owner_asks_for_an_order(scene: Scene):
    dossier = await expired(scene)
    assert (await ask_for_order(scene, dossier, by="citizen-binh")).status_code == 404
    assert (await ask_for_order(scene, str(uuid4()))).status_code == 404
    assert len(await scene.orders(dossier)) == 1


async def test_what_intake_requires_once_more_after_the_order_ran_out_gets_its_order(scene: Scene):
    due = obligation()
    dossier = await scene.owe(due)
    scene.clock.pass_by(timedelta(days=5) + MINUTE)
    await expire_orders(scene.service)
    await scene.owe(due, dossier_id=dossier)
    assert [order["state"] for order in await scene.orders(dossier)] == ["expired", "open"]
