"""SMTP sink: every mail it accepts with 250 is there to be read, also after a restart."""

import argparse
import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from aiosmtpd.smtp import SMTP
from fastapi import FastAPI

from simulators.controls import control_routes
from simulators.faults import Faults
from simulators.ledger import Ledger
from simulators.mail.api import mailbox_routes
from simulators.mail.mailbox import Mailbox
from simulators.mail.smtp import KNOWN_FAULTS, MailSink
from simulators.serving import Listener, Party, listen

MANUAL = """\
Reads mail on --smtp-port and shows it at http://HOST:PORT/ (JSON: GET /messages).
Misbehaves on request: PUT /_faults [{"kind": "drop", "times": 1, "target": "dao@example.vn"}]
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--smtp-port", type=int, default=0, help="SMTP port; 0 = any free one")


def build(options: argparse.Namespace, listener: Listener) -> Party:
    smtp = listen(options.host, options.smtp_port, option="--smtp-port")
    ledger = Ledger(options.ledger_file)
    mailbox = Mailbox(ledger)
    faults = Faults(KNOWN_FAULTS, ledger)
    sink = MailSink(mailbox, faults)

    @asynccontextmanager
    async def receiving(_: FastAPI) -> AsyncGenerator[None]:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: SMTP(
                sink, enable_SMTPUTF8=True, hostname="mail.local", ident="motcua mail sink"
            ),
            sock=smtp.socket,
        )
        yield
        server.close()
        ledger.close()

    app = FastAPI(title="Mail sink", lifespan=receiving)
    app.include_router(control_routes("mail", faults, ledger))
    app.include_router(mailbox_routes(mailbox, smtp.port))
    return Party(app, {"smtpPort": smtp.port})
