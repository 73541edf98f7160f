"""Paying at the counter: an officer opens the gateway's page for whoever stands there."""

from datetime import timedelta
from uuid import uuid4

import httpx2
import pytest

from chassis.access import Role
from payment.sweeps import expire_orders

from .scene import OFFICE, OWNER, Scene, obligation, required

OFFICER = "le-thi-lan"
Headers = dict[str, str]


def officer(scene: Scene, agency: str | None = OFFICE) -> Headers:
    return scene.token(OFFICER, Role.OFFICER, agency=agency)


async def orders(scene: Scene, dossier: str, reader: Headers) -> httpx2.Response:
    return await scene.http.get(f"/v1/dossiers/{dossier}/orders", headers=reader)


async def attempt(
    scene: Scene, order: str, payer: Headers, *, key: str | None = None
) -> httpx2.Response:
    headers = payer | {"Idempotency-Key": key or str(uuid4())}
    body = {"gateway": "vnpay"}
    return await scene.http.post(f"/v1/orders/{order}/attempts", json=body, headers=headers)


async def test_an_officer_of_the_office_pays_for_whoever_stands_there(scene: Scene):
    dossier, lan = await scene.owe(), officer(scene)
    [order] = (await orders(scene, dossier, lan)).json()
    started = await attempt(scene, order["orderId"], lan)
    assert started.status_code == 201, started.text
    assert started.json()["payUrl"].startswith("https://vnpay.test/paymentv2/vpcpay.html?")
    assert await scene.notify(scene.vnpay.notification(started.json()["txnRef"])) == "00"
    paid = (await scene.http.get(f"/v1/orders/{order['orderId']}", headers=lan)).json()
    assert paid["state"] == "paid"
    receipt = await scene.http.get(f"/v1/orders/{order['orderId']}/receipt", headers=lan)
    assert receipt.status_code == 200
    assert OFFICER not in receipt.text


async def test_an_officer_asks_for_an_order_that_ran_out(scene: Scene):
    dossier = await scene.owe()
    scene.clock.pass_by(timedelta(days=5, minutes=1))
    assert await expire_orders(scene.service) == 1
    url = f"/v1/dossiers/{dossier}/orders"
    assert (await scene.http.post(url, headers=officer(scene))).json()["state"] == "open"


async def test_who_pays_is_still_known_by_the_applicant_alone(scene: Scene):
    dossier = await scene.owe()
    order = (await scene.order(dossier))["orderId"]
    await attempt(scene, order, officer(scene))
    said = await scene.rows("SELECT convert_from(value, 'UTF8') FROM outbox")
    kept = await scene.rows("SELECT d::text, a::text FROM dossiers d, attempts a")
    assert OFFICER not in str([said, kept])
    assert OWNER in str(kept)


async def test_the_same_key_of_applicant_and_officer_starts_an_attempt_each(scene: Scene):
    order = (await scene.order(await scene.owe()))["orderId"]
    by = [scene.token(), officer(scene), officer(scene)]
    started = [(await attempt(scene, order, payer, key="key")).json() for payer in by]
    assert len({each["attemptId"] for each in started}) == 2


@pytest.mark.parametrize(
    ("roles", "agency"),
    [
        ((Role.OFFICER,), "H42.02"),
        ((Role.OFFICER,), "H42.10"),  # which decides about the dossier
        ((Role.OFFICER,), None),
        ((Role.CITIZEN,), OFFICE),
        ((Role.CITIZEN, Role.SIGNER), OFFICE),
        ((Role.CITIZEN, Role.AGENCY_SYSTEM), OFFICE),
    ],
)
async def test_nobody_else_learns_that_an_order_exists(
    scene: Scene, roles: tuple[Role, ...], agency: str | None
):
    dossier = await scene.owe()
    order = (await scene.order(dossier))["orderId"]
    other = scene.token(OFFICER, *roles, agency=agency)
    answers = [
        await orders(scene, dossier, other),
        await scene.http.post(f"/v1/dossiers/{dossier}/orders", headers=other),
        await scene.http.get(f"/v1/orders/{order}", headers=other),
        await scene.http.get(f"/v1/orders/{order}/receipt", headers=other),
        await attempt(scene, order, other),
    ]
    assert [answer.status_code for answer in answers] == [404] * 5
    assert await scene.rows("SELECT * FROM attempts") == []


async def test_an_officer_who_bears_the_applicants_name_is_not_the_applicant(scene: Scene):
    namesake = scene.token(OWNER, Role.OFFICER, agency="H42.02")
    assert (await orders(scene, await scene.owe(), namesake)).status_code == 404


async def test_what_was_required_before_the_office_was_told_is_its_applicants_alone(scene: Scene):
    dossier = str(uuid4())
    await scene.consume(required(dossier, obligation(), office=None))
    assert (await orders(scene, dossier, officer(scene))).status_code == 404
    assert (await orders(scene, dossier, officer(scene, None))).status_code == 404
    assert len(await scene.orders(dossier)) == 1
