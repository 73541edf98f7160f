"""Trust-service provider: authorities, OCSP, CRLs, time stamps, and keys for whoever asks."""

import argparse
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from simulators.controls import control_routes
from simulators.faults import Faults
from simulators.ledger import Ledger
from simulators.serving import Listener, Party
from simulators.trust.authorities import Hierarchy
from simulators.trust.desk import desk_routes
from simulators.trust.enrolment import Identities
from simulators.trust.ocsp import Responder
from simulators.trust.revocation import Register
from simulators.trust.services import (
    KNOWN_FAULTS,
    Conduct,
    certificate_routes,
    crl_routes,
    ocsp_routes,
    time_stamp_routes,
)
from simulators.trust.time_stamping import TimeStamper

MANUAL = """\
Time stamps: POST http://HOST:PORT/tsa    Certificate status: POST http://HOST:PORT/ocsp
Roots to trust: GET /trust-roots.pem      CRLs: GET /crl/{root,issuing,stamping,foreign}.crl
A key and a certificate: POST /_identities  {"label": "dao", "kind": "person", "name": "…",
  "organisation": "…", "passphrase": "…"}; POST /_identities/dao/revoke takes it back.
The URL stands in every certificate: use one --port, or --public-url.
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--state-folder",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="where the authorities and the enrolled identities lie; made on first start",
    )
    parser.add_argument(
        "--public-url",
        metavar="URL",
        help="the URL in certificates (default: where it listens); the same at every start",
    )


def build(options: argparse.Namespace, listener: Listener) -> Party:
    url = (options.public_url or listener.url).rstrip("/")
    hierarchy = Hierarchy.open(options.state_folder, url)
    identities = Identities(options.state_folder / "identities", hierarchy)
    register = Register(hierarchy, identities)
    ledger = Ledger(options.ledger_file)
    faults = Faults(KNOWN_FAULTS, ledger)
    conduct = Conduct(faults)

    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncGenerator[None]:
        yield
        ledger.close()

    app = FastAPI(title="Trust-service provider", lifespan=living)
    app.include_router(control_routes("trust", faults, ledger))
    app.include_router(time_stamp_routes(TimeStamper(hierarchy, faults, ledger), conduct))
    app.include_router(ocsp_routes(Responder(hierarchy, register, faults, ledger), conduct))
    app.include_router(crl_routes(hierarchy, register, conduct, ledger=ledger))
    app.include_router(certificate_routes(hierarchy, conduct))
    app.include_router(desk_routes(identities, ledger))
    return Party(app)
