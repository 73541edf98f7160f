"""Orders open, change and end with their dossier."""

from datetime import timedelta
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY

from chassis.testing.records import event
from motcua_contracts.dossier import DossierRefused, DossierStopped, DossierWithdrawn
from motcua_contracts.envelope import EventData
from motcua_contracts.types import ObligationKind
from payment.handlers import handle_payment_required

from .scene import FEE, START, Scene, ended, obligation, required


async def test_a_dossier_that_owes_gets_one_order_for_all_of_it(scene: Scene):
    fee = obligation(8_000, kind=ObligationKind.FEE, due=timedelta(days=3))
    charge = obligation()
    dossier = await scene.owe(charge, fee)
    (order,) = await scene.orders(dossier)
    assert order["state"] == "open"
    assert order["amount"] == FEE + 8_000
    assert order["gateways"] == ["vnpay"]
    requested = await scene.fact(dossier, "requested")
    assert requested["orderId"] == order["orderId"]
    assert requested["amount"] == FEE + 8_000
    assert set(requested["obligationIds"]) == {charge.obligation_id, fee.obligation_id}
    assert requested["expiresAt"] == "2026-03-05T08:00:00Z"
    assert requested["gateways"] == ["vnpay"]


async def test_the_amount_is_what_the_obligations_say_not_what_the_sum_claims(scene: Scene):
    dossier = str(uuid4())
    fact = required(dossier, obligation()).model_copy(update={"total": 1})
    await scene.consume(fact)
    assert (await scene.order(dossier))["amount"] == FEE


async def test_nothing_due_opens_no_order(scene: Scene):
    dossier = str(uuid4())
    fact = required(dossier, obligation()).model_copy(update={"obligations": (obligation(0),)})
    await scene.consume(fact)
    assert await scene.announced(dossier) == []
    assert await scene.orders(dossier) == []


async def test_the_same_obligations_required_again_change_nothing(scene: Scene):
    due = obligation()
    dossier = await scene.owe(due)
    await scene.owe(due, dossier_id=dossier)
    assert await scene.announced(dossier) == ["requested"]


async def test_the_same_obligations_in_another_order_change_nothing(scene: Scene):
    """A closed order sends back what somebody is just paying."""
    first, second = obligation(), obligation(30_000)
    dossier = await scene.owe(first, second)
    await scene.owe(second, first, dossier_id=dossier)
    assert await scene.announced(dossier) == ["requested"]


async def test_an_obligation_that_is_exempt_is_settled_with_the_others_and_gets_no_receipt(
    scene: Scene,
):
    """A dossier goes on once all that it waits for is named as paid."""
    charge, exempt = obligation(), obligation(0, kind=ObligationKind.FEE)
    dossier = await scene.owe(charge, exempt)
    assert (await scene.order(dossier))["amount"] == FEE
    await scene.notify(scene.vnpay.notification(await scene.attempt(dossier)))
    succeeded = await scene.fact(dossier, "succeeded")
    assert set(succeeded["obligationIds"]) == {charge.obligation_id, exempt.obligation_id}
    assert await scene.announced(dossier) == ["requested", "succeeded", "receipt-issued"]
    (receipt,) = (await scene.order(dossier))["receipts"]
    assert (receipt["serial"], receipt["amount"]) == ("BI-26T", FEE)


async def test_other_amounts_close_the_order_and_open_another(scene: Scene):
    due = obligation()
    dossier = await scene.owe(due)
    await scene.owe(due.model_copy(update={"amount": 50_000}), dossier_id=dossier)
    old, new = await scene.orders(dossier)
    assert (old["state"], old["amount"]) == ("closed", FEE)
    assert (new["state"], new["amount"]) == ("open", 50_000)
    assert await scene.announced(dossier) == ["requested", "requested"]


async def test_what_was_paid_is_not_asked_for_again(scene: Scene):
    first = obligation()
    dossier = await scene.owe(first)
    await scene.notify(scene.vnpay.notification(await scene.attempt(dossier)))
    second = obligation(30_000)
    await scene.owe(first, second, dossier_id=dossier)
    paid, open_ = await scene.orders(dossier)
    assert paid["state"] == "paid"
    assert (open_["state"], open_["amount"]) == ("open", 30_000)
    await scene.owe(first, dossier_id=dossier)
    assert [o["state"] for o in await scene.orders(dossier)] == ["paid", "closed"]


@pytest.mark.parametrize("end", [DossierWithdrawn, DossierRefused, DossierStopped])
async def test_a_dossier_that_ends_unpaid_closes_its_order_in_silence(
    scene: Scene, end: type[EventData]
):
    dossier = await scene.owe()
    await scene.consume(ended(dossier, end))
    assert (await scene.order(dossier))["state"] == "closed"
    assert await scene.announced(dossier) == ["requested"]


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (DossierWithdrawn, "dossier-withdrawn"),
        (DossierRefused, "dossier-refused"),
        (DossierStopped, "dossier-stopped"),
    ],
)
async def test_a_dossier_that_ends_paid_gets_its_money_back_once(
    scene: Scene, end: type[EventData], reason: str
):
    dossier = await scene.owe()
    await scene.notify(scene.vnpay.notification(await scene.attempt(dossier)))
    await scene.consume(ended(dossier, end))
    await scene.consume(ended(dossier, end))
    assert (await scene.order(dossier))["state"] == "refunding"
    refund = await scene.fact(dossier, "refund-requested")
    assert (refund["amount"], refund["reasonCode"]) == (FEE, reason)


async def test_a_dossier_and_its_end_in_one_batch(scene: Scene):
    dossier = str(uuid4())
    await scene.consume(required(dossier, obligation()), ended(dossier, DossierWithdrawn))
    assert (await scene.order(dossier))["state"] == "closed"


async def test_a_dossier_that_is_over_owes_nothing_more(scene: Scene):
    dossier = await scene.owe()
    await scene.consume(ended(dossier, DossierWithdrawn))
    await scene.owe(dossier_id=dossier)
    assert [o["state"] for o in await scene.orders(dossier)] == ["closed"]


async def test_the_end_of_a_dossier_that_owed_nothing_is_no_news(scene: Scene):
    dossier = str(uuid4())
    await scene.consume(ended(dossier, DossierWithdrawn))
    assert await scene.rows("SELECT * FROM dossiers") == []
    assert await scene.rows("SELECT * FROM held_messages") == []


async def test_only_what_was_committed_is_counted(scene: Scene):
    def opened() -> float:
        return REGISTRY.get_sample_value("motcua_payment_orders_total", {"state": "open"}) or 0

    async def fail_at_the_end() -> None:
        async with scene.service.transaction() as work:
            lost = event(required(str(uuid4()), obligation()), source="/motcua/intake")
            await handle_payment_required(lost, work)  # pyright: ignore[reportArgumentType] - of that type
            raise ZeroDivisionError

    before = opened()
    with pytest.raises(ZeroDivisionError):
        await fail_at_the_end()
    assert opened() == before
    await scene.owe()
    assert opened() == before + 1


async def test_an_order_that_is_asked_for_late_can_still_be_paid(scene: Scene):
    dossier = await scene.owe(obligation(due=timedelta(days=-1)))
    order = await scene.order(dossier)
    assert order["expiresAt"] == (START + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
