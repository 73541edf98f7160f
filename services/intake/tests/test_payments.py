"""Payment says over Kafka that a dossier is paid."""

from uuid import uuid4

from prometheus_client import REGISTRY

from chassis.testing.records import event

from .scene import DAO, Scene


def remarks(remark: str) -> float:
    name = "motcua_intake_decisions_without_effect_total"
    return REGISTRY.get_sample_value(name, {"remark": remark}) or 0


async def test_a_paid_dossier_waits_for_the_officer(scene: Scene):
    dossier = await scene.filed()
    payment = await scene.payment(dossier)
    await scene.hear(event(payment, source="/motcua/payment"))
    assert await scene.status(dossier) == 1
    fact = await scene.fact(dossier, "payment-settled")
    assert (fact["orderId"], fact["status"]) == (payment.order_id, 1)
    assert fact["obligationIds"] == list(payment.obligation_ids)
    assert fact["settledAt"] == "2026-11-25T02:00:00Z"


async def test_what_settled_it_is_the_cause_of_what_is_announced(scene: Scene):
    dossier = await scene.filed()
    sent = event(await scene.payment(dossier), source="/motcua/payment")
    await scene.hear(sent)
    [(cause,)] = await scene.rows(
        "SELECT headers ->> 'ce_causationid' FROM outbox WHERE headers ->> 'ce_type' LIKE $1",
        "%payment-settled%",
    )
    assert cause == sent.id


async def test_the_same_payment_twice_settles_once(scene: Scene):
    dossier = await scene.filed()
    sent = event(await scene.payment(dossier), source="/motcua/payment")
    await scene.hear(sent, sent)
    await scene.hear(sent)
    assert (await scene.announced(dossier)).count("payment-settled") == 1
    assert await scene.held() == []


async def test_a_second_payment_of_the_same_dossier_changes_nothing_and_is_counted(scene: Scene):
    dossier, before = await scene.paid(), remarks("repeated")
    await scene.pay(dossier)
    assert (await scene.announced(dossier)).count("payment-settled") == 1
    assert remarks("repeated") == before + 1


async def test_money_for_a_withdrawn_dossier_does_not_wake_it(scene: Scene):
    dossier, before = await scene.filed(), remarks("refund-needed")
    await scene.act(DAO, dossier, "withdraw", reasonCode="applicant-request")
    await scene.pay(dossier)
    assert await scene.status(dossier) == 7
    assert (await scene.announced(dossier))[-1] == "withdrawn"
    assert remarks("refund-needed") == before + 1


async def test_a_payment_that_settles_nothing_of_the_dossier_is_parked(scene: Scene):
    dossier = await scene.filed()
    payment = await scene.payment(dossier, obligation_ids=(str(uuid4()),))
    await scene.hear(event(payment, source="/motcua/payment"))
    [(state, reason, _)] = await scene.held()
    assert (state, reason) == ("parked", "unknown-obligation")
    assert await scene.status(dossier) == 6


async def test_a_payment_for_a_dossier_that_nobody_filed_is_parked(scene: Scene):
    payment = await scene.payment(await scene.filed())
    nobodys = payment.model_copy(update={"dossier_id": str(uuid4())})
    await scene.hear(event(nobodys, source="/motcua/payment"))
    [(state, reason, _)] = await scene.held()
    assert (state, reason) == ("parked", "unknown-dossier")


async def test_one_bad_payment_in_a_batch_costs_only_itself(scene: Scene):
    good, bad = await scene.filed(), await scene.filed()
    facts = [
        await scene.payment(bad, obligation_ids=(str(uuid4()),)),
        await scene.payment(good),
    ]
    await scene.hear(*(event(fact, source="/motcua/payment") for fact in facts))
    assert [await scene.status(dossier) for dossier in (good, bad)] == [1, 6]


async def test_a_payment_that_payment_did_not_say_is_parked(scene: Scene):
    dossier = await scene.filed()
    await scene.hear(event(await scene.payment(dossier), source="/agencies/H42.10"))
    [(state, reason, _)] = await scene.held()
    assert (state, reason) == ("parked", "wrong-origin")
    assert await scene.status(dossier) == 6


async def test_facts_are_counted_when_they_are_committed_and_only_then(scene: Scene):
    def settled() -> float:
        labels = {"procedure": "2.000488", "fact": "payment-settled"}
        return REGISTRY.get_sample_value("motcua_intake_facts_total", labels) or 0

    good, bad = await scene.filed(), await scene.filed()
    before = settled()
    facts = [
        await scene.payment(good),
        await scene.payment(bad, obligation_ids=(str(uuid4()),)),
    ]
    # The good one is handled twice: in the batch that fails, and by itself.
    await scene.hear(*(event(fact, source="/motcua/payment") for fact in facts))
    assert settled() == before + 1
