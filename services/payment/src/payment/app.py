"""The whole of payment on one screen: settings, gateways, handlers, routes, sweeps."""

from functools import partial

import httpx2

from chassis.app import Service
from chassis.clock import Clock, utc_now
from payment.api import routes
from payment.gateways.vnpay import Vnpay
from payment.inquiries import Inquiries
from payment.pages import pages
from payment.settings import Settings
from payment.subscribers import SUBSCRIPTIONS
from payment.sweeps import sweeps
from payment.work import PaymentWork

TIMEOUT = httpx2.Timeout(10, connect=5)


def build(
    settings: Settings, *, client: httpx2.AsyncClient | None = None, clock: Clock = utc_now
) -> Service[PaymentWork]:
    work = partial(PaymentWork, terms=settings.terms())
    service = Service("payment", settings, work=work, clock=clock)
    client = client or httpx2.AsyncClient(timeout=TIMEOUT)
    vnpay = Vnpay(settings.vnpay_account(), client, clock)
    gateways = {vnpay.name: vnpay}
    inquiries = Inquiries(service, gateways)

    service.subscribe(*SUBSCRIPTIONS)
    service.route(routes(service, gateways), pages(service, gateways, inquiries))
    service.sweep(*sweeps(service, inquiries))
    return service
