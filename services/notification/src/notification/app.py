"""The whole wiring of notification."""

from datetime import timedelta
from functools import partial

from chassis.app import Service
from chassis.clock import utc_now
from chassis.sweeps import Sweep
from notification.api import routes
from notification.dispatcher import Dispatcher, Pace
from notification.domain import Patience
from notification.facts import TOLD
from notification.gateways.smtp import SmtpGateway
from notification.letters import Letters
from notification.settings import Settings
from notification.subscribers import SUBSCRIPTIONS
from notification.sweeps import Sweeps
from notification.templates import load_catalogue
from notification.work import NotificationWork, Rules


def build(settings: Settings) -> Service[NotificationWork]:
    catalogue = load_catalogue()
    catalogue.require((fact.type for fact in TOLD), at=utc_now())
    gateway = SmtpGateway(settings.smtp, sender=settings.sender, clock=utc_now)
    rules = Rules(catalogue, Patience(give_up_after=settings.give_up_after), gateway.name)
    letters = Letters(
        catalogue,
        settings.recipients_keys,
        portal_url=settings.portal_url,
        sender=settings.sender,
    )

    async def send() -> None:
        await dispatcher.run()

    sending = Sweep("send messages", timedelta(seconds=1), send)
    work = partial(NotificationWork, rules=rules, wake=sending.wake)
    service = Service("notification", settings, work=work)
    dispatcher = Dispatcher(
        gateway,
        letters,
        transactions=service.transaction,
        more=sending.wake,
        pace=Pace.of(settings.smtp),
    )
    sweeps = Sweeps(service.transaction, recipients_kept=settings.recipients_kept)

    service.subscribe(*SUBSCRIPTIONS)
    service.route(routes(service))
    service.sweep(
        sending,
        Sweep("recover messages", timedelta(seconds=5), sweeps.recover),
        Sweep("give messages up", timedelta(minutes=1), sweeps.give_up),
        Sweep("purge recipients", timedelta(hours=1), sweeps.purge),
        Sweep("measure messages", timedelta(seconds=5), sweeps.measure),
    )
    return service
