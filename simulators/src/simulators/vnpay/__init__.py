"""VNPAY 2.1.0 as a gateway of one merchant: pay page, IPN, querydr, refund."""

import argparse
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from simulators.controls import control_routes
from simulators.errands import Errands
from simulators.errors import SimulatorError
from simulators.faults import Faults
from simulators.ledger import Ledger
from simulators.serving import Listener, Party
from simulators.vnpay.book import Book
from simulators.vnpay.desk import desk_routes
from simulators.vnpay.ipn import IpnSettings, Notifier
from simulators.vnpay.late_charges import LateCharges
from simulators.vnpay.merchant_api import MerchantApi, merchant_routes
from simulators.vnpay.payment_page import Checkout, payment_routes

SECRET_VARIABLE = "SIMULATORS_VNPAY_HASH_SECRET"  # noqa: S105 - a name, not a secret

MANUAL = f"""\
Pay page:  GET  http://HOST:PORT/paymentv2/vpcpay.html?<signed parameters>
Pay at once: POST http://HOST:PORT/paymentv2/decide  (form: payUrl=…&decision=pay|cancel|funds)
Merchant API: POST http://HOST:PORT/merchant_webapi/api/transaction  (querydr, refund)
Payments so far: http://HOST:PORT/
Tell the merchant again: POST /_ipn {{"txnRef": "…", "copies": 50}}
The hash secret can also come from the environment variable {SECRET_VARIABLE}.
"""

KNOWN_FAULTS = {
    "delay": "the IPN leaves `seconds` later",
    "drop": "the IPN is never sent",
    "duplicate": "the first IPN is sent `copies` times at once",
    "ipn-first": "the IPN is answered before the payer is sent back",
    "wrong-amount": "the IPN is signed, but its amount is `amount` (or 1 đồng too much)",
    "wrong-terminal": "the IPN is signed, but for another vnp_TmnCode",
    "unknown-order": "the IPN is signed, but for another vnp_TxnRef",
    "bad-signature": "the IPN is signed with another secret",
    "cut-signature": "the IPN's signature lacks its end",
    "no-signature": "the IPN has no signature",
    "repeated-parameter": "the IPN gives vnp_Amount twice",
    "charge-late": "the payer waits, the bank charges `seconds` later",
    "charge-then-timeout": "charged; the payer's answer is cut after `seconds`",
    "charge-then-500": "charged; the payer's answer is 500",
    "page-500": "the pay page answers 500",
    "status-500": "querydr and refund answer 500",
    "query-delay": "querydr and refund answer after `seconds`",
    "query-cut": "querydr and refund do their work, the answer is lost",
    "query-bad-signature": "the reply is signed with another secret",
    "query-wrong-amount": "querydr tells `amount` (or 1 đồng too much)",
    "query-pending": "querydr says 01 (not complete), whatever is true",
    "refund-refused": "refund answers 95",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--tmn-code", required=True, help="vnp_TmnCode of the merchant, 8 characters"
    )
    parser.add_argument(
        "--hash-secret",
        default=os.environ.get(SECRET_VARIABLE),
        help="secret shared with the merchant",
    )
    parser.add_argument("--ipn-url", metavar="URL", help="where to tell the merchant; none: never")
    parser.add_argument(
        "--ipn-retry-seconds",
        type=_seconds,
        default="1,2,4,8,15,30",
        metavar="S[,S…]",
        help="pause before each retry, the last one repeats (%(default)s; the real one: 300)",
    )
    parser.add_argument(
        "--ipn-attempts", type=int, default=10, help="then it gives up (%(default)s)"
    )
    parser.add_argument(
        "--ipn-timeout-seconds", type=float, default=10.0, help="patience per attempt (%(default)s)"
    )


def build(options: argparse.Namespace, listener: Listener) -> Party:
    settings = _settings(options)
    ledger = Ledger(options.ledger_file)
    faults = Faults(KNOWN_FAULTS, ledger)
    book = Book(ledger)
    errands = Errands()
    notifier = Notifier(settings, book, faults=faults, errands=errands)
    late_charges = LateCharges(book, notifier, errands)
    checkout = Checkout(settings, book, notifier, late_charges, faults)
    api = MerchantApi(settings.tmn_code, settings.secret, book, faults)

    @asynccontextmanager
    async def working(_: FastAPI) -> AsyncGenerator[None]:
        notifier.resume()
        late_charges.resume()
        yield
        await errands.close()
        await notifier.close()
        ledger.close()

    app = FastAPI(title="VNPAY", lifespan=working)
    app.include_router(control_routes("vnpay", faults, ledger))
    app.include_router(payment_routes(checkout))
    app.include_router(merchant_routes(api))
    app.include_router(desk_routes(book, notifier))
    return Party(app)


def _settings(options: argparse.Namespace) -> IpnSettings:
    if not options.hash_secret:
        raise SimulatorError(f"give the hash secret with --hash-secret or {SECRET_VARIABLE}")
    if len(options.tmn_code) != 8 or not options.tmn_code.isalnum():
        raise SimulatorError("--tmn-code must be 8 letters and digits, for example MOTCUA01")
    return IpnSettings(
        url=options.ipn_url,
        tmn_code=options.tmn_code,
        secret=options.hash_secret,
        back_off=options.ipn_retry_seconds,
        attempts=options.ipn_attempts,
        timeout=options.ipn_timeout_seconds,
    )


def _seconds(text: str) -> list[float]:
    pauses = [float(part) for part in text.split(",")]
    if not all(0 <= pause < float("inf") for pause in pauses):
        raise argparse.ArgumentTypeError("give seconds, separated by commas, none negative")
    return pauses
