"""What gateways and returning browsers call, without a token: each message proves itself.

A return changes nothing. It shows what we know, and makes us ask the gateway if we do not know yet.
"""

from collections.abc import Mapping
from html import escape
from string import Template

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse

from chassis.app import Service
from chassis.errors import NotFound
from payment.domain import AttemptState, OrderState
from payment.inquiries import Inquiries
from payment.models import Attempt, Order
from payment.notifications import Notifications
from payment.ports import (
    GatewayOutcome,
    GatewayStatement,
    Language,
    PaymentGateway,
    RefusedNotification,
)
from payment.receipts import dong
from payment.work import PaymentWork

_WAITING = "Đang chờ cổng thanh toán xác nhận. Trang này tự cập nhật."
_TEXTS: Mapping[AttemptState, str] = {
    AttemptState.STARTED: _WAITING,
    AttemptState.PAID: "Đã thanh toán. Biên lai điện tử đã được phát hành.",
    AttemptState.FAILED: "Lượt thanh toán này không thành công.",
    AttemptState.LAPSED: "Lượt thanh toán này đã hết hạn.",
    AttemptState.SUSPENDED: "Đã nhận được tiền nhưng chưa khớp với yêu cầu thanh toán. "
    "Cơ quan thu sẽ đối chiếu và liên hệ hoặc hoàn tiền.",
}
_PAY_AGAIN = (AttemptState.FAILED, AttemptState.LAPSED)


def pages(
    service: Service[PaymentWork],
    gateways: Mapping[str, PaymentGateway],
    inquiries: Inquiries,
) -> APIRouter:
    notifications = Notifications(service)
    router = APIRouter(tags=["gateways"])

    @router.get("/v1/gateways/{gateway}/ipn")
    async def ipn(gateway: str, request: Request) -> JSONResponse:
        known = _known(gateways, gateway)
        reception = await notifications.receive(_raw(request), known)
        return JSONResponse(known.answer(reception))

    @router.get("/v1/gateways/{gateway}/return")
    async def returned(gateway: str, request: Request) -> HTMLResponse:
        known = _known(gateways, gateway)
        try:
            statement = known.parse_notification(_raw(request))
        except RefusedNotification:
            return _page("Liên kết không hợp lệ", "Vui lòng xem trạng thái thanh toán của hồ sơ.")
        await inquiries.ask_now(statement.reference, known.name)
        async with service.request() as work:
            found = await work.attempts.read(known.name, statement.reference)
        if found is None:
            raise NotFound
        return _shown(*found, statement=statement, gateway=known)

    return router


def _known(gateways: Mapping[str, PaymentGateway], name: str) -> PaymentGateway:
    gateway = gateways.get(name)
    if gateway is None:
        raise NotFound
    return gateway


def _raw(request: Request) -> bytes:
    raw: bytes = request.scope["query_string"]
    return raw


def _shown(
    order: Order, attempt: Attempt, *, statement: GatewayStatement, gateway: PaymentGateway
) -> HTMLResponse:
    """What we know from our own books; the gateway's words only where they say why it failed."""
    text = _TEXTS[attempt.state]
    if attempt.state is AttemptState.FAILED or statement.outcome is GatewayOutcome.FAILED:
        text += " " + gateway.explain(attempt.code or statement.code, Language.VIETNAMESE)
    if order.state is OrderState.OPEN and attempt.state in _PAY_AGAIN:
        text += " Hồ sơ vẫn có thể thanh toán lại trước khi hết hạn."
    title = f"Hồ sơ {order.dossier_code}: {dong(order.amount)}"
    return _page(title, text, refresh=attempt.state is AttemptState.STARTED)


def _page(title: str, text: str, *, refresh: bool = False) -> HTMLResponse:
    document = _PAGE.substitute(
        title=escape(title),
        text=escape(text),
        refresh='<meta http-equiv="refresh" content="5">' if refresh else "",
    )
    return HTMLResponse(document, headers=_HEADERS)


_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_PAGE = Template("""\
<!DOCTYPE html>
<html lang="vi">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width">
  $refresh
  <title>$title</title>
  <style>body { font: 1.1em sans-serif; max-width: 36em; margin: 4em auto; padding: 0 1em }</style>
</head>
<body>
  <h1>$title</h1>
  <p>$text</p>
</body>
</html>
""")
