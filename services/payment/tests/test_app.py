"""The service as a whole, wired as in production, and VNPAY as an outside party wrote it."""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2
import pytest

from chassis.clock import utc_now
from chassis.kafka import producer
from chassis.settings import KafkaSettings
from chassis.testing.kafka import make_topics
from chassis.testing.records import event
from motcua_contracts.envelope import encode
from motcua_contracts.topics import DOSSIER_EVENTS, PAYMENT_EVENTS
from payment.app import build
from payment.gateways.vnpay import Vnpay, VnpayAccount
from payment.ports import GatewayOutcome, OpenAttempt, PaymentPage
from payment.settings import Settings

from .scene import SECRET, TERMINAL, obligation, required


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Wait until it is true, half a minute at most."""
    for _ in range(600):
        if await true():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not become true in time")


async def test_a_dossier_on_kafka_becomes_an_order_and_a_fact(
    settings: Settings, kafka_settings: KafkaSettings
):
    await make_topics(kafka_settings, DOSSIER_EVENTS.name, PAYMENT_EVENTS.name, partitions=12)
    service, dossier = build(settings), str(uuid4())
    sent = encode(event(required(dossier, obligation()), source="/motcua/intake"))
    async with service.http.router.lifespan_context(service.http):
        async with producer(kafka_settings, client_id="test") as intake:
            await intake.send_and_wait(
                DOSSIER_EVENTS.name, sent.value, key=sent.key, headers=list(sent.headers)
            )

        async def published() -> bool:
            async with service.database.engine.connect() as connection:
                rows = await connection.exec_driver_sql(
                    "SELECT headers ->> 'ce_type' FROM event_log WHERE subject = $1", (dossier,)
                )
                return rows.scalars().all() == ["vn.motcua.payment.requested.v1"]

        await until(published)
        transport = httpx2.ASGITransport(service.http)
        async with httpx2.AsyncClient(transport=transport, base_url="http://payment") as http:
            assert set((await http.get("/readyz")).json().values()) == {"ok"}
            metrics = (await http.get("/metrics")).text
    assert 'motcua_payment_orders_total{state="open"}' in metrics
    assert dossier not in metrics


@asynccontextmanager
async def simulated_vnpay() -> AsyncGenerator[str]:
    """The address of a VNPAY simulator in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulators", "vnpay", "--port", "0"),
        *("--tmn-code", TERMINAL, "--hash-secret", SECRET),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    try:
        ready = json.loads(await asyncio.wait_for(process.stdout.readline(), 30))
        yield f"http://127.0.0.1:{ready['port']}"
    finally:
        process.terminate()
        await process.wait()


@pytest.mark.parametrize(
    ("decision", "outcome"),
    [("pay", GatewayOutcome.PAID), ("cancel", GatewayOutcome.FAILED)],
)
async def test_what_the_gateway_says_on_return_and_to_a_query_is_one_fact(
    decision: str, outcome: GatewayOutcome
):
    reference, now = uuid4().hex, utc_now()
    async with simulated_vnpay() as url, httpx2.AsyncClient() as client:
        account = VnpayAccount(
            tmn_code=TERMINAL,
            secrets=(SECRET,),
            page_url=f"{url}/paymentv2/vpcpay.html",
            api_url=f"{url}/merchant_webapi/api/transaction",
            return_url="http://127.0.0.1/return",
        )
        vnpay, ends = Vnpay(account, client, utc_now), now + timedelta(minutes=15)
        attempt = OpenAttempt(reference=reference, started_at=now, expires_at=ends)
        assert (await vnpay.query(attempt)).outcome is GatewayOutcome.NOT_FOUND
        page = PaymentPage(
            reference=reference,
            amount=200_000,
            description="Nop phi ho so H42.10-20260302-0000001",
            started_at=now,
            expires_at=ends,
            payer_address="203.0.113.7",
        )
        pay_url = vnpay.pay_url(page)
        assert (await client.get(pay_url)).status_code == 200
        decided = await client.post(
            f"{url}/paymentv2/decide", data={"payUrl": pay_url, "decision": decision}
        )
        returned = vnpay.parse_notification(urlsplit(decided.headers["location"]).query.encode())
        asked = await vnpay.query(attempt)
    assert (returned.outcome, asked.outcome) == (outcome, outcome)
    assert asked.transaction_id == returned.transaction_id
    assert asked.amount == returned.amount == 200_000
