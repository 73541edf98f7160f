"""The SMTP side (RFC 5321), polite until told otherwise."""

import asyncio
import logging

from aiosmtpd.smtp import SMTP, Envelope, Session

from simulators.faults import Fault, Faults, pause
from simulators.mail.mailbox import Mailbox

KNOWN_FAULTS = {
    "reject": "550 to RCPT TO: there is no such mailbox",
    "reject-content": "554 after DATA: the mail is refused for good",
    "status-451": "451 after DATA: try again later, nothing kept",
    "status-421": "421 to MAIL FROM and the connection is closed: the service is not available",
    "delay": "the mail is kept, the answer comes after `seconds`",
    "drop": "the mail is kept, then the connection is cut: the answer is lost",
    "drop-before": "the connection is cut after DATA, nothing kept",
    "duplicate": "the mail is kept `copies` times, as a careless provider does",
}

log = logging.getLogger(__name__)


class MailSink:
    """aiosmtpd calls these; the names and the order of the arguments are its own."""

    def __init__(self, mailbox: Mailbox, faults: Faults) -> None:
        self._mailbox = mailbox
        self._faults = faults

    async def handle_MAIL(  # noqa: N802, PLR0917 - aiosmtpd's interface
        self,
        server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if self._faults.take("status-421", address):
            if server.transport is not None:
                server.loop.call_later(0.05, server.transport.close)
            return "421 4.3.2 Service not available, closing transmission channel"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's interface
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if self._faults.take("reject", address):
            answer = "550 5.1.1 No such mailbox here"
            self._mailbox.refuse(envelope.mail_from or "", [address], answer)
            return answer
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's interface
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        refusal = self._refusal(envelope)
        if refusal is not None:
            self._mailbox.refuse(envelope.mail_from or "", envelope.rcpt_tos, refusal)
            return refusal
        if self._strikes("drop-before", envelope):
            self._mailbox.refuse(envelope.mail_from or "", envelope.rcpt_tos, "")
            raise self._cut(server)
        mail_id = self._keep(envelope)
        await pause(self._strikes("delay", envelope))
        if self._strikes("drop", envelope):
            raise self._cut(server)
        return f"250 2.0.0 Kept as {mail_id}"

    async def handle_exception(self, error: Exception) -> str:
        """Whatever failed here, the mail was not acknowledged: the sender should try again."""
        log.error("mail not kept: %r", error)
        return "451 4.3.0 The mail could not be kept, try again later"

    def _strikes(self, kind: str, envelope: Envelope) -> Fault | None:
        taken = (self._faults.take(kind, address) for address in envelope.rcpt_tos)
        return next((fault for fault in taken if fault is not None), None)

    def _refusal(self, envelope: Envelope) -> str | None:
        if self._strikes("reject-content", envelope):
            return "554 5.7.1 The mail is refused"
        if self._strikes("status-451", envelope):
            return "451 4.3.0 Try again later"
        return None

    def _keep(self, envelope: Envelope) -> str:
        fault = self._strikes("duplicate", envelope)
        content = envelope.original_content or b""
        kept = [
            self._mailbox.accept(envelope.mail_from or "", envelope.rcpt_tos, content)
            for _ in range(fault.copies if fault else 1)
        ]
        return kept[0].mail.id

    def _cut(self, server: SMTP) -> ConnectionResetError:
        if isinstance(server.transport, asyncio.Transport):
            server.transport.abort()  # no answer, no goodbye: the sender cannot know
        return ConnectionResetError("told to cut the connection")
