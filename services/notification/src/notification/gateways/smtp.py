"""E-mail over SMTP (RFC 5321).

A reply is a definite answer whatever its code: 2xx accepted, 4xx try later, 5xx never. What is not
definite is silence after the content began to leave: the server may have taken the message and
only its reply was lost. SMTP cannot be asked, so that is an outcome of its own.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY

import aiosmtplib

from chassis.clock import Clock
from chassis.failpoints import failpoint
from notification.domain import Answer, Happening, Reason
from notification.ports import HandOver, Mail, ProviderAway
from notification.settings import SmtpSettings

_START_TLS = {"when-offered": None, "starttls": True, "tls": False}
_SILENCE = (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError, OSError)


class SmtpGateway:
    name = "smtp"

    def __init__(self, settings: SmtpSettings, *, sender: str, clock: Clock) -> None:
        self._settings = settings
        self._sender = sender
        self._clock = clock

    @asynccontextmanager
    async def session(self) -> AsyncGenerator["SmtpSession"]:
        client = self._client()
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                await client.connect()
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            raise ProviderAway(_away(self._settings, error)) from error
        try:
            yield SmtpSession(client, self._settings, sender=self._sender, clock=self._clock)
        finally:
            await _leave(client)

    def _client(self) -> aiosmtplib.SMTP:
        smtp = self._settings
        return aiosmtplib.SMTP(
            hostname=smtp.host,
            port=smtp.port,
            username=smtp.username,
            password=smtp.password.get_secret_value() if smtp.password else None,
            use_tls=smtp.security == "tls",
            start_tls=_START_TLS[smtp.security],
            timeout=smtp.timeout_seconds,
        )


class SmtpSession:
    def __init__(
        self, client: aiosmtplib.SMTP, settings: SmtpSettings, *, sender: str, clock: Clock
    ) -> None:
        self._client = client
        self._envelope_seconds = settings.timeout_seconds
        self._sender = sender
        self._clock = clock

    @property
    def usable(self) -> bool:
        return self._client.is_connected

    async def deliver(self, mail: Mail, *, hand_over: HandOver) -> Answer:
        try:
            content = compose(mail, sender=self._sender, clock=self._clock)
        except (ValueError, MessageError, IndexError):
            # The three ways in which the standard library complains about an address.
            return Answer(Happening.REJECT, Reason.BAD_ADDRESS)
        answer = await self._offer(mail)
        if answer is None:
            try:
                await hand_over()
            except BaseException:
                await self._reset()
                raise
            answer = await self._transmit(content)
        if answer.happening is not Happening.ACCEPT:
            await self._reset()
        return answer

    async def _offer(self, mail: Mail) -> Answer | None:
        """The envelope: nothing here is irreversible, so whatever goes wrong may be tried again."""
        try:
            async with asyncio.timeout(self._envelope_seconds):
                await self._client.mail(self._sender)
                await self._client.rcpt(mail.address)
        except aiosmtplib.SMTPSenderRefused as refusal:
            # Our own address is refused: somebody's configuration is wrong, not this message.
            return Answer(Happening.DEFER, Reason.SENDER_REFUSED, refusal.code)
        except aiosmtplib.SMTPResponseException as refusal:
            return _refused(refusal, Reason.RECIPIENT_REFUSED)
        except TimeoutError:
            self._client.close()  # an answer that comes late would be taken for the next one's
            return Answer(Happening.DEFER, Reason.TIMED_OUT)
        except _SILENCE:
            return Answer(Happening.DEFER, Reason.CONNECTION_LOST)
        except ValueError:
            return Answer(Happening.REJECT, Reason.BAD_ADDRESS)
        return None

    async def _transmit(self, content: bytes) -> Answer:
        await failpoint("notification.smtp.before-data")
        try:
            await self._client.data(content)
        except aiosmtplib.SMTPResponseException as refusal:
            return _refused(refusal, Reason.CONTENT_REFUSED)
        except aiosmtplib.SMTPTimeoutError:
            return Answer(Happening.LOSE, Reason.TIMED_OUT)
        except _SILENCE:
            return Answer(Happening.LOSE, Reason.ANSWER_LOST)
        await failpoint("notification.smtp.after-data")
        return Answer(Happening.ACCEPT, reply_code=250)

    async def _reset(self) -> None:
        """Make the connection ready for the next mail, or close it."""
        try:
            await self._client.rset()
        except (aiosmtplib.SMTPException, OSError):
            self._client.close()


def compose(mail: Mail, *, sender: str, clock: Clock) -> bytes:
    """The message as it travels. Raises what the standard library raises about a bad address."""
    message = EmailMessage(policy=SMTP_POLICY)
    message["From"] = sender
    message["To"] = Address(mail.name, addr_spec=mail.address)
    message["Subject"] = mail.subject
    message["Date"] = clock()
    message["Message-ID"] = mail.message_id
    message["Content-Language"] = "vi, en"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: answering machines must stay silent
    message.set_content(mail.body, cte="quoted-printable")
    return message.as_bytes()


def _refused(refusal: aiosmtplib.SMTPResponseException, reason: Reason) -> Answer:
    code = refusal.code
    if 400 <= code < 500:
        return Answer(Happening.DEFER, reason, code)
    if 500 <= code < 600:
        return Answer(Happening.REJECT, reason, code)
    # Not a reply that SMTP knows: only strange before the content left, but no answer after.
    lost = reason is Reason.CONTENT_REFUSED
    return Answer(Happening.LOSE if lost else Happening.DEFER, Reason.ANSWER_LOST)


def _away(server: SmtpSettings, error: Exception) -> str:
    code = getattr(error, "code", None)
    said = f"answered {code}" if code else type(error).__name__
    return (
        f"SMTP server {server.host}:{server.port} takes no mail ({said}): "
        "check that it runs, and NOTIFICATION_SMTP_*"
    )


async def _leave(client: aiosmtplib.SMTP) -> None:
    if not client.is_connected:
        return
    try:
        await client.quit()
    except (aiosmtplib.SMTPException, OSError):
        client.close()
