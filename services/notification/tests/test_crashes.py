"""kill -9 at every boundary between a reserved message and its recorded outcome."""

import asyncio
import os
import sys
from socket import socket

import pytest

from notification.domain import State
from notification.settings import Settings

from .mail_sink import MailSink
from .samples import KEYRING_JSON, registered
from .whole import Notification, fact

# What is true after the crash, and at the end: how many mails, and what is known of the message.
CRASHES = {
    "notification.before-claim": (0, State.RESERVED, 1, State.SENT),
    "notification.after-claim": (0, State.CLAIMED, 1, State.SENT),
    "notification.before-hand-over": (0, State.CLAIMED, 1, State.SENT),
    "notification.smtp.before-data": (0, State.SENDING, 0, State.OUTCOME_UNKNOWN),
    "notification.smtp.after-data": (1, State.SENDING, 1, State.OUTCOME_UNKNOWN),
    "notification.before-record": (1, State.SENDING, 1, State.OUTCOME_UNKNOWN),
    "notification.after-record": (1, State.SENT, 1, State.SENT),
}


@pytest.mark.parametrize("failpoint", CRASHES)
async def test_a_killed_process_never_leads_to_a_second_mail(
    notification: Notification, settings: Settings, mail_sink: MailSink, failpoint: str
) -> None:
    mails, state, mails_at_end, state_at_end = CRASHES[failpoint]
    await notification.meet()
    await notification.hear(fact(registered()))
    assert await serve_until_killed(settings, failpoint) == -9
    assert len(mail_sink.mails()) == mails
    assert (await notification.message()).state == state

    await notification.let_time_pass()
    await notification.sweep("recover messages")
    await notification.send()
    assert len(mail_sink.mails()) == mails_at_end
    assert (await notification.message()).state == state_at_end


def free_port() -> int:
    with socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


async def serve_until_killed(settings: Settings, failpoint: str) -> int:
    """Run the service, without its broker, until it crashes; gives back how it ended."""
    environment = {
        **os.environ,
        "MOTCUA_FAILPOINTS": f"{failpoint}=crash",
        "NOTIFICATION_DATABASE_URL": settings.database_url,
        "NOTIFICATION_HTTP_PORT": str(free_port()),
        "NOTIFICATION_SMTP_HOST": settings.smtp.host,
        "NOTIFICATION_SMTP_PORT": str(settings.smtp.port),
        "NOTIFICATION_SENDER": settings.sender,
        "NOTIFICATION_RECIPIENTS_KEYS": KEYRING_JSON,
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "KAFKA_USERNAME": "nobody",
        "KAFKA_PASSWORD": "nothing",
        "OIDC_ISSUER": "http://issuer.example",
        "OIDC_AUDIENCE": "motcua",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "notification",
        "serve",
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
    )
    async with asyncio.timeout(30):
        return await process.wait()
