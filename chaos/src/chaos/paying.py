"""How a citizen pays at the gateway, and what they do when that does not work at once."""

import asyncio
import json
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from chaos.commands import Answer, Command, Declined, new_key
from chaos.forgeries import forge_after, forge_before
from chaos.journey import Journey
from chaos.watch import OrderSeen

Json = dict[str, Any]

PAID = "00"
"""vnp_ResponseCode of a payment that moved money."""
RELOAD_SECONDS = 8.0
"""The return page loads itself anew every five seconds; this is a slow browser."""
COMES_BACK_SECONDS = 45.0
"""When those look again who closed it."""
CLOSES_PAGE = 0.3
LOOKS_FIRST = 0.25
"""Who waits for the gateway's page before they decide; it can break down."""
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 30.0
"""Before another attempt: with ten that are undecided the next one waits for half an hour."""
_OVER = ("paid", "refunding", "closed", "expired")


async def pay(journey: Journey, *, cancel_first: bool = False) -> bool:
    """Pay what the dossier owes: whether that came to pass before the order was closed."""
    cancel, pause = cancel_first, _FIRST_PAUSE
    while True:
        order = await journey.order("open", *_OVER)
        if order.state == "open":
            if not await _attempt(journey, order, cancel=cancel) and not cancel:
                await asyncio.sleep(pause)
                pause = min(_LONGEST_PAUSE, 2 * pause)
            cancel = False
        elif order.state == "expired":
            if (await _ask_for_order(journey)).outcome == "fail":
                return False
        else:
            return order.state == "paid"


async def _attempt(journey: Journey, order: OrderSeen, *, cancel: bool) -> bool:
    """One attempt, to its end: whether money moved."""
    forged = journey.happens(journey.scene.habits.forged)
    closes = journey.happens(CLOSES_PAGE)
    looks = journey.happens(LOOKS_FIRST)
    attempt = await _start(journey, order)
    if not attempt.ok:  # it expires, or was closed meanwhile: the next look tells
        return False
    pay_url: str = attempt.body["payUrl"]
    if looks:
        await _open_page(journey, pay_url)
    if forged:
        await forge_before(journey, pay_url)
    if cancel:
        await _decide(journey, pay_url, order, decision="cancel")
        return False
    paid = await _pay_for_sure(journey, pay_url, order)
    if not paid.ok:
        return False
    query = urlsplit(paid.headers.get("Location", "")).query
    await _settled(journey, query, first=COMES_BACK_SECONDS if closes else RELOAD_SECONDS)
    if query:
        journey.scene.overheard.append(query)
    if forged and query:
        await forge_after(journey, query)
    return True


async def _start(journey: Journey, order: OrderSeen) -> Answer:
    command = Command(
        "start-attempt",
        journey.citizen,
        journey.scene.doors.payment,
        f"/v1/orders/{order.order_id}/attempts",
        {"dossierId": journey.id, "orderId": order.order_id, "amount": order.amount},
        key=new_key(),
        content=b'{"gateway": "vnpay"}',
        another=b'{"gateway": "vnpay", "language": "en"}',
        read=lambda answer: {"reference": answer.json()["txnRef"]},
        not_yet=frozenset({"too-many-attempts"}),
    )
    return await journey.submit(command)


async def _open_page(journey: Journey, pay_url: str) -> None:
    page = urlsplit(pay_url)
    doors, path = journey.scene.doors, f"{page.path}?{page.query}"
    question = Command("open-page", journey.citizen, doors.gateway, path, {}, method="GET")
    await journey.scene.courier.ask(question)


async def _pay_for_sure(journey: Journey, pay_url: str, order: OrderSeen) -> Answer:
    """Nobody who does not know whether they paid begins anew: the first decision stands, so it is
    asked for until the gateway says what it was.
    """
    while True:
        answer = await _decide(journey, pay_url, order, decision="pay")
        if answer.outcome != "unknown":
            return answer


async def _decide(journey: Journey, pay_url: str, order: OrderSeen, *, decision: str) -> Answer:
    """What the payer does on the gateway's page."""
    reference = parse_qs(urlsplit(pay_url).query)["vnp_TxnRef"][0]
    command = Command(
        "pay" if decision == "pay" else "cancel-payment",
        journey.citizen,
        journey.scene.doors.gateway,
        "/paymentv2/decide",
        {"dossierId": journey.id, "reference": reference, "amount": order.amount},
        content=str(httpx2.QueryParams({"payUrl": pay_url, "decision": decision})).encode(),
        content_type="application/x-www-form-urlencoded",
        read=_charged if decision == "pay" else _decided,
    )
    return await journey.submit(command)


def _decided(answer: httpx2.Response) -> Json:
    """The gateway's word in the address where the payer is sent back to; none while the bank
    takes its time.
    """
    query = parse_qs(urlsplit(answer.headers.get("Location", "")).query)
    return {"responseCode": query["vnp_ResponseCode"][0]} if query else {"pending": True}


def _charged(answer: httpx2.Response) -> Json:
    told = _decided(answer)
    if told.get("responseCode", PAID) != PAID:
        raise Declined(f"the gateway says {told['responseCode']}")
    return told


async def _settled(journey: Journey, query: str, *, first: float) -> None:
    """Wait until payment knows it. The payer's browser shows the return page, which makes payment
    ask the gateway should its own notice be lost.
    """
    pause = first
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await journey.order(*_OVER)
                return
        if query:
            with suppress(httpx2.HTTPError):
                await journey.scene.doors.payment.get(f"/v1/gateways/vnpay/return?{query}")
        pause = RELOAD_SECONDS


async def _ask_for_order(journey: Journey) -> Answer:
    """The order ran out: the next one, if something is still due."""
    command = Command(
        "order-anew",
        journey.citizen,
        journey.scene.doors.payment,
        f"/v1/dossiers/{journey.id}/orders",
        {"dossierId": journey.id},
        content=json.dumps({}).encode(),
        read=lambda answer: {"orderId": answer.json()["orderId"]},
    )
    return await journey.submit(command)
