"""The whole of certification on one screen."""

from datetime import timedelta
from functools import partial

from certification.api import copy_routes, decision_routes, register_routes
from certification.check_routes import public_check
from certification.clerk_api import clerk_routes
from certification.copy_files import CopyFiles
from certification.dispatcher import Dispatcher, Pace, Tools
from certification.ports import CopySigner
from certification.sealing import Sealing
from certification.settings import Settings
from certification.signers import open_signer
from certification.subscribers import SUBSCRIPTIONS
from certification.sweeps import sweeps
from certification.work import CertificationWork
from chassis.app import Service
from chassis.clock import Clock, utc_now
from chassis.sweeps import Sweep


def build(
    settings: Settings, *, signer: CopySigner | None = None, clock: Clock = utc_now
) -> Service[CertificationWork]:
    office, sealing = settings.office(), Sealing(settings.encryption_keys)
    files = CopyFiles.open(settings.files_folder, most_bytes=settings.upload_most_bytes)

    async def sign() -> None:
        await dispatcher.run()

    signing = Sweep("sign copies", timedelta(seconds=1), sign)
    work = partial(CertificationWork, office=office, sealing=sealing, wake=signing.wake)
    service = Service("certification", settings, work=work, clock=clock)
    if signer is None:
        signer = processes = open_signer(settings)
        service.closing(processes.close)
    dispatcher = Dispatcher(
        Tools(signer, files, office, sealing),
        transactions=service.transaction,
        more=signing.wake,
        pace=Pace.of(settings),
    )

    service.subscribe(*SUBSCRIPTIONS)
    service.route(
        copy_routes(service, files),
        decision_routes(service, signer, key_seconds=settings.signing_seconds),
        register_routes(service),
        clerk_routes(service, files, most_bytes=settings.upload_most_bytes),
        *public_check(service, files, settings),
    )
    service.sweep(signing, *sweeps(service, files))
    return service
