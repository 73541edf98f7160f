"""The whole of intake on one screen: settings, office, files, subscribers, routes, sweeps."""

from functools import partial

from chassis.app import Service
from chassis.clock import Clock, utc_now
from documents.store import FileStore
from intake.api import (
    applicant_routes,
    counter_routes,
    dossier_routes,
    office_routes,
    public_routes,
)
from intake.settings import Settings
from intake.subscribers import CERTIFIED_COPIES, PAYMENTS, decisions
from intake.sweeps import sweeps
from intake.uploads import download_routes, upload_routes
from intake.work import IntakeWork


def build(settings: Settings, *, clock: Clock = utc_now) -> Service[IntakeWork]:
    office = settings.office()
    store = FileStore.open(settings.files_folder, most_bytes=settings.files_most_bytes)
    service = Service("intake", settings, work=partial(IntakeWork, office=office), clock=clock)

    agencies = office.catalogue.deciding_agencies()
    service.subscribe(PAYMENTS, CERTIFIED_COPIES, decisions(agencies))
    service.route(
        public_routes(service, office),
        applicant_routes(service),
        counter_routes(service),
        office_routes(service),
        dossier_routes(service, office),
        upload_routes(service, store),
        download_routes(service, store),
    )
    service.sweep(*sweeps(service, store))
    return service
