"""What the payer meets: the pay page, the decision, the way back to the merchant."""

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from simulators.faults import CutConnection, Faults, break_down
from simulators.pages import page
from simulators.vnpay.book import Book, Outcome, Transaction
from simulators.vnpay.codes import DECISIONS, PAY_URL_ERRORS, RESPONSE_CODES
from simulators.vnpay.ipn import IpnSettings, Notifier, result_parameters
from simulators.vnpay.late_charges import LateCharges
from simulators.vnpay.pay_url import PayUrlRefusedError, read_pay_url
from simulators.vnpay.signing import signed_query
from simulators.vnpay.times import read_stamp


@dataclass(frozen=True)
class Checkout:
    settings: IpnSettings
    book: Book
    notifier: Notifier
    late_charges: LateCharges
    faults: Faults

    def open(self, query: str) -> Transaction:
        settings = self.settings
        try:
            request = read_pay_url(query, tmn_code=settings.tmn_code, secret=settings.secret)
            return self.book.open(request)
        except PayUrlRefusedError as refused:
            self.book.refuse(refused)
            raise

    def open_undecided(self, query: str) -> Transaction:
        transaction = self.open(query)
        if transaction.outcome is not None:
            raise PayUrlRefusedError("01", "this payment was decided already")
        return transaction

    async def decide(self, transaction: Transaction, decision: str) -> Response:
        """Charges or not, tells the merchant, sends the payer back; misbehaves if told to."""
        txn_ref = transaction.request.txn_ref
        if transaction.outcome is not None:
            return self._way_back(transaction, transaction.outcome)
        late = self.faults.take("charge-late", txn_ref) if decision == "pay" else None
        if late is not None:
            self.late_charges.plan(transaction, late.seconds)
        if transaction.charge_due is not None:
            return page("vnpay_pending.html", {"transaction": transaction}, status=202)
        outcome = self.book.decide(transaction, decision)
        answered = self.notifier.plan(transaction)
        if self.faults.take("ipn-first", txn_ref):
            await answered.wait()
        return await self._lost(txn_ref) or self._way_back(transaction, outcome)

    async def _lost(self, txn_ref: str) -> Response | None:
        timeout = self.faults.take("charge-then-timeout", txn_ref)
        if timeout is not None:
            await asyncio.sleep(timeout.seconds)
            return CutConnection()
        break_down(self.faults.take("charge-then-500", txn_ref))
        return None

    def _way_back(self, transaction: Transaction, outcome: Outcome) -> RedirectResponse:
        parameters = result_parameters(transaction.request, outcome, self.settings.tmn_code)
        url = transaction.request.return_url
        query = signed_query(parameters, self.settings.secret)
        return RedirectResponse(f"{url}{'&' if '?' in url else '?'}{query}", HTTPStatus.SEE_OTHER)


def payment_routes(checkout: Checkout) -> APIRouter:
    router = APIRouter(tags=["payment"])

    @router.get("/paymentv2/vpcpay.html", response_class=HTMLResponse)
    async def show(request: Request) -> Response:
        lang = request.query_params.get("vnp_Locale", "vn")
        break_down(checkout.faults.take("page-500", request.query_params.get("vnp_TxnRef")))
        try:
            raw_query: bytes = request.scope["query_string"]
            transaction = checkout.open_undecided(raw_query.decode("ascii", errors="replace"))
        except PayUrlRefusedError as refused:
            return _refused_page(refused, lang)
        return _pay_page(transaction, lang, tmn_code=checkout.settings.tmn_code)

    @router.post("/paymentv2/decide")
    async def decide(request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        decision = form.get("decision", "")
        if decision not in DECISIONS:
            raise HTTPException(
                HTTPStatus.UNPROCESSABLE_ENTITY, f"decision must be one of {', '.join(DECISIONS)}"
            )
        try:
            transaction = _chosen(checkout, form)
        except PayUrlRefusedError as refused:
            return _refused_page(refused, "vn")
        return await checkout.decide(transaction, decision)

    return router


def _chosen(checkout: Checkout, form: dict[str, str]) -> Transaction:
    if "payUrl" in form:
        return checkout.open(urlsplit(form["payUrl"]).query)
    txn_ref = form.get("vnp_TxnRef", form.get("txnRef", ""))
    day = form["vnp_CreateDate"][:8] if "vnp_CreateDate" in form else None
    transaction = checkout.book.find(txn_ref, day)
    if transaction is None:
        raise HTTPException(
            HTTPStatus.NOT_FOUND,
            f"no open payment {txn_ref!r}; GET its pay URL first, or send payUrl",
        )
    return transaction


def _pay_page(transaction: Transaction, lang: str, *, tmn_code: str) -> HTMLResponse:
    main = {"pay", "cancel", "funds"}
    others = {d: RESPONSE_CODES[code] for d, code in DECISIONS.items() if d not in main}
    values = {
        "request": transaction.request,
        "tmn_code": tmn_code,
        "expires": read_stamp(transaction.request.expire_date).isoformat(),
        "others": others,
    }
    return page("vnpay_pay.html", values, lang=lang)


def _refused_page(refused: PayUrlRefusedError, lang: str) -> HTMLResponse:
    values = {
        "code": refused.code,
        "words": PAY_URL_ERRORS[refused.code],
        "detail": refused.detail,
    }
    return page("vnpay_refused.html", values, lang=lang, status=400)
