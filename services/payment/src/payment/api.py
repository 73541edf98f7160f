"""What the owner of a dossier, or an officer at the counter, does over HTTP: see the orders, pay,
fetch the receipt.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from chassis.access import Principal, Role, require
from chassis.app import Service
from chassis.errors import BadRequest, NotFound, Text
from chassis.idempotency import Answer, KeyedRequest, once
from motcua_contracts.types import Dong, GatewayCode, Uuid
from payment.domain import OrderState
from payment.handlers import OrderNotOpen, payable_order, start_attempt, visible
from payment.models import Attempt, Order, Receipt
from payment.ports import Language, PaymentGateway, PaymentPage
from payment.work import PaymentWork

Payer = Annotated[Principal, Depends(require(Role.CITIZEN, Role.OFFICER))]


class UnknownGateway(BadRequest, vi="Không có cổng thanh toán này", en="No such way to pay"):
    """Choose one of those that the order names."""


class _Body(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, from_attributes=True, extra="forbid"
    )


class StartAttempt(_Body):
    gateway: GatewayCode
    language: Language = Language.VIETNAMESE


class AttemptView(_Body):
    attempt_id: Uuid
    txn_ref: str
    expires_at: datetime
    pay_url: str


class ReceiptView(_Body):
    receipt_id: Uuid = Field(validation_alias="id")
    template: str
    serial: str
    number: int
    amount: Dong
    sha256: str
    issued_at: datetime


class OrderView(_Body):
    order_id: Uuid = Field(validation_alias="id")
    dossier_id: Uuid
    dossier_code: str
    state: OrderState
    amount: Dong
    opened_at: datetime
    expires_at: datetime
    gateways: tuple[str, ...] = ()
    receipts: tuple[ReceiptView, ...] = ()


def routes(service: Service[PaymentWork], gateways: Mapping[str, PaymentGateway]) -> APIRouter:
    router = APIRouter(tags=["payment"])

    @router.get("/v1/dossiers/{dossier_id}/orders")
    async def orders(dossier_id: Uuid, reader: Payer) -> list[OrderView]:
        async with service.request() as work:
            await _require_visible(dossier_id, reader, work)
            return await _views(await work.orders.read_of(dossier_id), work)

    @router.post("/v1/dossiers/{dossier_id}/orders")
    async def payable(dossier_id: Uuid, payer: Payer) -> OrderView:
        async with service.request() as work:
            order = await payable_order(dossier_id, work, payer=payer)
            return (await _views([order], work))[0]

    @router.get("/v1/orders/{order_id}")
    async def order(order_id: Uuid, reader: Payer) -> OrderView:
        async with service.request() as work:
            return (await _views([await _visible_order(order_id, reader, work)], work))[0]

    @router.post("/v1/orders/{order_id}/attempts", status_code=201)
    async def attempt(
        order_id: Uuid, wanted: StartAttempt, *, payer: Payer, key: KeyedRequest, request: Request
    ) -> AttemptView:
        gateway = gateways.get(wanted.gateway)
        if gateway is None:
            raise UnknownGateway(f"choose one of: {', '.join(gateways)}")
        async with service.request() as work:
            start = partial(_start, order_id, work, gateway=gateway, payer=payer)
            answer = await once(await work.connection(), key, start, principal=payer.subject)
        async with service.request() as work:
            order, attempt = await _payable(str(answer.body), work)
        # The signed address names the payer's, so it is made anew and never kept.
        page = _page(order, attempt, address=_address(request), language=wanted.language)
        return AttemptView(
            attempt_id=attempt.id,
            txn_ref=attempt.reference,
            expires_at=attempt.expires_at,
            pay_url=gateway.pay_url(page),
        )

    @router.get("/v1/orders/{order_id}/receipt")
    async def receipt(
        order_id: Uuid,
        reader: Payer,
        receipt_id: Annotated[Uuid | None, Query(alias="receiptId")] = None,
    ) -> Response:
        async with service.request() as work:
            order = await _visible_order(order_id, reader, work)
            found = await work.receipts.read_of([order.id])
        return _document(_wanted(found, receipt_id))

    return router


_NO_RECEIPT = Text(
    "Chưa có biên lai này cho yêu cầu thanh toán", "This order has no such receipt yet"
)


async def _start(
    order_id: str, work: PaymentWork, *, gateway: PaymentGateway, payer: Principal
) -> Answer:
    return Answer(201, (await start_attempt(order_id, work, gateway=gateway, payer=payer)).id)


async def _payable(attempt_id: str, work: PaymentWork) -> tuple[Order, Attempt]:
    """A key used again must not lead to a page where somebody pays twice."""
    started = await work.attempts.read_one(attempt_id)
    if started is None:
        raise NotFound
    if started[0].state is not OrderState.OPEN:
        raise OrderNotOpen
    return started


def _wanted(receipts: Sequence[Receipt], receipt_id: str | None) -> Receipt:
    for receipt in receipts:
        if receipt_id in (None, receipt.id):
            return receipt
    raise NotFound(_NO_RECEIPT)


async def _require_visible(dossier_id: str, reader: Principal, work: PaymentWork) -> None:
    visible(await work.dossiers.read(dossier_id), reader)


async def _visible_order(order_id: str, reader: Principal, work: PaymentWork) -> Order:
    order = await work.orders.read(order_id)
    if order is None:
        raise NotFound
    await _require_visible(order.dossier_id, reader, work)
    return order


async def _views(orders: Sequence[Order], work: PaymentWork) -> list[OrderView]:
    receipts = await work.receipts.read_of([order.id for order in orders])
    return [
        OrderView.model_validate(order).model_copy(
            update={
                "gateways": work.terms.gateways if order.state is OrderState.OPEN else (),
                "receipts": tuple(
                    ReceiptView.model_validate(r) for r in receipts if r.order_id == order.id
                ),
            }
        )
        for order in orders
    ]


def _page(order: Order, attempt: Attempt, *, address: str, language: Language) -> PaymentPage:
    return PaymentPage(
        reference=attempt.reference,
        amount=order.amount,
        description=f"Nop phi ho so {order.dossier_code}",
        started_at=attempt.started_at,
        expires_at=attempt.expires_at,
        payer_address=address,
        language=language,
    )


def _address(request: Request) -> str:
    return request.client.host if request.client else "127.0.0.1"


def _document(receipt: Receipt) -> Response:
    name = f"{receipt.template}-{receipt.serial}-{receipt.number:07d}.xhtml"
    return Response(
        receipt.document.encode(),
        media_type="application/xhtml+xml",
        headers={
            "Content-Disposition": f'inline; filename="{name}"',
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
            "X-Content-Type-Options": "nosniff",
            "ETag": f'"{receipt.sha256}"',
        },
    )
