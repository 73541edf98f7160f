"""For the person at the simulator: the list of payments, and an IPN on demand."""

from collections.abc import Sequence
from http import HTTPStatus

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic.alias_generators import to_camel

from simulators.pages import page
from simulators.vnpay.book import Book
from simulators.vnpay.codes import IPN_PROGRESS, RESPONSE_CODES
from simulators.vnpay.ipn import Notifier


class IpnWish(BaseModel):
    """Tell the merchant again, now; `parameters` change or (null) remove what is sent."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True)

    txn_ref: str
    copies: int = Field(default=1, ge=1, le=1000, description="sent at the same time")
    parameters: dict[str, str | None] = Field(default={}, description="signed after the change")


def desk_routes(book: Book, notifier: Notifier) -> APIRouter:
    router = APIRouter(tags=["desk"])

    @router.get("/", response_class=HTMLResponse)
    async def list_payments(lang: str | None = None) -> HTMLResponse:
        transactions = list(reversed(list(book.transactions)))
        values = {"transactions": transactions, "words": RESPONSE_CODES, "progress": IPN_PROGRESS}
        return page("vnpay_list.html", values, lang=lang)

    @router.post("/_ipn")
    async def tell_again(wish: IpnWish) -> Sequence[dict[str, JsonValue]]:
        """The merchant's answers: HTTP status, RspCode, error."""
        transaction = book.find(wish.txn_ref)
        if transaction is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"no payment {wish.txn_ref!r}")
        if transaction.outcome is None or not notifier.configured:
            raise HTTPException(
                HTTPStatus.CONFLICT,
                "nothing to tell: not decided yet, or started without --ipn-url",
            )
        return await notifier.send_now(transaction, copies=wish.copies, changes=wish.parameters)

    return router
